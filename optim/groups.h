// Groups of parameters by predicate.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <tenon/optim/optimizer.h>

namespace tenon::optim {

/// Which parameters form a group, and the options of that group.
template <class ParamGroup>
struct GroupRule {
  std::function<bool(const std::string& name, const Tensor& param)> takes;
  ParamGroup group;  // without parameters
};

/// True for parameters of at most one dimension: biases, and the weights of norms.
inline bool is_bias_or_norm(const std::string&, const Tensor& param) { return param.dim() <= 1; }

/// The groups of an optimizer from a module's named_parameters(). Each parameter joins the group of the first
/// rule that takes it; the others form one more group, the last, with the optimizer's defaults:
///
///     optim::AdamW optimizer(optim::group_by<optim::AdamParamGroup>(
///         net.named_parameters(), {{optim::is_bias_or_norm, {.weight_decay = 0}}}));
///     std::cout << optimizer.describe(net.named_parameters());
///
/// Throws if a rule takes no parameter.
template <class ParamGroup>
std::vector<ParamGroup> group_by(const std::vector<std::pair<std::string, Tensor>>& named,
    const std::vector<GroupRule<ParamGroup>>& rules) {
  std::vector<ParamGroup> groups;
  for (const GroupRule<ParamGroup>& rule : rules) groups.push_back(rule.group);
  ParamGroup others;
  for (const auto& [name, param] : named) {
    std::size_t i = 0;
    while (i < rules.size() && !rules[i].takes(name, param)) ++i;
    (i < rules.size() ? groups[i] : others).params.push_back(param);
  }
  for (std::size_t i = 0; i < groups.size(); ++i)
    check(!groups[i].params.empty(), "group_by: rule {} takes none of the {} parameters", i, named.size());
  if (!others.params.empty()) groups.push_back(std::move(others));
  return groups;
}

}  // namespace tenon::optim
