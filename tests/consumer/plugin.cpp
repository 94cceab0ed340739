// A plugin that contains its own copy of tenon, for plugins.cpp.
#include <tenon/tenon.h>

using namespace tenon;

/// Whether a training step on several threads gives the right result.
extern "C" __attribute__((visibility("default"))) bool train() {
  set_num_threads(2);
  const Tensor x = ones({300, 200});
  nn::Linear net(200, 100);
  optim::SGD optimizer(net.parameters(), {.lr = 1e-3});
  const Tensor before = mse_loss(net(x), x.narrow(1, 0, 100));
  before.backward();
  optimizer.step();
  return mse_loss(net(x), x.narrow(1, 0, 100)).item<float>() < before.item<float>();
}
