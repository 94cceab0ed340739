// Masks, and index() with a list of indices.
#include <cstring>

#include <tenon/kernels/index.h>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/gradients.h>

namespace tenon {

namespace {

constexpr char index_error[] = "index: index {} at position {} is out of range; dimension {} has size {}";

/// The positions of the elements that are not 0 in the flattened tensor.
Tensor positions_of_nonzero(const Tensor& a) {
  const NoGradGuard no_grad;
  const std::int64_t n = a.numel();
  if (n == 0) return autograd::positions_beside(a, 0);
  const Tensor so_far = cumsum(reshape(autograd::copy(a, DType::boolean), {n}), 0);
  Tensor out = autograd::new_tensor({so_far[-1].item<std::int64_t>()}, DType::int64, a.stream());
  kernels::growths(a.stream(), n, out.ptr<std::int64_t>(), so_far.ptr<std::int64_t>());
  return out;
}

/// Indices into dimension d of `shape`, checked and counted from the start.
Tensor wrapped(const Tensor& index, int d, const Shape& shape) {
  const Tensor at = contiguous(index);
  kernels::check_indices(
      at.stream(), at.ptr<std::int64_t>(), at.numel(), -shape[d], shape[d], d, index_error);
  return where(lt(at, 0), at + static_cast<double>(shape[d]), at);
}

/// An index tensor and the dimension that it selects from.
struct Selection {
  int dim;
  Tensor index;
};

/// index() by tensors, at least one.
Tensor select_all(const Tensor& a, const std::vector<Selection>& selections) {
  const int k = static_cast<int>(selections.size()), rank = a.shape().rank();
  const int first = selections.front().dim;
  const bool adjacent = selections.back().dim == first + k - 1;
  const int place = adjacent ? first : 0;
  Tensor whole = a;
  if (!adjacent) {
    Shape order;
    std::uint32_t chosen = 0;
    for (const Selection& s : selections) order.push_back(s.dim), chosen |= 1u << s.dim;
    for (int d = 0; d < rank; ++d)
      if ((chosen >> d & 1) == 0) order.push_back(d);
    whole = permute(a, order);
  }
  // One index into the selected dimensions merged.
  Tensor at = selections[0].index;
  for (int i = 1; i < k; ++i)
    at = at * static_cast<double>(whole.shape()[place + i]) + selections[static_cast<std::size_t>(i)].index;
  whole = flatten(whole, place, place + k - 1);
  Shape shape(whole.shape().begin(), whole.shape().begin() + place);
  for (const std::int64_t size : at.shape()) shape.push_back(size);
  for (int d = place + 1; d < whole.shape().rank(); ++d) shape.push_back(whole.shape()[d]);
  return reshape(index_select(whole, place, flatten(at)), shape);
}

/// The number of dimensions that an index uses.
int dims_used(const TensorIndex& index) {
  if (index.as<std::nullopt_t>() || index.as<EllipsisIndex>()) return 0;
  const Tensor* const tensor = index.as<Tensor>();
  return tensor && tensor->dtype() == DType::boolean ? tensor->shape().rank() : 1;
}

}  // namespace

TensorIndex::TensorIndex(const char* ellipsis, CallSite site) : value_(Ellipsis) {
  const Call call("index", site);
  check(std::strcmp(ellipsis, "...") == 0, "index: the only text that is an index is \"...\"; it is \"{}\"",
      ellipsis);
}

Tensor nonzero(const Tensor& a, CallSite site) {
  const Call call("nonzero", site);
  const NoGradGuard no_grad;
  Tensor at = positions_of_nonzero(a);
  std::vector<Tensor> columns;
  for (int d = a.shape().rank() - 1; d > 0; --d) {
    // The quotient is exact: it is below 2^53.
    const auto size = static_cast<double>(a.shape()[d]);
    const Tensor before = floor(at.to(DType::float64) / size).to(DType::int64);
    columns.insert(columns.begin(), at - before * size);
    at = before;
  }
  if (a.dim() == 0) return autograd::new_tensor({at.numel(), 0}, DType::int64, a.stream());
  columns.insert(columns.begin(), at);
  return stack(columns, 1);
}

Tensor masked_select(const Tensor& a, const Tensor& mask, CallSite site) {
  const Call call("masked_select", site);
  check(mask.dtype() == DType::boolean, "masked_select: the mask must be boolean; it is {}", mask.dtype());
  autograd::check_beside("masked_select", a, mask);
  const Shape shape = broadcast_shapes("masked_select", a.shape(), mask.shape());
  const Tensor at = positions_of_nonzero(expand(mask, shape));
  return index_select(flatten(expand(a, shape)), 0, at);
}

Tensor index(const Tensor& a, const std::vector<TensorIndex>& indices, CallSite site) {
  const Call call("index", site);
  int used = 0, ellipses = 0;
  for (const TensorIndex& index : indices) {
    used += dims_used(index);
    ellipses += index.as<EllipsisIndex>() != nullptr;
  }
  check(ellipses <= 1, "index: at most one Ellipsis; there are {}", ellipses);
  check(used <= a.dim(), "index: too many indices; they use {} dimensions, the shape is {}", used, a.shape());
  Tensor view = a;
  std::vector<Selection> selections;
  int from = 0, to = 0;  // the next dimensions of `a` and of the view
  for (const TensorIndex& index : indices) {
    const Tensor* const tensor = index.as<Tensor>();
    if (index.as<std::nullopt_t>()) {
      view = unsqueeze(view, to++);
    } else if (index.as<EllipsisIndex>()) {
      from += a.shape().rank() - used;
      to += a.shape().rank() - used;
    } else if (const auto* const range = index.as<Slice>()) {
      view = slice(view, to++, *range);
      ++from;
    } else if (const auto* const integer = index.as<std::int64_t>()) {
      view = select(view, to, wrap_index("index", *integer, from++, a.shape()));
    } else if (tensor->dtype() == DType::boolean) {
      autograd::check_beside("index", a, *tensor);
      const int count = tensor->shape().rank();
      check(count > 0, "index: a mask needs dimensions");
      for (int i = 0; i < count; ++i)
        check(tensor->shape()[i] == a.shape()[from + i],
            "index: the mask is {}; from dimension {} on it must have the sizes of {}", tensor->shape(), from,
            a.shape());
      view = flatten(view, to, to + count - 1);
      selections.push_back({to++, positions_of_nonzero(*tensor)});
      from += count;
    } else {
      autograd::check_beside("index", a, *tensor);
      check(tensor->dtype() == DType::int64, "index: a tensor of indices must be int64 or boolean; it is {}",
          tensor->dtype());
      // As in PyTorch, one number is an integer, which does not take part in the placement of dimensions.
      if (tensor->dim() == 0)
        view = select(view, to, wrap_index("index", tensor->item<std::int64_t>(), from, a.shape()));
      else selections.push_back({to++, wrapped(*tensor, from, a.shape())});
      ++from;
    }
  }
  return selections.empty() ? view : select_all(view, selections);
}

Tensor index_put(const Tensor& a, const std::vector<TensorIndex>& indices, const Tensor& values,
    bool accumulate, CallSite site) {
  const Call call("index_put", site);
  autograd::check_same_kind("index_put", a, values);
  // Where the elements stand in the flattened tensor.
  const Tensor at = index(reshape(autograd::positions_beside(a, a.numel()), a.shape()), indices);
  const Tensor flat = reshape(a, {a.numel()}), to = reshape(at, {at.numel()}),
               from = reshape(expand(values, at.shape()), {at.numel()});
  return reshape(accumulate ? scatter_add(flat, 0, to, from) : scatter(flat, 0, to, from), a.shape());
}

Tensor index_put(
    const Tensor& a, const std::vector<TensorIndex>& indices, double value, bool accumulate, CallSite site) {
  const Call call("index_put", site);
  return index_put(a, indices, autograd::number_beside(a, value), accumulate);
}

}  // namespace tenon
