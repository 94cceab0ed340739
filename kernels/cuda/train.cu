// Many steps of training a small network by one block. Its parameters, a batch and all intermediate results
// stay in shared memory, so a step costs some barriers instead of launches and trips to memory. Every result
// is in the order of the single operations: CHAIN or R for products (matmul/matmul.cu), R for sums.
#include <tenon/kernels/arith/elementwise.h>
#include <tenon/kernels/cuda/launch.h>
#include <tenon/kernels/train.h>
#include <tenon/kernels/cuda/reduce/tree.cuh>

namespace tenon::kernels::cuda {
namespace {

constexpr int train_threads = 256, train_warps = train_threads / warp_size, most_layers = 8;

/// A parameter: where it is in global memory and, `at`, in shared memory.
template <class T>
struct Parameter {
  T *values, *buffer;  // null: there is no bias, or no momentum
  int at, buffer_at;
  arith::Sgd<T> step;
};
template <class T>
struct Layer {
  int in, out,
      pitch;      // weight [out, in], a row every `pitch` elements: odd, so that a column is in all banks
  int output_at;  // its results [batch, out]
  Activation activation;
  Parameter<T> weight, bias;
};
template <class T>
struct Training {
  int layers, batch, x_at, y_at, gradient_at[2];
  std::int64_t steps;
  const T *x, *y;
  T* losses;
  Layer<T> layer[most_layers];
};
/// Shared memory, in three sizes.
template <class T, int KiB>
struct TrainMemory {
  T values[KiB * 1024 / static_cast<int>(sizeof(T))];
};

template <class T>
__device__ T activate(Activation activation, T v) {
  switch (activation) {
    case Activation::none: return v;
    case Activation::relu: return arith::Relu()(v);
    case Activation::tanh: return arith::Tanh()(v);
    case Activation::sigmoid: return arith::Sigmoid()(v);
  }
  return v;
}
/// The gradient before the activation whose result is y. (relu's result is positive where its input is.)
template <class T>
__device__ T deactivate(Activation activation, T g, T y) {
  switch (activation) {
    case Activation::none: return g;
    case Activation::relu: return arith::ReluBackward()(g, y);
    case Activation::tanh: return arith::TanhBackward()(g, y);
    case Activation::sigmoid: return arith::SigmoidBackward()(g, y);
  }
  return g;
}

/// Order R over n pairs, at most a chunk, by one warp.
template <class Op, class T, class A, class B>
__device__ T sum_by_warp(int n, const A& a, const B& b) {
  T acc[4];
  fill_with_identity<Op>(acc);
  for (int r = static_cast<int>(threadIdx.x) % warp_size; r < n; r += reduce_partials)
#pragma unroll
    for (int i = 0; i < 4; ++i)
      if (r + i * warp_size < n) acc[i] = into<Op>(acc[i], a(r + i * warp_size), b(r + i * warp_size));
  return arith::finish<Op>(group_tree<Op>(acc));
}

/// The product of [m, k] and [k, n]: a(i, q) and b(q, j) are elements, take(i, j, v) takes the results, once
/// each.
template <class T, class A, class B, class Take>
__device__ void multiply(int m, int n, int k, const A& a, const B& b, const Take& take) {
  const int thread = static_cast<int>(threadIdx.x);
  if (n == 1 && k > arith::longest_chain_of_a_column) {
    for (int i = thread / warp_size; i < m; i += train_warps) {
      const T v = sum_by_warp<arith::SumOfProducts, T>(
          k, [&](int q) { return a(i, q); }, [&](int q) { return b(q, 0); });
      if (thread % warp_size == 0) take(i, 0, v);
    }
    return;
  }
  for (int e = thread; e < m * n; e += train_threads) {
    const int i = e / n, j = e % n;
    T total = T(0);
    for (int c0 = 0; c0 < k; c0 += static_cast<int>(arith::chain_chunk)) {
      T sum = T(0);
      for (int q = c0; q < k && q < c0 + arith::chain_chunk; ++q) sum = num::fma(a(i, q), b(q, j), sum);
      total = total + sum;
    }
    take(i, j, total);
  }
}

/// Updates an element with its gradient.
template <class T>
__device__ void update(const Parameter<T>& p, bool is_first, T* memory, int i, T gradient) {
  arith::Sgd<T> step = p.step;
  step.first_step = step.first_step && is_first;
  if (p.buffer) step(memory[p.at + i], gradient, memory[p.buffer_at + i]);
  else step(memory[p.at + i], gradient);
}

/// Calls f(element of global memory, element of shared memory) for all parameters and their buffers.
template <class T, class F>
__device__ void for_each_parameter(const Training<T>& p, T* memory, const F& f) {
  for (int l = 0; l < p.layers; ++l) {
    const Layer<T>& layer = p.layer[l];
    for (int i = static_cast<int>(threadIdx.x); i < layer.in * layer.out; i += train_threads) {
      const int at = i / layer.in * layer.pitch + i % layer.in;
      f(layer.weight.values[i], memory[layer.weight.at + at]);
      if (layer.weight.buffer) f(layer.weight.buffer[i], memory[layer.weight.buffer_at + at]);
    }
    for (int i = static_cast<int>(threadIdx.x); layer.bias.values && i < layer.out; i += train_threads) {
      f(layer.bias.values[i], memory[layer.bias.at + i]);
      if (layer.bias.buffer) f(layer.bias.buffer[i], memory[layer.bias.buffer_at + i]);
    }
  }
}

template <class T, int KiB>
__global__ void __launch_bounds__(train_threads) train_network(const __grid_constant__ Training<T> p) {
  SIMT_SHARED_AT_LAUNCH(shared, TrainMemory<T, KiB>);
  T* const memory = shared.values;
  const int thread = static_cast<int>(threadIdx.x), batch = p.batch;
  const Layer<T>& last = p.layer[p.layers - 1];
  const int inputs = batch * p.layer[0].in, outputs = batch * last.out;
  for_each_parameter(p, memory, [](const T& global, T& here) { here = global; });

  for (std::int64_t s = 0; s < p.steps; ++s) {
    for (int i = thread; i < inputs; i += train_threads) memory[p.x_at + i] = p.x[s * inputs + i];
    for (int i = thread; i < outputs; i += train_threads) memory[p.y_at + i] = p.y[s * outputs + i];
    __syncthreads();

    // Forward, layer by layer: [batch, in] times the transpose of [out, in].
    const T* in = memory + p.x_at;
    for (int l = 0; l < p.layers; ++l) {
      const Layer<T>& layer = p.layer[l];
      const T *weight = memory + layer.weight.at,
              *bias = layer.bias.values ? memory + layer.bias.at : nullptr;
      T* const out = memory + layer.output_at;
      multiply<T>(
          batch, layer.out, layer.in, [&](int i, int q) { return in[i * layer.in + q]; },
          [&](int q, int j) { return weight[j * layer.pitch + q]; },
          [&](int i, int j, T v) {
            out[i * layer.out + j] = activate(layer.activation, bias ? v + bias[j] : v);
          });
      __syncthreads();
      in = out;
    }

    // The loss, and the gradient of the last layer before its activation, [batch, out].
    const T *result = memory + last.output_at, *target = memory + p.y_at;
    const T count = static_cast<T>(outputs);
    if (thread < warp_size) {
      const T sum = sum_by_warp<arith::SumOfSquaredDifferences, T>(
          outputs, [&](int i) { return result[i]; }, [&](int i) { return target[i]; });
      if (thread == 0) p.losses[s] = outputs != 1 ? sum / count : sum;
    }
    int side = 0;
    for (int i = thread; i < outputs; i += train_threads)
      memory[p.gradient_at[side] + i] = deactivate(
          last.activation, arith::ScaledDifference()(T(1), result[i], target[i], T(2), count), result[i]);
    __syncthreads();

    // Backward: the gradient of a layer's input, [batch, in], before its weight changes.
    for (int l = p.layers - 1; l >= 0; --l, side ^= 1) {
      const Layer<T>& layer = p.layer[l];
      const T *g = memory + p.gradient_at[side], *weight = memory + layer.weight.at;
      const T* const input = l > 0 ? memory + p.layer[l - 1].output_at : memory + p.x_at;
      if (l > 0) {
        T* const next = memory + p.gradient_at[side ^ 1];
        multiply<T>(
            batch, layer.in, layer.out, [&](int i, int q) { return g[i * layer.out + q]; },
            [&](int q, int j) { return weight[q * layer.pitch + j]; },
            [&](int i, int j, T v) {
              const int at = i * layer.in + j;
              next[at] = deactivate(p.layer[l - 1].activation, v, input[at]);
            });
        __syncthreads();
      }
      // The gradient of the weight, as the operations compute it: linear() that of the weight, matmul() that
      // of its transpose.
      if (layer.bias.values)
        multiply<T>(
            layer.out, layer.in, batch, [&](int i, int q) { return g[q * layer.out + i]; },
            [&](int q, int j) { return input[q * layer.in + j]; },
            [&](int i, int j, T v) { update(layer.weight, s == 0, memory, i * layer.pitch + j, v); });
      else
        multiply<T>(
            layer.in, layer.out, batch, [&](int i, int q) { return input[q * layer.in + i]; },
            [&](int q, int j) { return g[q * layer.out + j]; },
            [&](int i, int j, T v) { update(layer.weight, s == 0, memory, j * layer.pitch + i, v); });
      if (layer.bias.values)
        for (int o = thread / warp_size; o < layer.out; o += train_warps) {
          const T v = arith::finish<arith::Sum>(
              upper_chunk<arith::Sum, T>(batch, [&](int q) { return g[q * layer.out + o]; }));
          if (thread % warp_size == 0) update(layer.bias, s == 0, memory, o, v);
        }
      __syncthreads();
    }
  }
  for_each_parameter(p, memory, [](T& global, const T& here) { global = here; });
}

/// Fills in the launch's argument; returns the elements of shared memory that it needs.
template <class T>
std::int64_t prepare(Training<T>& p, std::span<const TrainedLayer> layers) {
  std::int64_t used = 0, widest = 0;
  const auto take = [&used](std::int64_t elements) {
    const std::int64_t at = used;
    used += elements;
    return static_cast<int>(at);
  };
  const auto parameter = [&](const SgdItem& item, std::int64_t elements) {
    Parameter<T> result{
        static_cast<T*>(item.param), static_cast<T*>(item.momentum_buffer), 0, 0, step_of<T>(item)};
    if (item.param) result.at = take(elements);
    if (item.momentum_buffer) result.buffer_at = take(elements);
    return result;
  };
  p.x_at = take(p.batch * layers[0].in);
  p.y_at = take(p.batch * layers.back().out);
  p.layers = static_cast<int>(layers.size());
  for (int l = 0; l < p.layers; ++l) {
    const TrainedLayer& from = layers[static_cast<std::size_t>(l)];
    Layer<T>& layer = p.layer[l];
    layer.in = static_cast<int>(from.in), layer.out = static_cast<int>(from.out);
    layer.pitch = layer.in | 1;
    layer.activation = from.activation;
    layer.weight = parameter(from.weight, from.out * layer.pitch);
    layer.bias = parameter(from.bias, from.out);
    layer.output_at = take(p.batch * from.out);
    widest = std::max(widest, from.out);
  }
  for (int& at : p.gradient_at) at = take(p.batch * widest);
  return used;
}

template <class T>
bool run(Stream stream, std::span<const TrainedLayer> layers, std::int64_t steps, std::int64_t batch,
    const void* x, const void* y, void* losses) {
  // Every sum must fit a chunk of order R.
  if (layers.empty() || layers.size() > most_layers || batch > reduce_chunk ||
      batch * layers.back().out > reduce_chunk)
    return false;
  for (const TrainedLayer& layer : layers)
    if (layer.in < 1 || layer.in > reduce_chunk || layer.out < 1 || layer.out > reduce_chunk) return false;
  Training<T> p{};
  p.batch = static_cast<int>(batch), p.steps = steps;
  p.x = static_cast<const T*>(x), p.y = static_cast<const T*>(y), p.losses = static_cast<T*>(losses);
  const std::size_t needed = static_cast<std::size_t>(prepare(p, layers)) * sizeof(T);
  const std::size_t room = tenon::cuda::shared_memory(stream.device());
  const auto fits = [&]<int KiB>(std::integral_constant<int, KiB>) {
    using Memory = TrainMemory<T, KiB>;
    if (needed > sizeof(Memory) || sizeof(Memory) > room) return false;
    launch_with_shared(sizeof(Memory), {stream, "train_network", {steps, batch, layers[0].in}},
        train_network<T, KiB>, 1, train_threads, p);
    return true;
  };
  return fits(std::integral_constant<int, 16>()) || fits(std::integral_constant<int, 64>()) ||
         fits(std::integral_constant<int, 224>());
}

}  // namespace

bool train(Stream stream, DType dtype, std::span<const TrainedLayer> layers, std::int64_t steps,
    std::int64_t batch, const void* x, const void* y, void* losses) {
  bool done = false;
  visit_floating("train", dtype,
      [&]<class T>(std::type_identity<T>) { done = run<T>(stream, layers, steps, batch, x, y, losses); });
  return done;
}

}  // namespace tenon::kernels::cuda
