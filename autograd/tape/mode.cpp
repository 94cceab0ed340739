#include <tenon/autograd/tape/mode.h>

namespace tenon::autograd {

constinit thread_local Mode current_mode;

}  // namespace tenon::autograd
