// An optimizer with several state tensors per parameter and a fused step. It is not part of the library.
#pragma once
#include <cmath>
#include <span>

#include <tenon/optim/step.h>
#include <tenon/tenon.h>

namespace tenon::test {

struct MomentsItem {
  void* param;
  const void* grad;
  void *exp_avg, *exp_avg_sq;
  std::int64_t n, step;
  double lr;
};

/// exp_avg and exp_avg_sq keep half of their value; p -= lr exp_avg / sqrt(exp_avg_sq), both divided by
/// 1 - 0.5^step.
inline void moments(Stream, DType dtype, std::span<const MomentsItem> items) {
  visit_floating("moments", dtype, [&]<class T>(std::type_identity<T>) {
    for (const MomentsItem& item : items) {
      const T correction = T(1) - static_cast<T>(std::pow(0.5, item.step)), lr = static_cast<T>(item.lr);
      for (std::int64_t i = 0; i < item.n; ++i) {
        const T g = static_cast<const T*>(item.grad)[i];
        T &m = static_cast<T*>(item.exp_avg)[i], &v = static_cast<T*>(item.exp_avg_sq)[i];
        m = (m + g) / 2;
        v = (v + g * g) / 2;
        static_cast<T*>(item.param)[i] -= lr * (m / correction) / std::sqrt(v / correction);
      }
    }
  });
}

struct MomentsOptions {
  double lr = 0.5;
};
struct MomentsParamGroup {
  std::vector<Tensor> params;
};
struct MomentsState {
  std::int64_t step = 0;
  Tensor exp_avg, exp_avg_sq;
};

class Moments final : public optim::OptimizerOf<MomentsOptions, MomentsState> {
 public:
  explicit Moments(std::vector<MomentsParamGroup> groups, const MomentsOptions& defaults = {}) {
    add_groups("moments", std::move(groups), [&](const MomentsParamGroup&) { return defaults; });
  }

  void step() override {
    check_not_moved_from("step");
    optim::fused_step(
        params_, groups_, moments,
        [](const MomentsOptions& options, MomentsState& state, optim::StepParam& p) -> MomentsItem {
          optim::check_finite("step", p.group, p.param.dtype(), rates_of(options));
          return {.param = p.param.raw(),
              .grad = p.grad.raw(),
              .exp_avg = p.memory_of(state.exp_avg),
              .exp_avg_sq = p.memory_of(state.exp_avg_sq),
              .n = p.param.numel(),
              .step = state.step + 1,
              .lr = options.lr};
        },
        [](MomentsState& state) { ++state.step; });
  }

 private:
  static std::array<optim::Rate, 1> rates_of(const MomentsOptions& options) { return {{{"lr", options.lr}}}; }
  void check_options(const char* function, std::size_t group, const MomentsOptions& options) const override {
    for (const Tensor& param : params_[group])
      optim::check_finite(function, group, param.dtype(), rates_of(options));
  }
  void visit_options(MomentsOptions& options, optim::StateVisitor& visitor) const override {
    visitor("lr", options.lr);
  }
  void visit_state(MomentsState& state, optim::StateVisitor& visitor) const override {
    visitor("step", state.step);
    visitor("exp_avg", state.exp_avg);
    visitor("exp_avg_sq", state.exp_avg_sq);
  }
};

}  // namespace tenon::test
