#include <tenon/optim/optimizer.h>

#include <unordered_map>

namespace tenon::optim {

Optimizer::~Optimizer() = default;

void Optimizer::set_params(const char* function, std::vector<std::vector<Tensor>> params) {
  check(!params.empty(), "{}: needs at least one group of parameters", function);
  struct Place {
    std::size_t group, index;
  };
  std::unordered_map<const TensorImpl*, Place> places;
  for (std::size_t g = 0; g < params.size(); ++g) {
    check(!params[g].empty(), "{}: group {} has no parameters", function, g);
    for (std::size_t i = 0; i < params[g].size(); ++i) {
      const Tensor& param = params[g][i];
      check(param.defined(), "{}: parameter {} of group {} is undefined", function, i, g);
      check(is_floating_point(param.dtype()),
          "{}: parameter {} of group {}, of shape {}, must hold floating-point numbers; the dtype is {}",
          function, i, g, param.shape(), param.dtype());
      check(param.is_leaf(),
          "{}: parameter {} of group {}, of shape {}, is the result of an operation; pass the leaf it was "
          "computed from",
          function, i, g, param.shape());
      check(param.is_contiguous(), "{}: parameter {} of group {}, of shape {}, is not contiguous", function,
          i, g, param.shape());
      const auto [first, added] = places.try_emplace(&param.impl(), Place{g, i});
      check(added, "{}: parameter {} of group {}, of shape {}, is also parameter {} of group {}", function, i,
          g, param.shape(), first->second.index, first->second.group);
    }
  }
  params_ = std::move(params);
}

void Optimizer::zero_grad() {
  check_not_moved_from("zero_grad");
  for (const std::vector<Tensor>& group : params_)
    for (const Tensor& param : group) param.zero_grad();
}

const std::vector<Tensor>& Optimizer::params(std::size_t group) const {
  check_group("params", group);
  return params_[group];
}

void Optimizer::check_group(const char* function, std::size_t group) const {
  check(group < params_.size(), "{}: group {} does not exist; there are {}", function, group, params_.size());
}

}  // namespace tenon::optim
