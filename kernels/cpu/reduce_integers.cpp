#include <tenon/kernels/cpu/reduce_integers.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include <tenon/core/parallel.h>
#include <tenon/kernels/cpu/dispatch.h>
#include <tenon/kernels/reduce_plan.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 32768;

class IntegerReduction {
 public:
  IntegerReduction(
      arith::ReduceOp op, DType dtype, const ReductionPlan& plan, const char* a, std::int64_t* out)
      : loops_(loops_of(op, dtype)),
        combine_(loops_of(op, DType::int64)),
        plan_(plan),
        size_(static_cast<std::int64_t>(size_of(dtype))),
        a_(a),
        out_(out) {}

  void run() {
    if (plan_.outputs == 0) return;
    if (plan_.length == 0) {
      std::fill_n(out_, plan_.outputs, loops_.identity);
      return;
    }
    const Dims<2>&kept = plan_.kept, &reduced = plan_.reduced;
    const bool beside = kept.rank > 0 && kept.stride[0][kept.rank - 1] == 1 && kept.size[kept.rank - 1] >= 16;
    const bool behind = reduced.rank > 0 && reduced.stride[0][reduced.rank - 1] == 1;
    if (beside && !behind) across();
    else lines();
  }

 private:
  static const IntegerReduceLoops& loops_of(arith::ReduceOp op, DType dtype) {
    return cpu_table().reduce_integers[static_cast<int>(dtype)][op.index];
  }
  const char* at(std::int64_t offset) const { return a_ + offset * size_; }

  // Neighbouring outputs reduce neighbouring elements: row by row.
  void across() {
    const Dims<2>&kept = plan_.kept, &reduced = plan_.reduced;
    const int inner = kept.rank - 1;
    const std::int64_t width = kept.size[inner], block = std::min<std::int64_t>(width, 256),
                       blocks = (width + block - 1) / block;
    parallel_for(plan_.outputs / width * blocks,
        std::max<std::int64_t>(1, grain / (plan_.length * block + 1)),
        [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t row = i / blocks, j = i % blocks * block, n = std::min(block, width - j);
            const std::int64_t start = Position<2>(kept, inner, row).offset[0] + j;
            std::int64_t* const out = out_ + row * width + j;
            std::fill_n(out, n, loops_.identity);
            Position<2> here(reduced, reduced.rank, 0);
            for (std::int64_t q = 0; q < plan_.length; ++q, here.advance(reduced, reduced.rank, 1))
              loops_.across(n, at(start + here.offset[0]), out);
          }
        });
  }

  // Output by output, each in pieces, which threads share.
  void lines() {
    const std::int64_t length = plan_.length,
                       pieces = std::max<std::int64_t>(1, (length + grain - 1) / grain);
    std::vector<std::int64_t> partials(pieces > 1 ? static_cast<std::size_t>(plan_.outputs * pieces) : 0);
    std::int64_t* const to = pieces > 1 ? partials.data() : out_;
    parallel_for(plan_.outputs * pieces, std::max<std::int64_t>(1, grain / (length + 1)),
        [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t first = i % pieces * grain;
            to[i] = piece(i / pieces, first, std::min(grain, length - first));
          }
        });
    if (pieces == 1) return;
    for (std::int64_t o = 0; o < plan_.outputs; ++o)
      out_[o] = combine_.line(pieces, partials.data() + o * pieces, 1, loops_.identity);
  }

  // Elements [first, first + count) of an output, in runs of the innermost reduced dimension.
  std::int64_t piece(std::int64_t output, std::int64_t first, std::int64_t count) const {
    const Dims<2>& reduced = plan_.reduced;
    const std::int64_t start = Position<2>(plan_.kept, plan_.kept.rank, output).offset[0];
    if (reduced.rank == 0) return loops_.line(count, at(start), 1, loops_.identity);
    const int inner = reduced.rank - 1;
    std::int64_t partial = loops_.identity;
    Position<2> here(reduced, reduced.rank, first);
    while (count > 0) {
      const std::int64_t n = std::min(count, reduced.size[inner] - here.index[inner]);
      partial = loops_.line(n, at(start + here.offset[0]), reduced.stride[0][inner], partial);
      here.advance(reduced, reduced.rank, n);
      count -= n;
    }
    return partial;
  }

  const IntegerReduceLoops &loops_, &combine_;
  const ReductionPlan& plan_;
  std::int64_t size_;  // of an element, in bytes
  const char* a_;
  std::int64_t* out_;
};

}  // namespace

void reduce_integers(arith::ReduceOp op, DType dtype, const Shape& shape, std::uint32_t dims,
    std::int64_t* out, const Operand& a) {
  const auto whole = static_cast<std::int64_t>(a.value);
  const auto flag = static_cast<std::uint8_t>(a.value);
  LoopOperand operand = reduce_operand(a, dtype == DType::int64 ? static_cast<const void*>(&whole) : &flag);
  // The reduced dimensions in the order of their strides, so that the innermost runs are long and contiguous.
  Shape sizes = shape;
  Strides strides;
  if (operand.strides && !operand.repeats) {
    strides = *operand.strides;
    operand.strides = &strides;
    for (int i = 0; i < shape.rank(); ++i)
      for (int j = i + 1; j < shape.rank(); ++j)
        if (dims >> i & 1 && dims >> j & 1 && std::abs(strides[i]) < std::abs(strides[j])) {
          std::swap(strides[i], strides[j]);
          std::swap(sizes[i], sizes[j]);
        }
  }
  IntegerReduction(op, dtype, ReductionPlan(sizes, dims, operand, operand), operand.data, out).run();
}

}  // namespace tenon::kernels::cpu
