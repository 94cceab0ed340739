// Data sets of tensors with matching rows.
#pragma once
#include <array>

#include <tenon/autograd/ops.h>

namespace tenon::data {

/// Sample i is row i of every tensor.
template <std::size_t N>
class TensorDataset {
  static_assert(N > 0, "a data set needs a tensor");

 public:
  template <class... Tensors>
  requires(sizeof...(Tensors) == N) explicit TensorDataset(Tensors... tensors)
      : tensors_{std::move(tensors)...} {
    for (std::size_t i = 0; i < N; ++i) {
      const Tensor& tensor = tensors_[i];
      check(tensor.defined(), "tensor_dataset: tensor {} is undefined", i);
      check(tensor.dim() >= 1, "tensor_dataset: a tensor without dimensions has no rows");
      check(tensor.size(0) == size(), "tensor_dataset: the tensors have {} and {} rows", size(),
          tensor.size(0));
      check(tensor.device() == tensors_[0].device(), "tensor_dataset: devices differ; {} and {}",
          tensors_[0].device(), tensor.device());
    }
  }

  std::int64_t size() const { return tensors_[0].size(0); }
  Device device() const { return tensors_[0].device(); }
  /// Row `index` of each tensor, without its first dimension. A negative index counts from the end.
  std::array<Tensor, N> operator[](std::int64_t index) const {
    check(index >= -size() && index < size(), "tensor_dataset: index {} is out of range; there are {} rows",
        index, size());
    return each([index](const Tensor& tensor) { return tensor.select(0, index); });
  }
  /// Rows [start, start + count), views.
  std::array<Tensor, N> rows(std::int64_t start, std::int64_t count) const {
    check(start >= 0 && count >= 0 && start <= size() && count <= size() - start,
        "tensor_dataset: rows {} to {} + {} are out of range; there are {}", start, start, count, size());
    return each([=](const Tensor& tensor) { return tensor.narrow(0, start, count); });
  }
  /// The rows selected by `index` (int64), gathered.
  std::array<Tensor, N> gather(const Tensor& index) const {
    check(index.defined(), "tensor_dataset: the index is undefined");
    check(index.dtype() == DType::int64 && index.dim() == 1,
        "tensor_dataset: the index must be a vector of int64; it is {} {}", index.dtype(), index.shape());
    return each([&](const Tensor& tensor) { return index_select(tensor, 0, index); });
  }

 private:
  template <class F>
  std::array<Tensor, N> each(F f) const {
    std::array<Tensor, N> out;
    for (std::size_t i = 0; i < N; ++i) out[i] = f(tensors_[i]);
    return out;
  }

  std::array<Tensor, N> tensors_;
};

template <class... Tensors>
TensorDataset(Tensors...) -> TensorDataset<sizeof...(Tensors)>;

}  // namespace tenon::data
