#include <tenon/autograd/mode.h>

namespace tenon::autograd {

namespace {
constinit thread_local Mode current [[gnu::tls_model("initial-exec")]];
}

Mode& mode() noexcept { return current; }

}  // namespace tenon::autograd
