// Operations that overwrite their tensor.
#include <cmath>

#include <tenon/autograd/ops/common.h>
#include <tenon/autograd/ops/random_fill.h>
#include <tenon/kernels/random.h>

namespace tenon {

using autograd::Broadcast;
using autograd::check_scalar;
using autograd::Input;
using autograd::new_tensor;
using autograd::Node;
using autograd::Operand;
using autograd::Saved;
using autograd::SavedOutput;
using kernels::Binary;

namespace {

/// The checks of a write to `self`, before anything changes. True when the write goes onto the tape.
bool begin_write(const char* op, const Tensor& self, const Tensor* other = nullptr) {
  for (int i = 0; i < self.shape().rank(); ++i)
    check(self.strides()[i] != 0 || self.shape()[i] <= 1,
        "{}: elements of this tensor of shape {} share memory; clone() it first", op, self.shape());
  if (other) {
    autograd::check_same_kind(op, self, *other);
    broadcast_strides(op, other->shape(), other->strides(), self.shape());
  }
  if (!grad_enabled()) return false;
  const bool self_needs = autograd::detail::needs_grad(op, self);
  const bool other_needs = other && autograd::detail::needs_grad(op, *other);
  if (!self_needs && !other_needs) return false;
  check(!self.requires_grad() || !self.is_leaf(),
      "{}: a leaf that requires a gradient may change only under NoGradGuard", op);
  check(!self.impl().is_view,
      "{}: a view that needs a gradient cannot change in place; clone() it, or change its base", op);
  check(!self.impl().saved(),
      "{}: the tensor was saved for the backward pass of another operation, which a change would make wrong",
      op);
  return true;
}

/// Counts the write and, if it is `recorded`, makes `self` the result of `op` on those inputs that still
/// matter.
template <class... Inputs>
const Tensor& end_write(
    const char* op, Where where, const Tensor& self, bool recorded, const Inputs&... inputs) {
  TensorImpl& impl = self.impl();
  impl.storage->bump_version();
  if (autograd::mode().anomaly) [[unlikely]]
    autograd::detail::check_no_nan(self, op, where);
  if (!recorded) return self;
  impl.storage->bump_recorded_writes();
  const bool keeps_grad = self.requires_grad() && autograd::node_of(self)->keeps_grad;
  const int wanted = (0 + ... + int{inputs.tensor.requires_grad()});
  Ref<Node> node;  // stays null when constants have replaced every element
  if (wanted > 0) {
    node = Node::create(op, wanted, self, where);
    node->keeps_grad = keeps_grad;
    ((inputs.tensor.requires_grad()
             ? node->connect(autograd::node_ref(inputs.tensor), Inputs::broadcast, inputs.make)
             : void()),
        ...);
  }
  impl.meta = std::move(node);
  return self;
}

bool shares_memory(const Tensor& a, const Tensor& b) {
  return a.impl().storage.get() == b.impl().storage.get();
}

/// `other`, or a copy of it where it lies across the elements that are about to change.
Tensor apart(const Tensor& self, const Tensor& other) {
  const bool exact =
      self.raw() == other.raw() && self.shape() == other.shape() && self.strides() == other.strides();
  return shares_memory(self, other) && !exact ? autograd::copy(other, other.dtype()) : other;
}

void write(const char* op, Binary kernel, const Tensor& self, const Tensor& other) {
  const Tensor source = apart(self, other);
  kernels::binary(self.stream(), kernel, self.dtype(), self.shape(), autograd::result_of(self),
      Operand(op, self, self.shape()), Operand(op, source, self.shape()));
}

void write(const char* op, Binary kernel, const Tensor& self, double other) {
  kernels::binary(self.stream(), kernel, self.dtype(), self.shape(), autograd::result_of(self),
      Operand(op, self, self.shape()), other);
}

constexpr auto pass_through = [] { return [](const Tensor& g) { return g; }; };

}  // namespace

const Tensor& Tensor::add_(const Tensor& other, Where where) const {
  autograd::check_number("add_", *this);
  const bool recorded = begin_write("add_", *this, &other);
  write("add_", Binary::add, *this, other);
  return end_write(
      "add_", where, *this, recorded, Input(*this, pass_through), Broadcast(other, pass_through));
}

const Tensor& Tensor::add_(double other, Where where) const {
  check_scalar("add_", *this, other);
  const bool recorded = begin_write("add_", *this);
  write("add_", Binary::add, *this, other);
  return end_write("add_", where, *this, recorded, Input(*this, pass_through));
}

const Tensor& Tensor::sub_(const Tensor& other, Where where) const {
  autograd::check_number("sub_", *this);
  const bool recorded = begin_write("sub_", *this, &other);
  write("sub_", Binary::sub, *this, other);
  return end_write("sub_", where, *this, recorded, Input(*this, pass_through),
      Broadcast(other, [] { return [](const Tensor& g) { return neg(g); }; }));
}

const Tensor& Tensor::sub_(double other, Where where) const {
  check_scalar("sub_", *this, other);
  const bool recorded = begin_write("sub_", *this);
  write("sub_", Binary::sub, *this, other);
  return end_write("sub_", where, *this, recorded, Input(*this, pass_through));
}

const Tensor& Tensor::mul_(const Tensor& other, Where where) const {
  autograd::check_number("mul_", *this);
  const bool recorded = begin_write("mul_", *this, &other);
  const Tensor factor = shares_memory(*this, other) ? other.clone() : other;
  const Tensor before = recorded && factor.requires_grad() ? clone() : Tensor();
  write("mul_", Binary::mul, *this, factor);
  return end_write("mul_", where, *this, recorded,
      Input(*this, [&] { return [b = Saved(factor)](const Tensor& g) { return mul(g, b()); }; }),
      Broadcast(factor, [&] { return [a = Saved(before)](const Tensor& g) { return mul(g, a()); }; }));
}

const Tensor& Tensor::mul_(double other, Where where) const {
  check_scalar("mul_", *this, other);
  const bool recorded = begin_write("mul_", *this);
  write("mul_", Binary::mul, *this, other);
  return end_write("mul_", where, *this, recorded,
      Input(*this, [other] { return [other](const Tensor& g) { return mul(g, other); }; }));
}

const Tensor& Tensor::div_(const Tensor& other, Where where) const {
  autograd::check_floating("div_", *this);
  const bool recorded = begin_write("div_", *this, &other);
  const Tensor divisor = shares_memory(*this, other) ? other.clone() : other;
  write("div_", Binary::div, *this, divisor);
  return end_write("div_", where, *this, recorded,
      Input(*this, [&] { return [b = Saved(divisor)](const Tensor& g) { return div(g, b()); }; }),
      Broadcast(divisor, [&] {
        return [y = SavedOutput(*this), b = Saved(divisor)](
                   const Tensor& g) { return neg(mul(g, div(y(), b()))); };
      }));
}

const Tensor& Tensor::div_(double other, Where where) const {
  autograd::check_floating("div_", *this);
  const bool recorded = begin_write("div_", *this);
  write("div_", Binary::div, *this, other);
  return end_write("div_", where, *this, recorded,
      Input(*this, [other] { return [other](const Tensor& g) { return div(g, other); }; }));
}

const Tensor& Tensor::copy_(const Tensor& source, Where where) const {
  const Tensor same_type = source.dtype() == dtype() ? source : source.to(dtype(), where);
  const bool recorded = begin_write("copy_", *this, &same_type);
  const Tensor from = apart(*this, same_type);
  kernels::copy(
      stream(), dtype(), dtype(), shape(), autograd::result_of(*this), Operand("copy_", from, shape()));
  return end_write("copy_", where, *this, recorded, Broadcast(same_type, pass_through));
}

const Tensor& Tensor::fill_(double value, Where where) const {
  if (dtype() == DType::boolean) check(value == 0 || value == 1, "fill_: {} is not a boolean", value);
  else check_scalar("fill_", *this, value);
  const bool recorded = begin_write("fill_", *this);
  kernels::copy(stream(), dtype(), dtype(), shape(), autograd::result_of(*this), value);
  return end_write("fill_", where, *this, recorded);
}

const Tensor& Tensor::zero_(Where where) const { return fill_(0, where); }

namespace {

template <class Kernel>
const Tensor& write_random(const char* op, const Tensor& self, double first, double second,
    Generator::Key key, Kernel kernel, Where where) {
  autograd::check_floating(op, self);
  const bool recorded = begin_write(op, self);
  const Tensor dense = self.is_contiguous() ? self : new_tensor(self.shape(), self.dtype(), self.stream());
  kernel(self.stream(), self.dtype(), self.numel(), dense.raw(), kernels::RandomKey{key.seed, key.stream},
      first, second);
  if (!self.is_contiguous())
    kernels::copy(
        self.stream(), self.dtype(), self.dtype(), self.shape(), autograd::result_of(self), dense.raw());
  return end_write(op, where, self, recorded);
}

}  // namespace

namespace autograd {

const Tensor& fill_normal(const Tensor& self, double mean, double deviation, RandomDomain domain,
    Generator& generator, Where where) {
  check(deviation >= 0 && std::isfinite(deviation) && std::isfinite(mean),
      "normal_: the deviation must not be negative, and both finite; mean {}, deviation {}", mean, deviation);
  return write_random(
      "normal_", self, mean, deviation, generator.next(domain), kernels::random_normal, where);
}

const Tensor& fill_uniform(
    const Tensor& self, double low, double high, RandomDomain domain, Generator& generator, Where where) {
  const bool narrow_enough = self.dtype() == DType::float32
                                 ? std::isfinite(static_cast<float>(high) - static_cast<float>(low))
                                 : std::isfinite(high - low);
  check(low <= high && narrow_enough, "uniform_: the bounds must be finite and in order; they are {} and {}",
      low, high);
  return write_random("uniform_", self, low, high, generator.next(domain), kernels::random_uniform, where);
}

}  // namespace autograd

const Tensor& Tensor::normal_(double mean, double deviation, Where where) const {
  return autograd::fill_normal(*this, mean, deviation, RandomDomain::user, default_generator(), where);
}

const Tensor& Tensor::uniform_(double low, double high, Where where) const {
  return autograd::fill_uniform(*this, low, high, RandomDomain::user, default_generator(), where);
}

}  // namespace tenon
