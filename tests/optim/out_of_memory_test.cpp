// Optimizers where memory runs out: nothing has changed, and the same call succeeds later.
#include <memory>

#include "moments.h"

#include "../support/catch.h"
#include "../support/failing_allocator.h"
#include "../support/snapshot.h"

using namespace tenon;
using optim::SGD;
using test::bitwise_equal;
using test::for_each_failure;

namespace {

/// An optimizer with what it must not change before it succeeds.
struct Subject {
  std::vector<Tensor> params;
  std::unique_ptr<optim::Optimizer> optimizer;
  test::Snapshot params_before{};
  StateDict state_before{};

  void remember() {
    params_before = test::Snapshot(params);
    state_before = optimizer->state_dict();
  }
  void require_unchanged() const {
    REQUIRE(params_before.holds());
    REQUIRE(bitwise_equal(optimizer->state_dict(), state_before));
  }
};

/// `count` parameters with gradients, in two groups.
template <class ParamGroup, class Make>
Subject make_subject_of(int count, Make make) {
  Subject subject;
  std::vector<ParamGroup> groups(2);
  for (int i = 0; i < count; ++i) {
    const Tensor param = full({i + 1}, i + 1, {.requires_grad = true});
    param.set_grad(full({i + 1}, 0.5));
    subject.params.push_back(param);
    groups[i % 2].params.push_back(param);
  }
  subject.optimizer = make(groups);
  return subject;
}
Subject make_subject(int count) {
  return make_subject_of<optim::SGDParamGroup>(count, [](std::vector<optim::SGDParamGroup>& groups) {
    groups[1].momentum = 0.5;
    return std::make_unique<SGD>(
        groups, optim::SGDOptions{.lr = 0.25, .momentum = 0.9, .weight_decay = 0.125});
  });
}
Subject make_rmsprop(int count) {
  return make_subject_of<optim::RMSpropParamGroup>(count, [](std::vector<optim::RMSpropParamGroup>& groups) {
    groups[1].centered = true;
    return std::make_unique<optim::RMSprop>(groups, optim::RMSpropOptions{.momentum = 0.5});
  });
}
Subject make_moments(int count) {
  return make_subject_of<test::MomentsParamGroup>(
      count, [](const std::vector<test::MomentsParamGroup>& groups) {
        return std::make_unique<test::Moments>(groups);
      });
}

void convert_to_double(const Subject& subject) {
  for (const Tensor& param : subject.params) {
    const Tensor grad = param.grad();
    param.zero_grad();
    param.set_data(param.detach().to(DType::float64));
    param.set_grad(grad.to(DType::float64));
  }
}

template <class Make>
void check_step(Make make) {
  const Subject right = make();
  right.optimizer->step();
  for_each_failure(
      [&] {
        Subject subject = make();
        subject.remember();
        return subject;
      },
      [](Subject& subject) { subject.optimizer->step(); },
      [](const Subject& subject) { subject.require_unchanged(); },
      [&](const Subject& subject) {
        REQUIRE(bitwise_equal(subject.params, right.params));
        for (std::size_t i = 0; i < right.params.size(); ++i)
          REQUIRE(subject.params[i].version() == right.params[i].version());
        REQUIRE(bitwise_equal(subject.optimizer->state_dict(), right.optimizer->state_dict()));
      });
}

}  // namespace

TEST_CASE("out of memory: a first step that fails changes nothing and stays the first") {
  check_step([] { return make_subject(2); });
  check_step([] { return make_moments(2); });
  check_step([] { return make_rmsprop(2); });
  const Tensor a = tensor({1}, {.requires_grad = true}), b = tensor({1}, {.requires_grad = true});
  SGD optimizer({a, b}, {.lr = 1, .momentum = 0.5, .dampening = 0.5});
  for (const Tensor& param : {a, b}) param.set_grad(ones({1}));
  // Every buffer is two requests; the last one of the second buffer fails.
  for (int request = 0;
       test::with_failing_request(request, test::Failing::once, [&] { optimizer.step(); }).threw; ++request) {
    REQUIRE(test::value(a) == 1);
    REQUIRE(a.version() == 0);
  }
  REQUIRE(test::value(a) == 0);
  REQUIRE(test::value(b) == 0);
}

TEST_CASE("out of memory: a step of many parameters, and one after the parameters took another dtype",
    "[one_thread]") {
  check_step([] { return make_subject(40); });
  check_step([] { return make_moments(40); });
  for (const auto make : {make_subject, make_moments, make_rmsprop})
    for (const int count : {3, 20})
      check_step([make, count] {
        Subject subject = make(count);
        subject.optimizer->step();
        convert_to_double(subject);
        return subject;
      });
}

TEST_CASE("out of memory: an optimizer is made whole or not at all") {
  struct Parts {
    Subject subject;
    std::vector<optim::SGDParamGroup> groups;
  };
  for_each_failure(
      [] {
        Parts parts{make_subject(20), std::vector<optim::SGDParamGroup>(2)};
        parts.subject.remember();
        for (std::size_t i = 0; i < 20; ++i) parts.groups[i % 2].params.push_back(parts.subject.params[i]);
        parts.subject.optimizer = nullptr;
        return parts;
      },
      [](Parts& parts) {
        parts.subject.optimizer = std::make_unique<SGD>(parts.groups, optim::SGDOptions{.lr = 0.5});
      },
      [](const Parts& parts) {
        REQUIRE(parts.subject.optimizer == nullptr);
        REQUIRE(parts.subject.params_before.holds());
      },
      [](const Parts& parts) {
        REQUIRE(parts.subject.optimizer->group_count() == 2);
        REQUIRE(parts.subject.optimizer->params(1)[9].is_same(parts.subject.params[19]));
      });
}

TEST_CASE("out of memory: state is given and taken whole or not at all", "[one_thread]") {
  const Subject trained = make_subject(20);
  for (int i = 0; i < 3; ++i) trained.optimizer->step();
  trained.optimizer->set_lr(0.75);
  const StateDict wanted = trained.optimizer->state_dict();
  const auto make = [] {
    Subject subject = make_subject(20);
    subject.optimizer->step();
    subject.remember();
    return subject;
  };
  for_each_failure(
      make, [&](Subject& subject) { subject.optimizer->load_state_dict(wanted); },
      [](const Subject& subject) { subject.require_unchanged(); },
      [&](const Subject& subject) {
        REQUIRE(subject.optimizer->lr(1) == 0.75);
        REQUIRE(bitwise_equal(subject.optimizer->state_dict(), wanted));
        REQUIRE(subject.params_before.holds());
      });
  StateDict got;
  for_each_failure(
      make, [&](Subject& subject) { got = subject.optimizer->state_dict(); },
      [](const Subject& subject) { subject.require_unchanged(); },
      [&](const Subject& subject) { REQUIRE(bitwise_equal(got, subject.state_before)); });
}

TEST_CASE("out of memory: options that are refused are the old ones, even without memory for the text") {
  const auto make = [] {
    Subject subject = make_subject(4);
    subject.remember();
    return subject;
  };
  for_each_failure(
      make,
      [](Subject& subject) {
        const auto refused = [](auto call) {
          try {
            call();
          } catch (const Error&) { return true; }
          return false;
        };
        if (!refused([&] { subject.optimizer->set_lr(-1); })) throw std::logic_error("set_lr");
        if (!refused([&] { subject.optimizer->set_lr(1, -1); })) throw std::logic_error("set_lr of a group");
        if (!refused(
                [&] { dynamic_cast<SGD&>(*subject.optimizer).set_options(1, {.lr = 2, .momentum = -1}); }))
          throw std::logic_error("set_options");
      },
      [](const Subject& subject) { subject.require_unchanged(); },
      [](const Subject& subject) { subject.require_unchanged(); });
}
