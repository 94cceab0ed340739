// Modules out of memory: nothing has changed, and the same call succeeds later.
#include "../support/catch.h"
#include "../support/failing_allocator.h"
#include "../support/snapshot.h"

using namespace tenon;
using test::bitwise_equal;
using test::for_each_failure;

namespace {

struct Net : nn::Module {
  nn::Linear first{3, 4}, second{4, 2};
  Tensor count = zeros({2}, {.dtype = DType::int64}), scale = ones({2});
  Tensor tied = first.weight;
  Tensor operator()(const Tensor& x) { return second(tanh(first(x))) * scale; }
  void visit(nn::Visitor& visitor) override {
    visitor("first", first);
    visitor("second", second);
    visitor.buffer("count", count);
    visitor.buffer("scale", scale);
    visitor("tied", tied);
  }
};

std::vector<Tensor> tensors_of(Net& net) {
  return {net.first.weight, net.first.bias, net.second.weight, net.second.bias, net.count, net.scale};
}

/// A module with gradients, and a snapshot of it.
struct Subject {
  Net net{};
  test::Snapshot before{};
  Subject() {
    for (const Tensor& param : net.parameters()) nn::init::constant_(param, 0.125);
    net(ones({2, 3})).sum().backward();
    before = test::Snapshot(tensors_of(net));
  }
  void require_unchanged() const { REQUIRE(before.holds()); }
};

}  // namespace

TEST_CASE("out of memory: a module moves completely or not at all") {
  Subject right;
  right.net.to(DType::float64);
  for_each_failure([] { return Subject(); }, [](Subject& subject) { subject.net.to(DType::float64); },
      [](const Subject& subject) { subject.require_unchanged(); },
      [&](Subject& subject) {
        const std::vector<Tensor> got = tensors_of(subject.net), wanted = tensors_of(right.net);
        REQUIRE(bitwise_equal(got, wanted));
        for (std::size_t i = 0; i < 4; ++i) REQUIRE(bitwise_equal(got[i].grad(), wanted[i].grad()));
        REQUIRE(subject.net.tied.is_same(subject.net.first.weight));
      });
}

TEST_CASE("out of memory: a module loads completely or not at all") {
  Subject other;
  for (const Tensor& param : other.net.parameters()) nn::init::constant_(param, 7);
  const StateDict state = other.net.state_dict();
  for (const bool anomaly : {false, true})
    for_each_failure([] { return Subject(); },
        [&](Subject& subject) {
          const autograd::ModeGuard guard({.record = true, .anomaly = anomaly});
          subject.net.load_state_dict(state);
        },
        [](const Subject& subject) { subject.require_unchanged(); },
        [&](Subject& subject) { REQUIRE(bitwise_equal(tensors_of(subject.net), tensors_of(other.net))); });
}

TEST_CASE("out of memory: read-only functions leave a module unchanged") {
  std::vector<Tensor> parameters;
  StateDict state;
  for_each_failure([] { return Subject(); },
      [&](Subject& subject) {
        parameters = subject.net.parameters();
        state = subject.net.state_dict();
      },
      [](const Subject& subject) { subject.require_unchanged(); },
      [&](Subject& subject) {
        subject.require_unchanged();
        REQUIRE(parameters.size() == 4);
        REQUIRE(state.size() == 7);
        REQUIRE(state[6].first == "tied");
      });
}

TEST_CASE("out of memory: zero_grad clears all gradients or none") {
  for_each_failure([] { return Subject(); }, [](Subject& subject) { subject.net.zero_grad(); },
      [](const Subject& subject) { subject.require_unchanged(); },
      [](Subject& subject) {
        for (const Tensor& param : subject.net.parameters()) REQUIRE_FALSE(param.grad().defined());
      });
}

TEST_CASE("out of memory: eval() changes every submodule or none") {
  const auto all = [](const Subject& subject, bool training) {
    REQUIRE(subject.net.is_training() == training);
    REQUIRE(subject.net.first.is_training() == training);
    REQUIRE(subject.net.second.is_training() == training);
  };
  for_each_failure([] { return Subject(); }, [](Subject& subject) { subject.net.eval(); },
      [&](const Subject& subject) { all(subject, true); },
      [&](const Subject& subject) { all(subject, false); });
}

TEST_CASE("out of memory: a layer whose construction fails uses no random numbers") {
  const auto check_layer = [](auto make) {
    manual_seed(3);
    const auto right = make();
    std::optional<std::remove_const_t<decltype(right)>> made;
    for_each_failure(
        [&] {
          made.reset();
          manual_seed(3);
          return 0;
        },
        [&](int) { made.emplace(make()); }, [&](int) { REQUIRE_FALSE(made.has_value()); },
        [&](int) { REQUIRE(bitwise_equal(made->weight, right.weight)); });
  };
  check_layer([] { return nn::Linear(3, 4); });
  check_layer([] { return nn::Conv2d(3, 4, 2); });
  check_layer([] { return nn::ConvTranspose2d(3, 4, 2); });
  check_layer([] { return nn::Embedding(3, 4, {.padding_idx = 1}); });
}

TEST_CASE("out of memory: batch_norm updates all its statistics or none") {
  const Tensor x = tensor({{1, 2}, {3, 5}});
  for_each_failure([] { return nn::BatchNorm1d(2); }, [&](nn::BatchNorm1d& layer) { layer(x); },
      [](const nn::BatchNorm1d& layer) {
        REQUIRE(equal(layer.running_mean, zeros({2})));
        REQUIRE(equal(layer.running_var, ones({2})));
        REQUIRE(layer.num_batches_tracked.item() == 0);
      },
      [](const nn::BatchNorm1d& layer) {
        REQUIRE(allclose(layer.running_mean, tensor({0.2, 0.35})));
        REQUIRE(layer.num_batches_tracked.item() == 1);
      });
}

TEST_CASE("out of memory: dropout uses random numbers only if it succeeds") {
  manual_seed(3);
  const Tensor x = ones({8, 8}), right = dropout(x);
  Tensor out;
  for_each_failure(
      [&] {
        out = {};
        manual_seed(3);
        return 0;
      },
      [&](int) { out = dropout(x); }, [&](int) { REQUIRE_FALSE(out.defined()); },
      [&](int) { REQUIRE(bitwise_equal(out, right)); });
}
