#include <tenon/autograd/mode.h>

namespace tenon::autograd {

namespace {
constinit thread_local Mode current;
}

Mode& mode() noexcept { return current; }

}  // namespace tenon::autograd
