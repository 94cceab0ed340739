// Out of memory in the middle of a call: the state is unchanged, and the call can be repeated.
#include "../support/catch.h"

#include <array>

#include <tenon/autograd/tape/node.h>

#include "../support/failing_allocator.h"
#include "../support/op_cases.h"
#include "../support/snapshot.h"

using namespace tenon;
using test::bitwise_equal;
using test::for_each_failure;
using test::leaves;
using test::make_inputs;

namespace {

std::vector<Tensor> gradients(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> out;
  for (const Tensor& tensor : tensors) out.push_back(tensor.grad());
  return out;
}

/// An in-place operation on `y`, which is {1, 2} and not a leaf; the operand is {3, 4} and requires a
/// gradient.
struct InPlace {
  const char* name;
  void (*call)(const Tensor& y, const Tensor& other);
};
constexpr std::array in_place_operations = {
    InPlace{"add_", [](const Tensor& y, const Tensor& other) { y.add_(other); }},
    InPlace{"add_ number", [](const Tensor& y, const Tensor&) { y.add_(10); }},
    InPlace{"add_ itself", [](const Tensor& y, const Tensor&) { y.add_(y); }},
    InPlace{"sub_", [](const Tensor& y, const Tensor& other) { y.sub_(other); }},
    InPlace{"sub_ number", [](const Tensor& y, const Tensor&) { y.sub_(10); }},
    InPlace{"mul_", [](const Tensor& y, const Tensor& other) { y.mul_(other); }},
    InPlace{"mul_ number", [](const Tensor& y, const Tensor&) { y.mul_(10); }},
    InPlace{"mul_ itself", [](const Tensor& y, const Tensor&) { y.mul_(y); }},
    InPlace{"div_", [](const Tensor& y, const Tensor& other) { y.div_(other); }},
    InPlace{"div_ number", [](const Tensor& y, const Tensor&) { y.div_(10); }},
    InPlace{"div_ itself", [](const Tensor& y, const Tensor&) { y.div_(y); }},
    InPlace{"copy_", [](const Tensor& y, const Tensor& other) { y.copy_(other); }},
    InPlace{"copy_ of another dtype",
        [](const Tensor& y, const Tensor& other) { y.copy_(other.to(DType::float64)); }},
    InPlace{"fill_", [](const Tensor& y, const Tensor&) { y.fill_(7); }},
    InPlace{"zero_", [](const Tensor& y, const Tensor&) { y.zero_(); }},
    InPlace{"normal_", [](const Tensor& y, const Tensor&) { y.normal_(); }},
    InPlace{"uniform_", [](const Tensor& y, const Tensor&) { y.uniform_(); }},
};

}  // namespace

TEST_CASE(
    "out of memory: an operation leaves its operands alone and gives the right result when it is repeated",
    "[out_of_memory][one_thread]") {
  for (const test::OpCase& row : test::op_cases()) {
    INFO(row.name << " " << row.label);
    const Tensor expected = row.call(leaves(make_inputs(row, DType::float32)));
    const auto copies = make_inputs(row, DType::float32);
    struct Subject {
      std::vector<Tensor> inputs;
      Tensor out;
    };
    for_each_failure(
        [&] {
          return Subject{leaves(make_inputs(row, DType::float32)), {}};
        },
        [&](Subject& subject) { subject.out = row.call(subject.inputs); },
        [&](const Subject& subject) {
          REQUIRE_FALSE(subject.out.defined());
          REQUIRE(bitwise_equal(subject.inputs, copies));
          for (const Tensor& input : subject.inputs) REQUIRE_FALSE(input.impl().saved());
        },
        [&](const Subject& subject) { REQUIRE(bitwise_equal(subject.out, expected)); });
  }
}

TEST_CASE("out of memory: a backward pass leaves every gradient and the graph as they were",
    "[out_of_memory][one_thread]") {
  for (const test::OpCase& row : test::op_cases()) {
    INFO(row.name << " " << row.label);
    for (const bool has_gradient : {false, true}) {
      struct Subject {
        std::vector<Tensor> inputs, before;
        Tensor out, gradient;
      };
      const auto make = [&] {
        Subject subject{leaves(make_inputs(row, DType::float32)), {}, {}, {}};
        if (has_gradient)
          for (const Tensor& input : subject.inputs) input.set_grad(ones_like(input));
        subject.before = gradients(subject.inputs);
        for (Tensor& gradient : subject.before)
          if (gradient.defined()) gradient = gradient.clone();
        subject.out = row.call(subject.inputs);
        subject.gradient = full(subject.out.shape(), 0.5);
        return subject;
      };
      const Subject model = make();
      model.out.backward(model.gradient);
      for_each_failure(
          make, [](Subject& subject) { subject.out.backward(subject.gradient); },
          [](const Subject& subject) { REQUIRE(bitwise_equal(gradients(subject.inputs), subject.before)); },
          [&](const Subject& subject) {
            REQUIRE(bitwise_equal(gradients(subject.inputs), gradients(model.inputs)));
          });
    }
  }
}

TEST_CASE("out of memory: a pass with many pending nodes drops no leaf", "[out_of_memory][one_thread]") {
  struct Subject {
    std::vector<Tensor> leaves;
    Tensor sum;
  };
  const auto make = [] {
    Subject subject;
    Tensor sum = zeros({});
    for (int i = 0; i < 100; ++i) {
      subject.leaves.push_back(ones({}, {.requires_grad = true}));
      sum = sum + exp(subject.leaves.back() * 0.0) * i;
      sum = sum + subject.leaves.back() * i;
    }
    subject.sum = sum;
    return subject;
  };
  const auto is_untouched = [](const Subject& subject) {
    for (const Tensor& leaf : subject.leaves) REQUIRE_FALSE(leaf.grad().defined());
  };
  const auto is_complete = [](const Subject& subject) {
    for (std::size_t i = 0; i < subject.leaves.size(); ++i)
      REQUIRE(subject.leaves[i].grad().item<double>() == static_cast<double>(i));
  };
  for_each_failure(
      make, [](Subject& subject) { subject.sum.backward(); }, is_untouched, is_complete);
}

TEST_CASE("out of memory: grad() and passes with create_graph", "[out_of_memory]") {
  struct Subject {
    Tensor x = tensor({2.0, 3.0}, {.requires_grad = true}), y = (x * x * x).sum(), first, second;
  };
  for_each_failure([] { return Subject(); },
      [](Subject& subject) {
        subject.first = autograd::grad(subject.y, {subject.x}, {.create_graph = true})[0];
        subject.second = autograd::grad(subject.first.sum(), {subject.x}, {.retain_graph = true})[0];
      },
      [](const Subject& subject) {
        REQUIRE_FALSE(subject.x.grad().defined());
        REQUIRE_FALSE(subject.second.defined());
      },
      [](const Subject& subject) {
        REQUIRE(equal(subject.first, tensor({12.0, 27.0})));
        REQUIRE(equal(subject.second, tensor({12.0, 18.0})));
      });
  for_each_failure([] { return Subject(); },
      [](Subject& subject) { subject.y.backward({.create_graph = true}); },
      [](const Subject& subject) { REQUIRE_FALSE(subject.x.grad().defined()); },
      [](const Subject& subject) {
        REQUIRE(equal(subject.x.grad(), tensor({12.0, 27.0})));
        subject.x.zero_grad();  // a gradient with its own graph keeps the leaf alive
      });
}

TEST_CASE("out of memory: an in-place operation writes and records, or does neither", "[out_of_memory]") {
  for (const InPlace& op : in_place_operations) {
    INFO(op.name);
    struct Subject {
      Tensor x = tensor({1.0, 2.0}, {.requires_grad = true}),
             other = tensor({3.0, 4.0}, {.requires_grad = true}), y = x * 1.0;
      std::uint32_t version = y.version();
      Subject() { manual_seed(0); }
    };
    const Subject model;
    op.call(model.y, model.other);
    model.y.sum().backward();
    for_each_failure([] { return Subject(); },
        [&](const Subject& subject) { op.call(subject.y, subject.other); },
        [](const Subject& subject) {
          REQUIRE(equal(subject.y, subject.x));
          REQUIRE(subject.y.version() == subject.version);
          REQUIRE(std::string(autograd::node_of(subject.y)->name) == "mul");
          REQUIRE_FALSE(subject.y.impl().saved());
        },
        [&](const Subject& subject) {
          REQUIRE(bitwise_equal(subject.y, model.y));
          REQUIRE(subject.y.version() == subject.version + 1);
          subject.y.sum().backward();
          REQUIRE(bitwise_equal(gradients({subject.x, subject.other}), gradients({model.x, model.other})));
        });
  }
}

TEST_CASE("out of memory: creating tensors, and the state of the random generator", "[out_of_memory]") {
  const Options options{.requires_grad = true};
  const std::vector<std::function<Tensor()>> calls = {[&] { return zeros({2}, options); },
      [&] { return ones({2}, options); }, [&] { return full({2}, 3, options); },
      [&] { return arange(0, 2, 1, options); }, [&] { return linspace(0, 1, 2, options); },
      [&] { return eye(2, options); }, [&] { return rand({2}, options); },
      [&] { return randn({2}, options); }, [&] { return randint(0, 9, {2}, options); },
      [&] { return randperm(5); },
      [&] {
        return tensor({1.0, 2.0}, options);
      },
      [&] {
        return tensor(std::vector<float>{1, 2}, {2}, options);
      },
      [] {
        return tensor({1, 2}).detach();
      }};
  for (const auto& call : calls) {
    manual_seed(3);
    const Tensor expected = call();
    for_each_failure(
        [] {
          manual_seed(3);
          return Tensor();
        },
        [&](Tensor& out) { out = call(); }, [](const Tensor& out) { REQUIRE_FALSE(out.defined()); },
        [&](const Tensor& out) { REQUIRE(bitwise_equal(out, expected)); });
  }
}

TEST_CASE("out of memory: from_blob() does not take ownership when it fails", "[out_of_memory]") {
  static float values[] = {1, 2};
  int released = 0;
  for_each_failure(
      [&] {
        released = 0;
        return Tensor();
      },
      [&](Tensor& out) {
        out = from_blob(values, {2}, {.requires_grad = true}, [&released](void*) { ++released; });
      },
      [&](const Tensor&) { REQUIRE(released == 0); },
      [&](Tensor& out) {
        REQUIRE(released == 0);
        out = Tensor();
        REQUIRE(released == 1);
      });
}

TEST_CASE("out of memory: set_requires_grad, register_hook and set_grad", "[out_of_memory]") {
  for_each_failure([] { return ones({2}); }, [](const Tensor& x) { x.set_requires_grad(); },
      [](const Tensor& x) { REQUIRE_FALSE(x.requires_grad()); },
      [](const Tensor& x) { REQUIRE((x.requires_grad() && x.is_leaf())); });
  int calls = 0;
  for_each_failure(
      [&] {
        calls = 0;
        return ones({}, {.requires_grad = true});
      },
      [&](const Tensor& x) { x.register_hook([&calls](const Tensor&) { ++calls; }); },
      [&](const Tensor& x) {
        (x * 2).backward();
        REQUIRE(calls == 0);
      },
      [&](const Tensor& x) {
        (x * 2).backward();
        REQUIRE(calls == 1);
      });
}
