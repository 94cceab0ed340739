// Optimizers as tables: their groups, and what a step consists of.
#include <algorithm>
#include <ostream>
#include <unordered_map>

#include <tenon/core/formatted.h>
#include <tenon/optim/optimizer.h>
#include <tenon/optim/step.h>

namespace tenon::optim {

namespace {

using Row = std::vector<std::string>;
using Names = std::vector<std::pair<std::string, Tensor>>;

/// Rows of equal length in columns. The last one is not padded.
std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows[0].size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i + 1 < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += detail::formatted("{:{}}  ", row[i], widths[i]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

std::unordered_map<const TensorImpl*, std::string> by_parameter(const Names& names) {
  std::unordered_map<const TensorImpl*, std::string> found;
  for (const auto& [name, param] : names)
    if (param.defined()) found.try_emplace(&param.impl(), name);
  return found;
}

/// Norms that are read together, because each reading waits for the device.
class Norms {
 public:
  /// Puts the norm of `a` into `value` when all are read, 0 if `a` is undefined.
  void add(double& value, const Tensor& a) {
    value = 0;
    if (!a.defined()) return;
    norms_.push_back(norms_.empty() ? norm(a) : norm(a).to(norms_[0].device()));
    values_.push_back(&value);
  }
  void read() {
    if (norms_.empty()) return;
    const Tensor norms = stack(norms_).to(Device{});
    for (std::size_t i = 0; i < values_.size(); ++i) *values_[i] = norms.data<double>()[i];
  }

 private:
  std::vector<Tensor> norms_;  // each [], float64
  std::vector<double*> values_;
};

std::string text_of(const Tensor& number) {
  if (number.dtype() == DType::boolean) return number.item<bool>() ? "true" : "false";
  return detail::formatted("{:g}", number.item<double>());
}

}  // namespace

std::vector<UpdateNorms> Optimizer::update_norms() const {
  check_not_moved_from("explain");
  const NoGradGuard no_grad;
  std::vector<UpdateNorms> all;
  all.reserve(count_params(params_));  // its elements must not move
  Norms norms;
  for_each_with_grad(params_, [&](std::size_t g, std::size_t i, const Tensor& param, const Tensor& grad) {
    const Tensor w = param.detach().to(DType::float64);
    const UpdateParts parts = parts_of(g, i, w, grad.detach().to(DType::float64));
    Tensor whole = parts.gradient;
    for (const Tensor& part : {parts.decay, parts.momentum})
      if (part.defined()) whole = whole + part;
    UpdateNorms& row = all.emplace_back();
    row.group = g;
    row.index = i;
    norms.add(row.param, w);
    norms.add(row.update, whole);
    norms.add(row.gradient, parts.gradient);
    norms.add(row.decay, parts.decay);
    norms.add(row.momentum, parts.momentum);
  });
  norms.read();
  return all;
}

std::string Optimizer::explain(const Names& names) const {
  const std::vector<UpdateNorms> norms = update_norms();
  const auto named = by_parameter(names);
  std::vector<Row> rows{
      {"group", "parameter", "shape", "norm", "update", "of the norm", "gradient", "decay", "momentum"}};
  for (const UpdateNorms& row : norms) {
    const Tensor& param = params_[row.group][row.index];
    const auto name = named.find(&param.impl());
    const double parts = row.gradient + row.decay + row.momentum;
    const auto percent = [](double share, double whole) {
      return whole > 0 ? detail::formatted("{:.3g} %", 100 * share / whole) : std::string("-");
    };
    const auto part = [&](double norm) {
      return norm > 0 ? detail::formatted("{:.3g} ({})", norm, percent(norm, parts)) : std::string("-");
    };
    rows.push_back({std::to_string(row.group), name == named.end() ? std::to_string(row.index) : name->second,
        to_string(param.shape()), detail::formatted("{:.3g}", row.param),
        detail::formatted("{:.3g}", row.update), percent(row.update, row.param), part(row.gradient),
        part(row.decay), part(row.momentum)});
  }
  const std::size_t count = count_params(params_);
  std::string text = aligned(rows);
  if (count > norms.size())
    text += detail::formatted(
        "{} of {} parameters have no gradient and stay as they are\n", count - norms.size(), count);
  return text;
}

std::string Optimizer::describe(const Names& names) const {
  check_not_moved_from("describe");
  const auto named = by_parameter(names);
  std::vector<Row> rows;
  for (std::size_t g = 0; g < params_.size(); ++g) {
    const StateDict options = options_of(g);
    if (g == 0) {
      rows.push_back({"group", "parameters", "elements"});
      for (const auto& option : options) rows[0].push_back(option.first);
      rows[0].push_back("");
    }
    std::int64_t elements = 0;
    std::string list;
    for (const Tensor& param : params_[g]) {
      elements += param.numel();
      const auto name = named.find(&param.impl());
      if (name != named.end()) list += (list.empty() ? "" : ", ") + name->second;
    }
    rows.push_back({std::to_string(g), std::to_string(params_[g].size()), std::to_string(elements)});
    for (const auto& option : options) rows.back().push_back(text_of(option.second));
    rows.back().push_back(list);
  }
  return aligned(rows);
}

std::ostream& operator<<(std::ostream& out, const Optimizer& optimizer) {
  return out << optimizer.describe();
}

}  // namespace tenon::optim
