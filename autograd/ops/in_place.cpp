// In-place operations.
#include <cmath>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/random_fill.h>
#include <tenon/autograd/ops/random_key.h>

namespace tenon {

using autograd::Broadcast;
using autograd::check_scalar;
using autograd::Input;
using autograd::new_tensor;
using autograd::Node;
using autograd::Operand;
using autograd::result;
using autograd::with;

namespace {

/// Checks a write to `self` before anything changes. Returns true if the write is recorded.
bool begin_write(const char* op, const Tensor& self, const Tensor* other = nullptr) {
  check(!autograd::repeats_elements(self),
      "{}: elements of this tensor of shape {} share memory; clone() it first", op, self.shape());
  if (other) {
    autograd::check_same_kind(op, self, *other);
    broadcast_strides(op, other->shape(), other->strides(), self.shape());
  }
  if (!grad_enabled()) return false;
  const TensorImpl& impl = self.impl();
  const bool self_needs = autograd::detail::needs_grad(op, self);
  const bool other_needs = other && autograd::detail::needs_grad(op, *other);
  check(!impl.is_view || self_needs || !impl.storage->needs_grad(impl.family),
      "{}: this view is not on the tape, but its base needs a gradient, which would miss the change; take "
      "the view again, or write under NoGradGuard",
      op);
  if (!self_needs && !other_needs) return false;
  check(!self_needs || !self.is_leaf(),
      "{}: a leaf that requires a gradient may change only under NoGradGuard", op);
  check(!impl.is_view,
      "{}: a view that needs a gradient cannot change in place; build a new tensor with slice_scatter(), "
      "select_scatter(), cat() or where(), or change its base",
      op);
  check(!impl.saved(),
      "{}: the tensor was saved for the backward pass of another operation, which this write would "
      "invalidate",
      op);
  return true;
}

/// A replay of the graph that is being recorded writes again. Temporaries of the recorded work do not count.
[[gnu::cold]] void count_replays(const Tensor& self) {
  const Ref<Storage>& storage = self.impl().storage;
  const Stream stream = self.stream();
  if (!cuda::detail::is_older_than_graph(stream, storage->data())) return;
  cuda::repeat(stream, [=] {
    if (!cuda::is_capturing(stream)) storage->bump_version();
  });
}

/// Performs the write, kernel(). If it is `recorded`, `self` becomes the result of `op` on the inputs.
/// Everything that can fail comes before the kernel, and a failure changes nothing.
template <class Kernel, class... Inputs>
const Tensor& write(const char* op, CallSite site, const Tensor& self, bool recorded, Kernel kernel,
    const Inputs&... inputs) {
  TensorImpl& impl = self.impl();
  Storage& storage = *impl.storage;
  const std::uint32_t version = storage.version();
  Ref<Node> node;
  try {
    storage.bump_version();  // before the pullbacks are made: they save the new elements of `self`
    if (recorded) {
      node = Node::create(op, (0 + ... + int{inputs.tensor.requires_grad()}), self, site);
      node->keeps_grad = self.requires_grad() && autograd::node_of(self)->keeps_grad;
      (inputs.connect(*node), ...);
    }
    kernel();
    if (cuda::is_capturing(self.stream())) [[unlikely]]
      count_replays(self);
  } catch (...) {
    storage.set_version(version);
    throw;
  }
  if (recorded) {
    storage.bump_recorded_writes();
    autograd::set_node(self, std::move(node));
  }
  if (autograd::mode().anomaly) [[unlikely]]
    autograd::detail::check_no_nan(self, op);
  return self;
}

/// One past the last byte of its elements.
const std::byte* end_of(const Tensor& a) {
  std::int64_t last = 0;
  for (int i = 0; i < a.shape().rank(); ++i) last += (a.shape()[i] - 1) * a.strides()[i];
  return a.impl().data + (last + 1) * static_cast<std::int64_t>(size_of(a.dtype()));
}

/// Whether a write to one may change the other. Compares addresses, because memory passed to two from_blob()
/// calls can overlap.
bool overlap(const Tensor& a, const Tensor& b) {
  return a.numel() > 0 && b.numel() > 0 && a.impl().data < end_of(b) && b.impl().data < end_of(a);
}

/// `other`, or a copy of it if it overlaps the elements that are about to change.
Tensor apart(const Tensor& self, const Tensor& other) {
  const bool exact =
      self.raw() == other.raw() && self.shape() == other.shape() && self.strides() == other.strides();
  return !exact && overlap(self, other) ? autograd::copy(other, other.dtype()) : other;
}

/// self = kernel(self, other), where `other` does not overlap `self`.
auto kernel_of(const char* op, arith::BinaryOp kernel, const Tensor& self, const Tensor& other) {
  return [=, &self, &other] {
    kernels::binary(self.stream(), kernel, self.dtype(), self.shape(), autograd::result_of(self),
        Operand(op, self, self.shape()), Operand(op, other, self.shape()));
  };
}

auto kernel_of(const char* op, arith::BinaryOp kernel, const Tensor& self, double other) {
  return [=, &self] {
    kernels::binary(self.stream(), kernel, self.dtype(), self.shape(), autograd::result_of(self),
        Operand(op, self, self.shape()), other);
  };
}

constexpr auto pass_through = [](const Tensor& g) { return g; };
/// The pullback of replaced elements: as in PyTorch the tensor keeps its history, with a gradient of zeros.
constexpr auto replaced = [](const Tensor& g) { return zeros_like(g); };

/// self = f(self), by one kernel unless the tape needs the old elements or the result.
template <class Op, class F>
const Tensor& apply(
    const char* name, CallSite site, const Tensor& self, Op op, F f, kernels::Parameters parameters = {}) {
  const Call call(name, site);
  if (begin_write(name, self)) return self.copy_(f(self.clone()));
  return write(name, site, self, false, [&] {
    kernels::unary(self.stream(), op, self.dtype(), self.shape(), autograd::result_of(self),
        Operand(name, self, self.shape()), parameters);
  });
}

}  // namespace

const Tensor& Tensor::add_(const Tensor& other, CallSite site) const {
  const Call call("add_", site);
  const bool recorded = begin_write("add_", *this, &other);
  const Tensor term = apart(*this, other);
  return write("add_", site, *this, recorded, kernel_of("add_", arith::Add(), *this, term),
      Input(*this, pass_through), Broadcast(other, pass_through));
}

const Tensor& Tensor::add_(double other, CallSite site) const {
  const Call call("add_", site);
  check_scalar("add_", *this, other);
  const bool recorded = begin_write("add_", *this);
  return write("add_", site, *this, recorded, kernel_of("add_", arith::Add(), *this, other),
      Input(*this, pass_through));
}

const Tensor& Tensor::sub_(const Tensor& other, CallSite site) const {
  const Call call("sub_", site);
  const bool recorded = begin_write("sub_", *this, &other);
  const Tensor term = apart(*this, other);
  return write("sub_", site, *this, recorded, kernel_of("sub_", arith::Sub(), *this, term),
      Input(*this, pass_through), Broadcast(other, [](const Tensor& g) { return tenon::neg(g); }));
}

const Tensor& Tensor::sub_(double other, CallSite site) const {
  const Call call("sub_", site);
  check_scalar("sub_", *this, other);
  const bool recorded = begin_write("sub_", *this);
  return write("sub_", site, *this, recorded, kernel_of("sub_", arith::Sub(), *this, other),
      Input(*this, pass_through));
}

const Tensor& Tensor::mul_(const Tensor& other, CallSite site) const {
  const Call call("mul_", site);
  const bool recorded = begin_write("mul_", *this, &other);
  const Tensor factor = overlap(*this, other) ? other.clone() : other;
  const Tensor before = recorded && factor.requires_grad() ? clone() : Tensor();
  return write("mul_", site, *this, recorded, kernel_of("mul_", arith::Mul(), *this, factor),
      Input(*this, with(factor), [](const Tensor& g, const Tensor& y) { return tenon::mul(g, y); }),
      Broadcast(factor, with(before), [](const Tensor& g, const Tensor& x) { return tenon::mul(g, x); }));
}

const Tensor& Tensor::mul_(double other, CallSite site) const {
  const Call call("mul_", site);
  check_scalar("mul_", *this, other);
  const bool recorded = begin_write("mul_", *this);
  return write("mul_", site, *this, recorded, kernel_of("mul_", arith::Mul(), *this, other),
      Input(*this, [other](const Tensor& g) { return tenon::mul(g, other); }));
}

const Tensor& Tensor::div_(const Tensor& other, CallSite site) const {
  const Call call("div_", site);
  const bool recorded = begin_write("div_", *this, &other);
  const Tensor divisor = overlap(*this, other) ? other.clone() : other;
  return write("div_", site, *this, recorded, kernel_of("div_", arith::Div(), *this, divisor),
      Input(*this, with(divisor), [](const Tensor& g, const Tensor& y) { return tenon::div(g, y); }),
      Broadcast(
          divisor, with(result(*this), divisor), [](const Tensor& g, const Tensor& out, const Tensor& y) {
            return tenon::neg(tenon::mul(g, tenon::div(out, y)));
          }));
}

const Tensor& Tensor::div_(double other, CallSite site) const {
  const Call call("div_", site);
  const bool recorded = begin_write("div_", *this);
  return write("div_", site, *this, recorded, kernel_of("div_", arith::Div(), *this, other),
      Input(*this, [other](const Tensor& g) { return tenon::div(g, other); }));
}

const Tensor& Tensor::abs_(CallSite site) const {
  return apply("abs_", site, *this, arith::Abs(), [](const Tensor& a) { return tenon::abs(a); });
}

const Tensor& Tensor::neg_(CallSite site) const {
  return apply("neg_", site, *this, arith::Neg(), [](const Tensor& a) { return tenon::neg(a); });
}

const Tensor& Tensor::exp_(CallSite site) const {
  return apply("exp_", site, *this, arith::Exp(), [](const Tensor& a) { return tenon::exp(a); });
}

const Tensor& Tensor::log_(CallSite site) const {
  return apply("log_", site, *this, arith::Log(), [](const Tensor& a) { return tenon::log(a); });
}

const Tensor& Tensor::sqrt_(CallSite site) const {
  return apply("sqrt_", site, *this, arith::Sqrt(), [](const Tensor& a) { return tenon::sqrt(a); });
}

const Tensor& Tensor::sin_(CallSite site) const {
  return apply("sin_", site, *this, arith::Sin(), [](const Tensor& a) { return tenon::sin(a); });
}

const Tensor& Tensor::cos_(CallSite site) const {
  return apply("cos_", site, *this, arith::Cos(), [](const Tensor& a) { return tenon::cos(a); });
}

const Tensor& Tensor::tanh_(CallSite site) const {
  return apply("tanh_", site, *this, arith::Tanh(), [](const Tensor& a) { return tenon::tanh(a); });
}

const Tensor& Tensor::sigmoid_(CallSite site) const {
  return apply("sigmoid_", site, *this, arith::Sigmoid(), [](const Tensor& a) { return tenon::sigmoid(a); });
}

const Tensor& Tensor::relu_(CallSite site) const {
  return apply("relu_", site, *this, arith::Relu(), [](const Tensor& a) { return tenon::relu(a); });
}

const Tensor& Tensor::clamp_(double low, double high, CallSite site) const {
  const Call call("clamp_", site);
  autograd::check_bounds(*this, low, high);
  const auto clamped = [=](const Tensor& a) { return tenon::clamp(a, low, high); };
  return apply("clamp_", site, *this, arith::Clamp(), clamped, {low, high});
}

const Tensor& Tensor::copy_(const Tensor& source, CallSite site) const {
  const Call call("copy_", site);
  Tensor converted = source.dtype() == dtype() ? source : source.to(dtype());
  if (converted.device() != device()) converted = converted.to(device());
  const bool recorded = begin_write("copy_", *this, &converted);
  const Tensor from = apart(*this, converted);
  const auto kernel = [&] {
    kernels::copy(
        stream(), dtype(), dtype(), shape(), autograd::result_of(*this), Operand("copy_", from, shape()));
  };
  return write(
      "copy_", site, *this, recorded, kernel, Input(*this, replaced), Broadcast(converted, pass_through));
}

const Tensor& Tensor::index_add_(
    std::int64_t dim, const Tensor& index, const Tensor& source, double alpha, CallSite site) const {
  const Call call("index_add_", site);
  return copy_(index_add(dim, index, source, alpha));
}

const Tensor& Tensor::scatter_(
    std::int64_t dim, const Tensor& index, const Tensor& src, CallSite site) const {
  const Call call("scatter_", site);
  return copy_(scatter(dim, index, src));
}

const Tensor& Tensor::scatter_(std::int64_t dim, const Tensor& index, double value, CallSite site) const {
  const Call call("scatter_", site);
  return copy_(scatter(dim, index, value));
}

const Tensor& Tensor::scatter_add_(
    std::int64_t dim, const Tensor& index, const Tensor& src, CallSite site) const {
  const Call call("scatter_add_", site);
  return copy_(scatter_add(dim, index, src));
}

const Tensor& Tensor::index_put_(
    const std::vector<TensorIndex>& indices, const Tensor& values, bool accumulate, CallSite site) const {
  const Call call("index_put_", site);
  return copy_(index_put(indices, values, accumulate));
}

const Tensor& Tensor::index_put_(
    const std::vector<TensorIndex>& indices, double value, bool accumulate, CallSite site) const {
  const Call call("index_put_", site);
  return copy_(index_put(indices, value, accumulate));
}

const Tensor& Tensor::fill_(double value, CallSite site) const {
  const Call call("fill_", site);
  if (dtype() == DType::boolean) check(value == 0 || value == 1, "fill_: {} is not a boolean", value);
  else check_scalar("fill_", *this, value);
  const bool recorded = begin_write("fill_", *this);
  const auto kernel = [&] {
    kernels::copy(stream(), dtype(), dtype(), shape(), autograd::result_of(*this), value);
  };
  return write("fill_", site, *this, recorded, kernel, Input(*this, replaced));
}

const Tensor& Tensor::zero_(CallSite site) const {
  const Call call("zero_", site);
  return fill_(0);
}

namespace {

template <class Kernel>
const Tensor& write_random(const char* op, const Tensor& self, double first, double second,
    RandomDomain domain, Generator& generator, Kernel kernel, CallSite site) {
  autograd::check_floating(op, self);
  const bool recorded = begin_write(op, self);
  const Tensor dense = self.is_contiguous() ? self : new_tensor(self.shape(), self.dtype(), self.stream());
  const auto fill = [&] {
    autograd::with_random_key(self.stream(), generator, domain,
        [=, stream = self.stream(), dtype = self.dtype(), n = self.numel(), to = dense.raw()](
            kernels::RandomKey key) { kernel(stream, dtype, n, to, key, first, second); });
    if (!self.is_contiguous())
      kernels::copy(
          self.stream(), self.dtype(), self.dtype(), self.shape(), autograd::result_of(self), dense.raw());
  };
  return write(op, site, self, recorded, fill, Input(self, replaced));
}

}  // namespace

namespace autograd {

const Tensor& fill_normal(const Tensor& self, double mean, double deviation, RandomDomain domain,
    Generator& generator, CallSite site) {
  const Call call("normal_", site);
  check(deviation >= 0 && is_finite_in(self.dtype(), deviation) && is_finite_in(self.dtype(), mean),
      "normal_: the deviation must not be negative, and both finite in {}; mean {}, deviation {}",
      self.dtype(), mean, deviation);
  return write_random("normal_", self, mean, deviation, domain, generator, kernels::random_normal, site);
}

const Tensor& fill_uniform(
    const Tensor& self, double low, double high, RandomDomain domain, Generator& generator, CallSite site) {
  const Call call("uniform_", site);
  const bool narrow_enough = visit_floating("uniform_", self.dtype(), [&]<class T>(std::type_identity<T>) {
    return std::isfinite(static_cast<T>(high) - static_cast<T>(low));
  });
  check(low <= high && narrow_enough, "uniform_: the bounds must be finite and in order; they are {} and {}",
      low, high);
  return write_random("uniform_", self, low, high, domain, generator, kernels::random_uniform, site);
}

}  // namespace autograd

const Tensor& Tensor::normal_(double mean, double deviation, CallSite site) const {
  return autograd::fill_normal(*this, mean, deviation, RandomDomain::user, default_generator(), site);
}

const Tensor& Tensor::uniform_(double low, double high, CallSite site) const {
  return autograd::fill_uniform(*this, low, high, RandomDomain::user, default_generator(), site);
}

}  // namespace tenon
