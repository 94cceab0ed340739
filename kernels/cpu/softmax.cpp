#include <tenon/kernels/softmax.h>

#include <algorithm>

#include <tenon/core/parallel.h>
#include <tenon/core/pool.h>
#include <tenon/kernels/elementwise.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 8192;
/// The elements that go through all steps together: what a step writes is in a cache in the next one.
constexpr std::int64_t together = 32768;

class Memory {
 public:
  explicit Memory(std::int64_t bytes)
      : bytes_(static_cast<std::size_t>(bytes)), data_(static_cast<char*>(pool::allocate(bytes_))) {}
  ~Memory() { pool::release(data_, bytes_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  char* data() const { return data_; }

 private:
  std::size_t bytes_;
  char* data_;
};

/// Calls body(steps, offset in bytes, values, room) for parts that cover the array.
template <class Body>
void for_each_part(Stream stream, DType dtype, const Indexed& layout, bool needs_room, const Body& body) {
  const std::int64_t slice = layout.size * layout.inner;
  if (layout.outer * slice == 0) return;
  const auto bytes = static_cast<std::int64_t>(size_of(dtype));
  // Threads share the slices or, if these are long, each step.
  parallel_for(layout.outer, slice > 32 * together ? layout.outer : std::max<std::int64_t>(1, grain / slice),
      [&](std::int64_t begin, std::int64_t end) {
        const std::int64_t rows = std::clamp<std::int64_t>(together / slice, 1, end - begin);
        const Memory values(rows * layout.inner * bytes), room(needs_room ? rows * slice * bytes : 1);
        for (std::int64_t o = begin; o < end; o += rows) {
          const SoftmaxSteps steps(stream, dtype, {std::min(rows, end - o), layout.size, layout.inner});
          body(steps, o * slice * bytes, values.data(), room.data());
        }
      });
}

const char* at(const void* p, std::int64_t offset) { return static_cast<const char*>(p) + offset; }
char* at(void* p, std::int64_t offset) { return static_cast<char*>(p) + offset; }

}  // namespace

void softmax(Stream stream, Softmax kind, DType dtype, Indexed layout, void* out, const void* a) {
  for_each_part(stream, dtype, layout, kind == Softmax::log,
      [&](const SoftmaxSteps& steps, std::int64_t offset, void* values, void* room) {
        steps.forward(kind, at(out, offset), at(a, offset), values, room);
      });
}

void softmax_backward(
    Stream stream, Softmax kind, DType dtype, Indexed layout, void* out, const void* g, const void* y) {
  for_each_part(stream, dtype, layout, kind != Softmax::log,
      [&](const SoftmaxSteps& steps, std::int64_t offset, void* values, void* room) {
        steps.backward(kind, at(out, offset), at(g, offset), at(y, offset), values, room);
      });
}

void log_softmax_at_backward(Stream stream, DType dtype, Indexed layout, void* out, const void* g,
    const std::int64_t* classes, const void* y) {
  const std::int64_t size = layout.size, inner = layout.inner;
  visit_floating("log_softmax_at_backward", dtype, [&]<class T>(std::type_identity<T>) {
    for_each_part(
        stream, dtype, layout, false, [&](const SoftmaxSteps& steps, std::int64_t offset, void*, void*) {
          const std::int64_t line = offset / static_cast<std::int64_t>(sizeof(T)) / size;
          T* const to = static_cast<T*>(out) + line * size;
          const T* const slope = static_cast<const T*>(g) + line;
          kernels::unary(stream, arith::Exp(), dtype, steps.shape, to, at(y, offset));
          kernels::binary(stream, arith::Mul(), dtype, steps.shape, to, to, {slope, steps.across});
          kernels::binary(stream, arith::Sub(), dtype, steps.shape, to, 0.0, to);
          for (std::int64_t k = 0; k < steps.shape[0] * inner; ++k) {
            T& of_class = to[(k / inner * size + classes[line + k]) * inner + k % inner];
            of_class = slope[k] + of_class;
          }
        });
  });
}

}  // namespace tenon::kernels::cpu
