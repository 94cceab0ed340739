// cuda::Graph: replays do what the recorded work would do, and nobody else gets the memory of a graph.
#include <optional>
#include <thread>

#include <tenon/core/cuda.h>

#include "../support/catch.h"
#include "../support/device.h"
#include "../support/tensors.h"

using namespace tenon;
using test::device;
using test::error_of;

namespace {

Options there() { return {.device = device()}; }

/// A small network with momentum and two groups.
struct Model {
  Tensor x = empty({8, 12}, there()), y = empty({8, 3}, there());
  nn::Linear first{12, 16, {.device = device()}}, second{16, 3, {.device = device()}};
  optim::SGD optimizer{{{.params = {first.weight, second.weight}, .weight_decay = 0.1},
                           {.params = {first.bias, second.bias}, .lr = 0.02}},
      {.lr = 0.01, .momentum = 0.9, .nesterov = true}};
  Tensor loss;

  explicit Model(std::uint64_t seed) {
    manual_seed(seed);
    const NoGradGuard no_grad;
    for (const Tensor& p : {first.weight, first.bias, second.weight, second.bias})
      p.copy_(randn(p.shape(), there()));
  }
  void load(std::uint64_t seed) {
    Generator generator(seed);
    x.copy_(randn(x.shape(), generator, there()));
    y.copy_(randn(y.shape(), generator, there()));
  }
  void step() {
    loss = mse_loss(second(relu(first(x))), y);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  std::vector<Tensor> all() const { return {first.weight, first.bias, second.weight, second.bias, loss}; }
};

void require_same(const Model& a, const Model& b) {
  for (std::size_t i = 0; i < a.all().size(); ++i)
    REQUIRE(bitwise_equal(a.all()[i].detach(), b.all()[i].detach()));
}

}  // namespace

TEST_CASE("graph: replays train as the steps do, with new inputs and rates") {
  Model eager(1), replayed(1);
  for (Model* model : {&eager, &replayed}) {
    model->load(0);
    model->step();
  }
  cuda::Graph graph([&] { replayed.step(); });
  for (std::uint64_t i = 1; i < 6; ++i) {
    for (Model* model : {&eager, &replayed}) {
      model->load(i);
      model->optimizer.set_lr(1, 0.03 / static_cast<double>(i));
    }
    eager.step();
    graph.replay();
    require_same(eager, replayed);
  }
}

TEST_CASE("graph: replays of an Adam step count the steps") {
  const auto trained = [](bool replayed) {
    const Tensor w = tensor({1, -2, 0.5}, there()).set_requires_grad();
    optim::AdamW optimizer({w}, {.lr = 0.1});
    const auto step = [&] {
      optimizer.zero_grad();
      (w * w).sum().backward();
      optimizer.step();
    };
    step();
    std::optional<cuda::Graph> graph;
    if (replayed) graph.emplace(step);
    for (int i = 0; i < 4; ++i) replayed ? graph->replay() : step();
    return std::pair{w.cpu().detach(), optimizer.state_dict()};
  };
  const auto [wanted, steps] = trained(false);
  const auto [found, replays] = trained(true);
  REQUIRE(bitwise_equal(found, wanted));
  REQUIRE(test::bitwise_equal(replays, steps));
  REQUIRE(replays[0].first == "state.0.step");
  REQUIRE(replays[0].second.item<std::int64_t>() == 5);
}

TEST_CASE("graph: recording runs nothing") {
  const Tensor x = ones({1000}, there());
  cuda::Graph graph([&] { x.add_(1); });
  REQUIRE(x.sum().item<float>() == 1000);
  graph.replay();
  graph.replay();
  REQUIRE(x.sum().item<float>() == 3000);
}

TEST_CASE("graph: it holds what a step needs, also if the optimizer is gone") {
  Model eager(1);
  auto replayed = std::make_unique<Model>(1);
  for (Model* model : {&eager, replayed.get()}) {
    model->load(0);
    model->step();
  }
  auto optimizer = std::make_unique<optim::SGD>(std::move(replayed->optimizer));
  cuda::Graph graph([&] {
    replayed->loss = mse_loss(replayed->second(relu(replayed->first(replayed->x))), replayed->y);
    optimizer->zero_grad();
    replayed->loss.backward();
    optimizer->step();
  });
  optimizer.reset();
  for (int i = 0; i < 3; ++i) {
    eager.step();
    graph.replay();
  }
  require_same(eager, *replayed);
}

TEST_CASE("graph: each replay draws the numbers of the next random call") {
  for (const auto& draw : std::vector<std::function<Tensor()>>{[] { return rand({1000}, there()); },
           [] { return randn({1000}, there()); }, [] { return randint(0, 100, {1000}, there()); },
           [] { return empty({1000}, there()).uniform_(2, 3); },
           [] { return dropout(ones({1000}, there())); }}) {
    manual_seed(5);
    const std::vector<Tensor> wanted{draw(), draw(), draw()};
    manual_seed(5);
    Tensor drawn;
    cuda::Graph graph([&] { drawn = draw(); });
    for (const Tensor& one : wanted) {
      graph.replay();
      REQUIRE(bitwise_equal(drawn, one));
    }
  }
}

TEST_CASE("graph: replays update the running statistics of a batch_norm") {
  const Tensor x = randn({20, 3}, there());
  nn::BatchNorm1d eager(3), replayed(3);
  for (nn::BatchNorm1d* layer : {&eager, &replayed}) layer->to(device());
  cuda::Graph graph([&] { replayed(x); });
  for (int i = 0; i < 3; ++i) {
    eager(x);
    graph.replay();
    REQUIRE(bitwise_equal(replayed.running_mean, eager.running_mean));
    REQUIRE(bitwise_equal(replayed.running_var, eager.running_var));
    REQUIRE(bitwise_equal(replayed.num_batches_tracked, eager.num_batches_tracked));
  }
}

TEST_CASE("graph: values written in the work are copied in each replay") {
  Tensor sum = zeros({3}, there());
  cuda::Graph graph([&] { sum.add_(tensor({1., 2., 3.}, there())); });
  for (int i = 0; i < 4; ++i) graph.replay();
  REQUIRE(bitwise_equal(sum, tensor({4., 8., 12.}, there())));
}

TEST_CASE("graph: nobody else gets memory that replays write") {
  constexpr std::int64_t n = 5000;
  Tensor input = full({n}, 2, there());
  Tensor result;
  cuda::Graph graph([&] {
    const Tensor temporary = input * 3 + 1;  // released by the work
    result = temporary * temporary;
    input.add_(1);
  });
  const Tensor kept = result;
  result = Tensor();
  input = Tensor();  // made before the work, which still writes to it
  std::vector<Tensor> others;
  for (int i = 0; i < 10; ++i) others.push_back(full({n}, i, there()));
  graph.replay();
  REQUIRE(bitwise_equal(kept, full({n}, 49, there())));
  graph.replay();
  REQUIRE(bitwise_equal(kept, full({n}, 100, there())));
  for (int i = 0; i < 10; ++i)
    REQUIRE(bitwise_equal(others[static_cast<std::size_t>(i)], full({n}, i, there())));
}

TEST_CASE("graph: memory that one graph uses is not reused by another") {
  constexpr std::int64_t n = 5000;
  Tensor x = ones({n}, there()), sum, product;
  const Tensor y = full({n}, 2, there());
  cuda::Graph first([&] { sum = x + 1; });
  cuda::Graph second([&] {
    x = Tensor();
    product = y * 3;
  });
  second.replay();
  first.replay();
  REQUIRE(bitwise_equal(sum, full({n}, 2, there())));
  REQUIRE(bitwise_equal(product, full({n}, 6, there())));
}

TEST_CASE("graph: a replay counts as a write to the tensors that it changes in place") {
  const Tensor x = ones({4}, there()), w = ones({4}, there()).set_requires_grad();
  cuda::Graph graph([&] { x.add_(1); });
  const Tensor loss = (w * x).sum();
  graph.replay();
  REQUIRE(error_of([&] { loss.backward(); }).find("has been modified in place") != std::string::npos);
}

TEST_CASE("graph: its memory is returned when the last graph that uses it is destroyed") {
  const auto held = [] { return cuda::memory_use(device()).allocated; };
  const std::size_t before = held();
  Tensor x = ones({100'000}, there());
  {
    cuda::Graph first([&] { (x * 2).add_(1); });
    cuda::Graph second([&] { x.add_(1); });
    first = cuda::Graph([&] { x.mul_(3); });
    second.replay();
    first.replay();
    REQUIRE(x.narrow(0, 0, 1).item<float>() == 6);
    x = Tensor();
  }
  REQUIRE(held() == before);
  cuda::empty_cache(device());
  REQUIRE(cuda::memory_use(device()).cached == 0);
}

TEST_CASE("graph: an index out of range is reported by the wait after a replay") {
  const Tensor x = randn({10, 4}, there());
  const Tensor index = tensor({1, 2, 3}, {.dtype = DType::int64, .device = device()});
  Tensor rows;
  cuda::Graph graph([&] { rows = index_select(x, 0, index); });
  graph.replay();
  REQUIRE(bitwise_equal(rows, x.narrow(0, 1, 3)));
  index.fill_(10);
  // With TENON_SYNC the replay itself waits, and throws.
  const std::string error = error_of([&] {
    graph.replay();
    cuda::synchronize(device());
  });
  REQUIRE(error.find("index 10 at position 0") != std::string::npos);
  index.fill_(0);
  graph.replay();
  REQUIRE(rows.shape() == Shape{3, 4});
  cuda::synchronize(device());
}

TEST_CASE("graph: work that cannot be repeated is refused, and leaves everything usable") {
  const Tensor x = ones({4}, there());
  const auto refused = [&](const std::function<void()>& work) {
    const std::string error = error_of([&] { cuda::Graph graph(work); });
    REQUIRE(x.sum().item<float>() == 4);
    return error;
  };
  const std::string waits =
      ": a cuda::Graph is recording the stream's work, which runs only when it is replayed";
  REQUIRE(refused([&] { (x + 1).sum().item<float>(); }).find("item" + waits) == 0);
  REQUIRE(refused([&] { (x + 1).to(Device::cpu()); }).find("to" + waits) == 0);
  REQUIRE(refused([&] { x + 1, cuda::synchronize(device()); }).find("synchronize" + waits) == 0);
  REQUIRE(refused([&] { x + 1, cuda::empty_cache(device()); }).find("empty_cache" + waits) == 0);
  REQUIRE(refused([&] { cuda::Event().record(Stream::current(device())); }).find("event" + waits) == 0);
  REQUIRE(refused([&] {
    randperm(10, {.dtype = DType::int64, .device = device()});
  }).find("randperm: an operation computes values on the CPU") == 0);
  REQUIRE(refused([] {}).find("graph: the work has enqueued nothing on cuda:0 stream 0") == 0);
  REQUIRE(refused([&] { cuda::Graph inner([&] { x + 1; }); }).find("is being recorded already") !=
          std::string::npos);
  cuda::Graph other([&] { x + 1; });
  REQUIRE(refused([&] { x + 1, other.replay(); }).find("replay" + waits) == 0);
  REQUIRE(refused([&] {
    std::string said;
    std::thread([&] { said = error_of([&] { x + 1; }); }).join();
    throw Error(said);
  }).find("add: another thread is recording the work of cuda:0 stream 0") == 0);

  Model model(1);
  model.load(0);
  REQUIRE(refused([&] { model.step(); }).find("call step() once before") != std::string::npos);
  model.step();
  cuda::Graph moved = std::move(other);
  REQUIRE(error_of([&] { other.replay(); }).find("replay: the graph was moved from") == 0);
  moved.replay();
  REQUIRE(error_of([&] { cuda::Graph graph([] {}, Device::cpu()); }).find("graph: needs a CUDA device") == 0);
}

TEST_CASE("graph: one may be destroyed while another is recorded") {
  const Tensor x = ones({4}, there()), y = zeros({3}, there());
  std::optional<cuda::Graph> old;
  old.emplace([&] { y.copy_(tensor({1., 2., 3.}, there())); });
  old->replay();
  cuda::Graph graph([&] {
    x.add_(1);
    old.reset();
  });
  graph.replay();
  REQUIRE(x.sum().item<float>() == 8);
  REQUIRE(y.sum().item<float>() == 6);
}

TEST_CASE("graph: on a stream of its own") {
  const cuda::StreamGuard guard(Stream::create(device()));
  const Tensor x = ones({100}, there());
  cuda::Graph graph([&] { x.mul_(2); });
  {
    const Tensor elsewhere = ones({3}, {.device = Device::cpu()});
    graph.replay();
  }
  graph.replay();
  REQUIRE(x.sum().item<float>() == 400);
}
