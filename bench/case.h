// What is measured: a case is a call of tenon in several sizes, for which other libraries may have a peer.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tenon/tenon.h>

namespace bench {

using Tensors = std::vector<tenon::Tensor>;
/// The numbers that make up a size, such as m, k and n of a product; `5x200x1` on the command line.
using Size = std::vector<std::int64_t>;

/// One library's call, ready to run. A call may change state of its own, such as a model's weights.
struct Work {
  std::function<void(std::int64_t calls)> run;  // makes the calls, one after another
  std::function<Tensors()> result;              // makes one call and returns what it computed
};
/// Prepares a call for each set of inputs. Calls take the sets in turn, so with many sets none finds its
/// inputs in a cache.
using Make = std::function<Work(const std::vector<Tensors>& sets)>;

/// The tensors in what a call of tenon returned.
struct TensorsOf {
  Tensors operator()(const tenon::Tensor& result) const { return {result}; }
  Tensors operator()(const Tensors& result) const { return result; }
};

/// Whether this is the transpose of a row-major matrix, or a part of one.
inline bool is_transposed(const tenon::Tensor& tensor) {
  return tensor.dim() == 2 && tensor.strides()[0] == 1 && tensor.strides()[1] != 1;
}

/// Makes the compiler compute a result that nobody uses.
template <class T>
void keep(const T& result) {
  asm volatile("" : : "r"(&result) : "memory");
}

/// Makes work of `bind`: bind(inputs)() is a call, and tensors_of(...) converts what it returned. The inputs
/// live as long as the work.
template <class Bind, class Results = TensorsOf>
Make work(Bind bind, Results tensors_of = {}) {
  return [=](const std::vector<Tensors>& sets) {
    using Call = decltype(bind(sets[0]));
    struct State {
      std::vector<Tensors> sets;
      std::vector<Call> calls{};
      std::size_t next = 0;
    };
    const auto state = std::make_shared<State>(State{sets});
    for (const Tensors& inputs : state->sets) state->calls.push_back(bind(inputs));
    return Work{[state](std::int64_t calls) {
                  for (std::int64_t i = 0; i < calls; ++i) {
                    keep(state->calls[state->next]());
                    if (++state->next == state->calls.size()) state->next = 0;
                  }
                },
        [state, tensors_of] { return tensors_of(state->calls[0]()); }};
  };
}
/// The same for a function of the inputs.
template <class Function, class Results = TensorsOf>
Make function(Function f, Results tensors_of = {}) {
  return work([f](const Tensors& in) { return [f, &in] { return f(in); }; }, tensors_of);
}

/// The gradient of f(operands) with respect to the first; the last input is the gradient of the result. The
/// forward pass is not timed.
template <class Function>
Make gradient_of(Function f) {
  return work([f](const Tensors& in) {
    Tensors operands(in.begin(), in.end() - 1);
    operands[0] = in[0].detach().set_requires_grad();
    return [x = operands[0], y = f(operands), &g = in.back()] {
      return tenon::autograd::grad(y, {x}, {.grad_outputs = {g}, .retain_graph = true});
    };
  });
}

/// Bytes that a call cannot help reading and writing.
struct Traffic {
  double read, written;
  bool in_place = false;  // writes where it reads
  double all() const { return read + written; }
};

struct Case {
  std::string name{};                             // group/what, as in reduce/sum
  std::vector<Size> sizes{};                      // measured unless --size names others
  std::function<Tensors(const Size&)> inputs{};   // random numbers, never zeros
  Make make{};                                    // tenon's call
  std::function<double(const Size&)> flops{};     // arithmetic that counts; without it, memory is the limit
  std::function<Traffic(const Size&)> traffic{};  // without it: reads all inputs, writes all results
  std::function<void(const Tensors&)> check_result{};  // throws; without it, see reference_of in measure.cpp
  double tolerance = 1e-5;                             // of a result, relative to its largest value
  std::vector<Size> cuda_sizes{};                      // on a CUDA device; without it, the last of `sizes`
  std::vector<Size> emulated_sizes{};  // in the emulator; without it, see sizes_on in select.cpp
  bool whole_calls = false;            // on a CUDA device, time calls with their host time
  bool only_cpu = false, only_cuda = false;
  bool own_bits = false;  // a CUDA device's result is within the tolerance, not bit for bit the CPU's
};

/// Every case, in the order of the report.
std::vector<Case> all_cases();

// Each file of cases/ has one of these.
std::vector<Case> overhead_cases();
std::vector<Case> elementwise_cases();
std::vector<Case> layout_cases();
std::vector<Case> reduce_cases();
std::vector<Case> softmax_cases();
std::vector<Case> matmul_cases();
std::vector<Case> index_cases();
std::vector<Case> random_cases();
std::vector<Case> training_cases();
std::vector<Case> layer_cases();
std::vector<Case> program_cases();

/// The size of the library of tenon that this program was linked with; 0 on another machine.
std::uintmax_t library_bytes();

/// Compiles a program that includes only this header.
Make include_of(const std::string& header, const std::string& options);

// ---- inputs

/// `count` tensors of normal numbers, of the size's shape.
inline auto normals(int count, tenon::DType dtype = tenon::DType::float32) {
  return [=](const Size& size) {
    Tensors all;
    for (int i = 0; i < count; ++i) all.push_back(tenon::randn(tenon::Shape(size), {.dtype = dtype}));
    return all;
  };
}
/// The same from [0, 1): sums do not cancel.
inline auto uniforms(int count, tenon::DType dtype = tenon::DType::float32) {
  return [=](const Size& size) {
    Tensors all;
    for (int i = 0; i < count; ++i) all.push_back(tenon::rand(tenon::Shape(size), {.dtype = dtype}));
    return all;
  };
}

}  // namespace bench
