// The cases written for LibTorch. Each reads tenon's inputs in place.
#include <torch/torch.h>
#include <torch/version.h>

#include "peers.h"

namespace bench {
namespace {

using Torch = std::vector<torch::Tensor>;

torch::ScalarType type_of(const tenon::Tensor& tensor) {
  switch (tensor.dtype()) {
    case tenon::DType::float32: return torch::kFloat32;
    case tenon::DType::float64: return torch::kFloat64;
    case tenon::DType::int64: return torch::kInt64;
    case tenon::DType::boolean: return torch::kBool;
  }
  return torch::kFloat32;
}

torch::Tensor view(const tenon::Tensor& tensor) {
  std::vector<std::int64_t> sizes, strides;
  for (int d = 0; d < tensor.dim(); ++d) {
    sizes.push_back(tensor.size(d));
    strides.push_back(tensor.strides()[d]);
  }
  return torch::from_blob(const_cast<void*>(tensor.raw()), sizes, strides, torch::dtype(type_of(tensor)));
}
Torch views(const Tensors& tensors) {
  Torch all;
  for (const tenon::Tensor& tensor : tensors) all.push_back(view(tensor));
  return all;
}

struct FromTorch {
  Tensors operator()(const torch::Tensor& result) const {
    const torch::Tensor plain = result.detach().contiguous();
    const auto dtype = [&] {
      if (plain.scalar_type() == torch::kFloat64) return tenon::DType::float64;
      if (plain.scalar_type() == torch::kInt64) return tenon::DType::int64;
      return plain.scalar_type() == torch::kBool ? tenon::DType::boolean : tenon::DType::float32;
    };
    const tenon::Shape shape(std::span<const std::int64_t>(plain.sizes().data(), plain.sizes().size()));
    return {tenon::from_blob(plain.data_ptr(), shape, {.dtype = dtype()}).clone()};
  }
  Tensors operator()(const Torch& results) const {
    Tensors all;
    for (const torch::Tensor& result : results) all.push_back((*this)(result)[0]);
    return all;
  }
};

/// f(inputs) is the call.
template <class Function>
Make of(Function f) {
  return work([f](const Tensors& in) { return [f, in = views(in)] { return f(in); }; }, FromTorch{});
}
/// bind(inputs)() is.
template <class Bind>
Make bound(Bind bind) {
  return work([bind](const Tensors& in) { return bind(views(in)); }, FromTorch{});
}

torch::Tensor leaf(const torch::Tensor& x) { return x.detach().clone().requires_grad_(true); }

/// The gradient of f(x) for the last input as the gradient of the result.
template <class Function>
Make gradient(Function f) {
  return bound([f](const Torch& in) {
    const torch::Tensor x = leaf(in[0]);
    Torch all = in;
    all[0] = x;
    return [x, y = f(all), g = in.back()] { return torch::autograd::grad({y}, {x}, {g}, true); };
  });
}

template <class Loss>
Make loss_with_gradient(Loss loss) {
  return bound([loss](const Torch& in) {
    return [loss, x = leaf(in[0]), y = in[1]]() mutable {
      x.mutable_grad() = torch::Tensor();
      loss(x, y).backward();
      return x.grad();
    };
  });
}

Make sgd(double momentum) {
  return bound([momentum](const Torch& in) {
    Torch params;
    const std::size_t count = in.size() / 2;
    for (std::size_t i = 0; i < count; ++i) {
      params.push_back(leaf(in[i]));
      params.back().mutable_grad() = in[count + i].clone();
    }
    const auto optimizer = std::make_shared<torch::optim::SGD>(
        params, torch::optim::SGDOptions(0.1).momentum(momentum).weight_decay(0.01));
    return [optimizer, first = params[0]] {
      optimizer->step();
      return first;
    };
  });
}

struct Trainer {
  explicit Trainer(const Torch& in) : x(in[0]), y(in[1]), start(in.begin() + 2, in.end()) {
    Torch weights, biases;
    for (std::size_t i = 2; i < in.size(); i += 2) {
      layers.push_back(torch::nn::Linear(in[i].size(1), in[i].size(0)));
      const torch::NoGradGuard no_grad;
      layers.back()->weight.copy_(in[i]);
      layers.back()->bias.copy_(in[i + 1]);
      weights.push_back(layers.back()->weight);
      biases.push_back(layers.back()->bias);
    }
    using Options = torch::optim::SGDOptions;
    std::vector<torch::optim::OptimizerParamGroup> groups;
    groups.emplace_back(weights, std::make_unique<Options>(Options(0.003).weight_decay(3)));
    groups.emplace_back(biases);
    optimizer = std::make_unique<torch::optim::SGD>(groups, Options(0.003));
  }

  void step() {
    torch::Tensor h = layers[0](x);
    for (std::size_t i = 1; i < layers.size(); ++i) h = layers[i](torch::relu(h));
    const torch::Tensor loss = torch::mse_loss(h, y);
    optimizer->zero_grad();
    loss.backward();
    optimizer->step();
  }

  torch::Tensor x, y;
  Torch start;
  std::vector<torch::nn::Linear> layers;
  std::unique_ptr<torch::optim::SGD> optimizer;
};

Make training_step() {
  return work(
      [](const Tensors& in) {
        return [trainer = std::make_shared<Trainer>(views(in))] {
          trainer->step();
          return trainer.get();
        };
      },
      [](Trainer* trainer) {
        Torch changes;
        for (std::size_t i = 0; i < trainer->layers.size(); ++i) {
          changes.push_back(trainer->layers[i]->weight - trainer->start[2 * i]);
          changes.push_back(trainer->layers[i]->bias - trainer->start[2 * i + 1]);
        }
        return FromTorch{}(changes);
      });
}

/// The loader: LibTorch's DataLoader collates single samples, which is slow; what its users write for tensors
/// is this.
Make loader_epoch() {
  return bound([](const Torch& in) {
    return [x = in[0], y = in[1]] {
      torch::Tensor last;
      const torch::Tensor order = torch::randperm(x.size(0));
      for (const torch::Tensor& batch : order.split(32)) {
        last = x.index_select(0, batch);
        y.index_select(0, batch);
      }
      return last;
    };
  });
}

std::map<std::string, Make> cases() {
  using T = const Torch&;
  const auto two = [](auto f) { return of([f](T in) { return f(in[0], in[1]); }); };
  const auto n_of = [](T in) { return in[0].numel(); };
  const Make add = of([](T in) { return in[0] + in[1]; });
  const Make add_in_place = bound([](T in) { return [x = in[0].clone(), y = in[1]] { return x.add_(y); }; });
  const Make mm = of([](T in) { return torch::mm(in[0], in[1]); });
  const Make exp = of([](T in) { return torch::exp(in[0]); });
  const Make tanh = of([](T in) { return torch::tanh(in[0]); });
  const Make sin = of([](T in) { return torch::sin(in[0]); });
  const Make log = of([](T in) { return torch::log(in[0]); });
  const Make pow = of([](T in) { return torch::pow(in[0], 2.5); });
  const Make matmul = of([](T in) { return torch::matmul(in[0], in[1]); });
  const Make sum = of([](T in) { return in[0].sum(); });
  const Make transpose = of([](T in) { return in[0].t().contiguous(); });
  const auto rows = [](T in) { return in[0].index_select(0, in[1]); };
  const auto columns = [](T in) { return in[0].index_select(1, in[1]); };
  const auto pick = [](T in) { return in[0].gather(1, in[1]); };
  const auto mse = [](auto& a, auto& b) { return torch::mse_loss(a, b); };
  const auto l1 = [](auto& a, auto& b) { return torch::l1_loss(a, b); };
  const auto soft = [](T in) { return torch::softmax(in[0], -1); };
  const auto log_soft = [](T in) { return torch::log_softmax(in[0], -1); };
  const auto layer = [](T in) { return torch::layer_norm(in[0], {in[0].size(1)}, in[1], in[2]); };
  const auto conv = [](T in) { return torch::conv2d(in[0], in[1], in[2], 1, 1); };
  const auto cross_entropy = [](auto& a, auto& b) { return torch::nn::functional::cross_entropy(a, b); };
  const auto bce = [](auto& a, auto& b) { return torch::binary_cross_entropy(a, b); };
  const auto bce_logits = [](auto& a, auto& b) { return torch::binary_cross_entropy_with_logits(a, b); };
  std::map<std::string, Make> all{
      {"overhead/add", add},
      {"overhead/multiply_by_number", of([](T in) { return in[0] * 3.0; })},
      {"overhead/add_in_place", add_in_place},
      {"overhead/broadcast_add", add},
      {"overhead/sum", sum},
      {"overhead/narrow", of([](T in) { return in[0].narrow(0, 2, 4); })},
      {"overhead/transpose", of([](T in) { return in[0].t(); })},
      {"overhead/matmul", mm},
      {"overhead/zeros", of([](T in) { return torch::zeros_like(in[0]); })},
      {"overhead/record", bound([](T in) { return [x = leaf(in[0]), y = in[1]] { return x + y; }; })},
      {"overhead/backward", bound([](T in) {
         return [x = leaf(in[0]), y = in[1]]() mutable {
           x.mutable_grad() = torch::Tensor();
           (x * y + y).sum().backward();
           return x.grad();
         };
       })},

      {"elementwise/add", add},
      {"elementwise/multiply", of([](T in) { return in[0] * in[1]; })},
      {"elementwise/divide", of([](T in) { return in[0] / in[1]; })},
      {"elementwise/maximum", of([](T in) { return torch::maximum(in[0], in[1]); })},
      {"elementwise/greater", of([](T in) { return in[0] > in[1]; })},
      {"elementwise/add_float64", add},
      {"elementwise/add_in_place", add_in_place},
      {"elementwise/where", of([](T in) { return torch::where(in[0], in[1], in[2]); })},
      {"elementwise/where_number", of([](T in) { return torch::where(in[0], in[1], 0.5); })},
      {"elementwise/add_number", of([](T in) { return in[0] + 2.0; })},
      {"elementwise/relu", of([](T in) { return torch::relu(in[0]); })},
      {"elementwise/clamp", of([](T in) { return torch::clamp(in[0], -0.5, 0.5); })},
      {"elementwise/exp", exp},
      {"elementwise/tanh", tanh},
      {"elementwise/sigmoid", of([](T in) { return torch::sigmoid(in[0]); })},
      {"elementwise/sin", sin},
      {"elementwise/log", log},
      {"elementwise/sqrt", of([](T in) { return torch::sqrt(in[0]); })},
      {"elementwise/pow", pow},
      {"elementwise/exp_float64", exp},
      {"elementwise/tanh_float64", tanh},
      {"elementwise/sin_float64", sin},
      {"elementwise/log_float64", log},
      {"elementwise/pow_float64", pow},
      {"elementwise/add_row", add},
      {"elementwise/add_column", add},
      {"elementwise/relu_gradient", gradient([](T in) { return torch::relu(in[0]); })},
      {"elementwise/tanh_gradient", gradient([](T in) { return torch::tanh(in[0]); })},

      {"layout/copy", of([](T in) { return in[0].clone(); })},
      {"layout/transpose", transpose},
      {"layout/transpose_float64", transpose},
      {"layout/to_float64", of([](T in) { return in[0].to(torch::kFloat64); })},
      {"layout/multiply_transpose", of([](T in) { return in[0].t() * 2.0; })},
      {"layout/add_transposes", of([](T in) { return in[0].t() + in[1].t(); })},
      {"layout/every_other_column",
          of([](T in) { return in[0].slice(1, 0, in[0].size(1), 2).contiguous(); })},
      {"layout/permute", of([](T in) {
         return in[0].permute({0, 2, 1}).contiguous();
       })},
      {"layout/cat", of([](T in) { return torch::cat(in); })},
      {"layout/stack", of([](T in) { return torch::stack(in); })},

      {"matmul/batch", matmul},
      {"matmul/batch_and_matrix", matmul},

      {"reduce/sum", sum},
      {"reduce/sum_float64", sum},
      {"reduce/sum_int64", sum},
      {"reduce/mean", of([](T in) { return in[0].mean(); })},
      {"reduce/amax", of([](T in) { return in[0].amax(); })},
      {"reduce/sum_rows", of([](T in) { return in[0].sum(1); })},
      {"reduce/sum_columns", of([](T in) { return in[0].sum(0); })},
      {"reduce/sum_few_long_columns", of([](T in) { return in[0].sum(0); })},
      {"reduce/sum_many_short_rows", of([](T in) { return in[0].sum(1); })},
      {"reduce/sum_outer_dims", of([](T in) {
         return in[0].sum(std::vector<std::int64_t>{0, 2});
       })},
      {"reduce/sum_transpose", of([](T in) { return in[0].t().sum(); })},
      {"reduce/sum_of_columns_view", of([](T in) { return in[0].narrow(1, 0, in[0].size(1) / 2).sum(); })},
      {"loss/mse", two(mse)},
      {"loss/l1", two(l1)},
      {"loss/mse_with_gradient", loss_with_gradient(mse)},
      {"loss/l1_with_gradient", loss_with_gradient(l1)},

      {"softmax/softmax", of(soft)},
      {"softmax/softmax_gradient", gradient(soft)},
      {"softmax/log_softmax", of(log_soft)},
      {"softmax/log_softmax_gradient", gradient(log_soft)},
      {"layer/layer_norm", of(layer)},
      {"layer/layer_norm_gradient", gradient(layer)},
      {"layer/conv2d", of(conv)},
      {"layer/conv2d_gradient", gradient(conv)},
      {"layer/max_pool2d", of([](T in) { return torch::max_pool2d(in[0], 2); })},
      {"order/sort", of([](T in) { return std::get<0>(in[0].sort(-1)); })},
      {"order/cumsum", of([](T in) { return in[0].cumsum(-1); })},
      {"order/argmax", of([](T in) { return in[0].argmax(-1); })},
      {"loss/cross_entropy", two(cross_entropy)},
      {"loss/cross_entropy_with_gradient", loss_with_gradient(cross_entropy)},
      {"loss/binary_cross_entropy", two(bce)},
      {"loss/binary_cross_entropy_with_logits", two(bce_logits)},

      {"index/select_rows", of(rows)},
      {"index/select_columns", of(columns)},
      {"index/gather", of(pick)},
      {"index/gather_labels", of(pick)},
      {"index/select_rows_gradient", gradient(rows)},
      {"index/select_columns_gradient", gradient(columns)},
      {"index/gather_gradient", gradient(pick)},
      {"index/gather_labels_gradient", gradient(pick)},

      {"random/randn", of([=](T in) { return torch::randn({n_of(in)}); })},
      {"random/rand", of([=](T in) { return torch::rand({n_of(in)}); })},
      {"random/randint", of([=](T in) { return torch::randint(1000, {n_of(in)}, torch::kInt64); })},
      {"random/randperm", of([=](T in) { return torch::randperm(n_of(in)); })},
      {"random/arange",
          of([=](T in) { return torch::arange(static_cast<double>(n_of(in)), torch::kFloat32); })},
      {"random/linspace", of([=](T in) { return torch::linspace(0, 1, n_of(in)); })},
      {"random/full", of([=](T in) { return torch::full({n_of(in)}, 1.5); })},

      {"program/include", include_of("torch/torch.h", TENON_BENCH_TORCH_OPTIONS)},

      {"optimizer/sgd", sgd(0)},
      {"optimizer/sgd_momentum", sgd(0.9)},
      {"loader/epoch", loader_epoch()},
      {"step/mlp", training_step()},
  };
  add_products(all, mm);
#if TORCH_VERSION_MAJOR >= 2
  const auto attend = [](T in) { return torch::scaled_dot_product_attention(in[0], in[1], in[2]); };
  all["layer/attention"] = of(attend);
  all["layer/attention_gradient"] = gradient(attend);
#endif
  return all;
}

}  // namespace

const Library* libtorch() {
  static const Library library{
      "LibTorch", TORCH_VERSION, cases(), [](int threads) { torch::set_num_threads(threads); }, "libtorch"};
  return &library;
}

}  // namespace bench
