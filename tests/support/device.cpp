#include "device.h"

namespace tenon::test {

bool on_gpu() { return on_cuda(); }
void on_every_schedule(const std::function<void()>& body) { body(); }

}  // namespace tenon::test
