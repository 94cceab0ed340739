// Every operation of the table on a CUDA device: results and gradients have the same bits as on the CPU.
#include <algorithm>
#include <cmath>
#include <limits>

#include "../support/catch.h"
#include "../support/device.h"
#include "../support/op_cases.h"
#include "../support/tensors.h"

using namespace tenon;
using test::device;
using test::Layout;
using test::leaves;
using test::make_inputs;
using test::OpCase;
using test::upstream;

namespace {

/// Runs a row on both devices and compares the result and every gradient; returns the number of equal values.
std::int64_t compare(const OpCase& row, const std::vector<Tensor>& inputs, Layout layout) {
  const auto here = leaves(inputs, layout), there = leaves(inputs, layout, device());
  const Tensor expected = row.call(here), found = row.call(there);
  REQUIRE(found.device() == device());
  REQUIRE(bitwise_equal(found, expected));
  std::int64_t values = expected.numel();
  if (!expected.requires_grad()) return values;
  expected.backward(upstream(expected));
  found.backward(upstream(found));
  for (std::size_t i = 0; i < here.size(); ++i) {
    REQUIRE(there[i].grad().device() == device());
    REQUIRE(bitwise_equal(there[i].grad(), here[i].grad()));
    values += here[i].numel();
  }
  return values;
}

}  // namespace

TEST_CASE("ops: results and gradients have the bits of the CPU in every layout") {
  std::int64_t values = 0;
  test::on_every_schedule([&] {
    for (const OpCase& row : test::op_cases()) {
      for (const DType dtype : {DType::float32, DType::float64})
        for (const Layout layout : test::layouts) {
          INFO(row.name << " " << row.label << " " << dtype << " layout " << static_cast<int>(layout));
          values += compare(row, make_inputs(row, dtype), layout);
        }
    }
  });
  REQUIRE(values > 10000);
}

TEST_CASE("ops: in-place operations have the bits of the CPU") {
  for (const OpCase& row : test::in_place_cases())
    for (const DType dtype : {DType::float32, DType::float64}) {
      INFO(row.name << " " << row.label << " " << dtype);
      compare(row, make_inputs(row, dtype), Layout::contiguous);
    }
}

TEST_CASE("ops: where, comparisons and integers have the bits of the CPU") {
  const Options real{.dtype = DType::float32};
  const Tensor a = randint(-3, 3, {40, 30}, real), b = randint(-3, 3, {30}, real);
  const Tensor x = a.to(device()), y = b.to(device());
  using Compare = Tensor (*)(const Tensor&, const Tensor&, CallSite);
  for (const Compare op :
      {Compare(&eq), Compare(&ne), Compare(&lt), Compare(&le), Compare(&gt), Compare(&ge)})
    REQUIRE(bitwise_equal(op(x, y, CallSite::current()), op(a, b, CallSite::current())));
  const Tensor less = a < b, device_less = x < y;
  REQUIRE(bitwise_equal(where(device_less, x, y), where(less, a, b)));
  REQUIRE(bitwise_equal(where(device_less, 7.0, y), where(less, 7.0, b)));
  REQUIRE(bitwise_equal(device_less && !(x < 0), less && !(a < 0)));
  REQUIRE(bitwise_equal(device_less || y, less || b));
  REQUIRE(bitwise_equal(logical_xor(device_less, y), logical_xor(less, b)));
  REQUIRE(bitwise_equal(where(device_less, 7.0, 2.0), where(less, 7.0, 2.0)));
  REQUIRE(bitwise_equal(x.clone().t().sigmoid_(), a.clone().t().sigmoid_()));
  REQUIRE(bitwise_equal(one_hot((y + 3).to(DType::int64)), one_hot((b + 3).to(DType::int64))));
  const Tensor whole_a = (a * 3).to(DType::int64), whole_x = (x * 3).to(DType::int64);
  REQUIRE(bitwise_equal(whole_x, whole_a));
  REQUIRE(bitwise_equal(whole_x + whole_x * 5, whole_a + whole_a * 5));
  REQUIRE(bitwise_equal(device_less.sum({1}), less.sum({1})));
  REQUIRE(bitwise_equal(whole_x.sum({0}), whole_a.sum({0})));
  for (const DType dtype : {DType::float64, DType::int64, DType::boolean})
    REQUIRE(bitwise_equal(x.to(dtype), a.to(dtype)));
  REQUIRE(equal(x, x.clone()));
  REQUIRE(allclose(x, x + 1e-9));
}

TEST_CASE("ops: new tensors have the bits of the CPU") {
  const auto check_same = [](const char* name, auto make) {
    INFO(name);
    manual_seed(3);
    const Tensor expected = make(Options{});
    manual_seed(3);
    REQUIRE(bitwise_equal(make(Options{.device = device()}), expected));
  };
  check_same("rand", [](Options o) { return rand({1003}, o); });
  check_same("randn", [](Options o) { return randn({1003}, o); });
  check_same("randn float64", [](Options o) { return randn({1003}, {DType::float64, o.device}); });
  check_same("randint", [](Options o) { return randint(-5, 90, {1003}, o); });
  check_same("arange", [](Options o) { return arange(-1, 7, 0.013, o); });
  check_same("linspace", [](Options o) { return linspace(-1, 7, 1003, o); });
  check_same("eye", [](Options o) { return eye(7, 5, o); });
  check_same("full", [](Options o) { return full({3, 5}, 0.1, o); });
  check_same(
      "randperm", [](Options o) { return randperm(103, {.dtype = DType::int64, .device = o.device}); });
  const auto weights = [](Options o) { return arange(600, o).reshape({3, 200}) * 0.3; };
  check_same("multinomial", [=](Options o) { return multinomial(weights(o), 90); });
  check_same("multinomial, replaced", [=](Options o) { return multinomial(weights(o), 90, true); });
  check_same("bernoulli", [=](Options o) { return bernoulli(weights(o) / 200); });
  check_same("nonzero", [=](Options o) { return nonzero(bernoulli(weights(o) / 200)); });
  check_same("scatter_add of integers", [](Options o) {
    const Tensor at = randint(7, {50, 40}, {.dtype = DType::int64, .device = o.device});
    return scatter_add(at, 0, at, at) + index_add(at, 0, at[0], at.slice(0, {.stop = 40}), 2);
  });
  check_same("searchsorted", [=](Options o) { return searchsorted(weights(o), weights(o) / 2); });
  check_same("tensor", [](Options o) { return tensor({{1, 2}, {3, 4}}, o); });
  check_same("normal_", [](Options o) { return zeros({40, 9}, o).t().normal_(1, 2); });
}

TEST_CASE("ops: NaN propagates") {
  for (const OpCase& row : test::op_cases()) {
    if (!row.elementwise) continue;
    INFO(row.name << " " << row.label);
    auto inputs = make_inputs(row, DType::float32);
    inputs[0].mutable_data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
    std::vector<Tensor> there;
    for (const Tensor& input : inputs) there.push_back(input.to(device()));
    const Tensor out = row.call(there);
    REQUIRE((out != out).sum().item<std::int64_t>() >= 1);
  }
}

TEST_CASE("ops: tensors without elements work") {
  const Tensor none = empty({0, 3}, {.device = device(), .requires_grad = true});
  const Options there{.device = device()};
  REQUIRE((none + none).shape() == Shape{0, 3});
  REQUIRE(sum(none).item<float>() == 0);
  REQUIRE(equal(sum(none, {0}), zeros({3}, there)));
  REQUIRE(equal(matmul(t(none), ones({0, 2}, there)), zeros({3, 2}, there)));
  REQUIRE(mse_loss(none, zeros({0, 3}, there), Reduction::sum).item<float>() == 0);
  cat({none, ones({2, 3}, there)}).sum().backward();
  REQUIRE(none.grad().shape() == Shape{0, 3});
}

TEST_CASE("ops: copy_ copies between devices, converts and broadcasts, and passes the gradient back") {
  const Tensor here = randn({4}).set_requires_grad(),
               there = zeros({3, 4}, {.dtype = DType::float64, .device = device()});
  there.copy_(here);
  REQUIRE(bitwise_equal(there.detach().cpu(), expand(here.detach().to(DType::float64), {3, 4})));
  (there * 2).sum().backward();
  REQUIRE(bitwise_equal(here.grad(), full({4}, 6)));
  const Tensor back = zeros({3, 4});
  back.copy_(there.detach());
  REQUIRE(bitwise_equal(back, expand(here.detach(), {3, 4})));
  REQUIRE(back.cuda().device() == device());
  REQUIRE(back.cuda().cpu().device() == Device::cpu());
}

TEST_CASE("ops: an index out of range is an error when the device is waited for") {
  const Options whole{.dtype = DType::int64, .device = device()};
  const Tensor a = zeros({4}, {.device = device()}), wrong = tensor({0, 4}, whole),
               src = ones({2}, a.options());
  const auto error_of = [&](const Tensor& out) { return test::error_of([&] { out[0].item(); }); };
  const std::string end = ": index 4 at position 1 is out of range; dimension 0 has size 4";
  REQUIRE(error_of(scatter(a, 0, wrong, src)).starts_with("scatter" + end));
  REQUIRE(error_of(scatter(a, 0, wrong, 1)).starts_with("scatter" + end));
  REQUIRE(error_of(scatter_add(a, 0, wrong, src)).starts_with("scatter_add" + end));
  REQUIRE(error_of(index_add(a, 0, wrong, src)).starts_with("index_add" + end));
  REQUIRE(error_of(a.index({wrong})).starts_with("index" + end));
  REQUIRE(error_of(index_put(a, {wrong}, src)).starts_with("index" + end));
  REQUIRE(equal(a.index({wrong - 4}), a.slice(0, {.stop = 2})));
}

TEST_CASE("ops: two devices in one operation are an error") {
  const Tensor here = ones({3}), there = ones({3}, {.device = device()});
  REQUIRE(test::error_of([&] { here + there; }) == "add: devices differ; cpu and cuda:0");
  REQUIRE(test::error_of([&] { there.data<float>(); }) ==
          "data: the tensor is on cuda:0; call to(Device::cpu())");
  REQUIRE(test::error_of([&] { index_select(there, 0, tensor({0}, {.dtype = DType::int64})); }) ==
          "index_select: devices differ; cuda:0 and cpu");
}

TEST_CASE("ops: normalisation is one launch, and so is the gradient of its input") {
  const auto launches = [] { return test::launches("", ""); };
  if (!launches()) return test::skip("only the emulator counts launches");
  const Options there{.device = device()};
  const Tensor w = randn({40}, there), b = randn({40}, there), g = randn({3, 40}, there);
  const auto require_one = [&](const auto& run) {
    const std::size_t before = *launches();
    run();
    REQUIRE(*launches() == before + 1);
  };
  for (const bool rms : {false, true}) {
    const Tensor x = randn({3, 40}, there).set_requires_grad();
    Tensor y;
    require_one([&] { y = rms ? rms_norm(x, 40, w) : layer_norm(x, 40, w, b); });
    require_one([&] { y.backward(g); });
  }
}
