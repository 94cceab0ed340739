// Modules of one type in a list.
#pragma once
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/nn/module.h>

namespace tenon::nn {

/// Modules of one type, which a module calls as it likes:
///
///     struct Stack : nn::Module {
///       nn::ModuleList<nn::Linear> layers;
///       Stack() { for (int i = 0; i < 3; ++i) layers.push_back(nn::Linear(8, 8)); }
///       Tensor operator()(Tensor x) { for (auto& layer : layers) x = relu(layer(x)); return x; }
///       void visit(nn::Visitor& visitor) override { visitor("layers", layers); }
///     };
///
/// They are named by their position, "0", "1", ...; push_back() moves them, as a std::vector does.
template <class M>
class ModuleList : public Module {
  static_assert(std::is_base_of_v<Module, M>, "tenon: a ModuleList holds modules");

 public:
  ModuleList() = default;
  explicit ModuleList(std::vector<M> modules) : list_(std::move(modules)) {}

  ModuleList& push_back(M module) {
    list_.push_back(std::move(module));
    return *this;
  }
  std::int64_t size() const { return static_cast<std::int64_t>(list_.size()); }
  bool is_empty() const { return list_.empty(); }
  /// A module; negative positions count from the end.
  M& operator[](std::int64_t index) TENON_LIFETIMEBOUND { return list_[place(index)]; }
  const M& operator[](std::int64_t index) const TENON_LIFETIMEBOUND { return list_[place(index)]; }
  auto begin() { return list_.begin(); }
  auto end() { return list_.end(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

  void visit(Visitor& visitor) override {
    for (std::size_t i = 0; i < list_.size(); ++i) visitor(std::to_string(i).c_str(), list_[i]);
  }

 private:
  std::size_t place(std::int64_t index) const {
    check(index >= -size() && index < size(), "module_list: module {} does not exist; there are {}", index,
        size());
    return static_cast<std::size_t>(index < 0 ? index + size() : index);
  }

  std::vector<M> list_;
};

}  // namespace tenon::nn
