// The tape explorer: what is recorded, that recording changes nothing, and the page.
#include <chrono>
#include <cmath>
#include <iomanip>
#include <limits>
#include <set>
#include <sstream>
#include <thread>

#include "../support/catch.h"

#include <tenon/autograd/explore/page.h>
#include <tenon/autograd/explore/recording.h>

#include "../support/files.h"
#include "../support/op_cases.h"
#include "../support/tensors.h"

using namespace tenon;
using autograd::Excerpt;
using autograd::RecordedNode;
using autograd::Recording;
using test::error_of;
using test::number;
using test::value;

namespace {

Recording recorded(const Tensor& loss, const autograd::ExploreOptions& options = {}) {
  Call call("explore", CallSite::current());
  return autograd::record_backward(call, loss, options);
}

const RecordedNode& node(const Recording& recording, const std::string& name) {
  for (const RecordedNode& each : recording.nodes)
    if (each.name == name || each.op == name) return each;
  throw std::runtime_error("no node " + name);
}

/// True if an excerpt of everything has exactly these elements.
bool is(const std::optional<Excerpt>& excerpt, const Tensor& expected) {
  if (!excerpt || excerpt->shape != expected.shape()) return false;
  const Tensor found = tensor(std::vector<double>(excerpt->values)).to(expected.dtype());
  return bitwise_equal(found.reshape(expected.shape()), expected.detach());
}

/// The parts of a node's gradient, in the order in which they arrived.
std::vector<const Excerpt*> parts(const Recording& recording, const RecordedNode& of) {
  std::vector<const Excerpt*> found;
  for (const auto& visit : recording.visits)
    for (const auto& edge : recording.nodes[static_cast<std::size_t>(visit.node)].edges)
      if (&recording.nodes[static_cast<std::size_t>(edge.to)] == &of && edge.part)
        found.push_back(&*edge.part);
  return found;
}

/// A network that uses a hidden value three times, with its loss.
struct Seed {
  Seed() { manual_seed(3); }
};
struct Network : Seed {
  nn::Linear first{4, 6}, second{6, 6}, last{6, 1};
  Tensor x = randn({5, 4}), hidden, loss;
  Network() {
    hidden = tanh(first(x));
    const Tensor after = sigmoid(second(hidden)) * hidden + hidden;
    loss = last(after).square().mean();
  }
  std::vector<std::pair<std::string, Tensor>> names() const {
    return {{"first.weight", first.weight}, {"first.bias", first.bias}, {"second.weight", second.weight},
        {"second.bias", second.bias}, {"last.weight", last.weight}, {"last.bias", last.bias},
        {"hidden", hidden}, {"x", x}};
  }
};

}  // namespace

TEST_CASE("explore: the gradients are those of backward(), bit by bit", "[explore]") {
  const Network plain, explored;
  plain.loss.backward();
  const Recording recording = recorded(explored.loss, {.names = explored.names()});
  for (std::size_t i = 0; i < 6; ++i) {
    const auto [name, parameter] = explored.names()[i];
    INFO(name);
    const Tensor expected = plain.names()[i].second.grad();
    REQUIRE(bitwise_equal(parameter.grad(), expected));
    REQUIRE(is(node(recording, name).gradient, expected));
    REQUIRE(is(node(recording, name).stored, expected));
    REQUIRE(is(node(recording, name).value, parameter));
    REQUIRE_FALSE(node(recording, name).accumulated);
  }
  REQUIRE(is(recording.nodes[0].value, explored.loss));
  REQUIRE(is(node(recording, "hidden").value, explored.hidden));
  // Every gradient is the sum of its parts, in the order of their arrival.
  for (const RecordedNode& each : recording.nodes) {
    const auto all = parts(recording, each);
    if (&each == &recording.nodes[0]) continue;
    REQUIRE(all.size() == (each.name == "hidden" ? 3 : 1));
    for (std::size_t i = 0; i < each.gradient->values.size(); ++i) {
      auto sum = static_cast<float>(all[0]->values[i]);
      for (std::size_t k = 1; k < all.size(); ++k) sum += static_cast<float>(all[k]->values[i]);
      REQUIRE(sum == static_cast<float>(each.gradient->values[i]));
    }
  }
  // The next passes are ordinary ones.
  const Network again;
  again.loss.backward();
  REQUIRE(bitwise_equal(again.first.weight.grad(), plain.first.weight.grad()));
}

TEST_CASE("explore: nodes run in the order of the pass, from a heap by depth", "[explore]") {
  const Network net;
  const Recording recording = recorded(net.loss);
  const auto& nodes = recording.nodes;
  REQUIRE(recording.visits.size() == nodes.size());
  REQUIRE(recording.visits[0].node == 0);
  std::vector<std::size_t> arrived(nodes.size()), expected(nodes.size());
  for (const RecordedNode& each : nodes)
    for (const auto& edge : each.edges) ++expected[static_cast<std::size_t>(edge.to)];
  std::set<int> waits{0}, ran;
  for (const auto& visit : recording.visits) {
    const auto at = static_cast<std::size_t>(visit.node);
    REQUIRE(arrived[at] == expected[at]);  // nothing arrives later
    REQUIRE(ran.insert(visit.node).second);
    waits.erase(visit.node);
    REQUIRE(std::set<int>(visit.waiting.begin(), visit.waiting.end()) == waits);
    const auto depth = [&](int i) { return nodes[static_cast<std::size_t>(i)].depth; };
    REQUIRE(std::is_heap(
        visit.waiting.begin(), visit.waiting.end(), [&](int a, int b) { return depth(a) < depth(b); }));
    for (const int other : visit.waiting) REQUIRE(depth(other) <= nodes[at].depth);
    for (const auto& edge : nodes[at].edges) {
      ++arrived[static_cast<std::size_t>(edge.to)];
      waits.insert(edge.to);
    }
  }
  REQUIRE(waits.empty());
}

TEST_CASE("explore: a value used several times, and what depth-first order would give", "[explore]") {
  const Tensor x = number(3);
  const Tensor y = x * x + x;  // y' = 2 x + 1
  const Recording recording = recorded(y, {.names = {{"x", x}}});
  const RecordedNode& leaf = node(recording, "x");
  REQUIRE(value(x.grad()) == 7);
  const auto all = parts(recording, leaf);
  REQUIRE(all.size() == 3);
  REQUIRE(all[0]->values[0] + all[1]->values[0] + all[2]->values[0] == 7);
  REQUIRE(is(leaf.depth_first, tensor(3, {.dtype = DType::float64})));  // the first part through x * x
  const Tensor z = number(2);
  const Recording chain = recorded(exp(z * 3), {.names = {{"z", z}}});
  REQUIRE_FALSE(node(chain, "z").depth_first);  // every order is right
}

TEST_CASE("explore: the part of a broadcast input, before and after its sum", "[explore]") {
  const Tensor a = tensor({{1, 2, 3}, {4, 5, 6}}, {.requires_grad = true});
  const Tensor b = tensor({1, 10, 100}, {.requires_grad = true});
  const Recording recording = recorded((a * b).sum());
  const auto& edges = node(recording, "mul").edges;
  REQUIRE(edges[0].broadcast);
  REQUIRE_FALSE(edges[0].unsummed);
  REQUIRE(is(edges[1].unsummed, a));
  REQUIRE(is(edges[1].part, tensor({5, 7, 9})));
  REQUIRE(is(edges[1].spoiled, tensor({10, 14, 18})));  // from twice a
}

TEST_CASE("explore: saved tensors are listed, tried out and left as they are", "[explore]") {
  const Tensor x = tensor({0.5, -2}, {.requires_grad = true}), c = tensor({3, 4});
  const Tensor y = exp(x), loss = (y * c).sum();
  const std::uint32_t version = c.version();
  const Recording recording =
      recorded(loss, {.names = {{"x", x}, {"c", c}}, .backward = {.retain_graph = true}});
  const Tensor gradient = x.grad().clone();
  REQUIRE(bitwise_equal(gradient, y.detach() * c));
  const auto& output = node(recording, "exp").edges[0].saved.at(0);
  REQUIRE(output.kind == autograd::SavedVisitor::Kind::output);
  REQUIRE(&recording.nodes[static_cast<std::size_t>(output.node)] == &node(recording, "exp"));
  REQUIRE(is(node(recording, "exp").value, y));
  const auto& constant = node(recording, "mul").edges[0].saved.at(0);
  REQUIRE(constant.node == -1);
  REQUIRE(constant.name == "c");
  REQUIRE(is(constant.value, c));
  REQUIRE(constant.bytes >= 8);
  REQUIRE(constant.storage != output.storage);
  REQUIRE(is(node(recording, "exp").edges[0].spoiled, gradient * 2));
  REQUIRE(is(node(recording, "mul").edges[0].spoiled, c * 2));
  REQUIRE(recording.keeps_graph);

  REQUIRE(c.version() == version);
  REQUIRE(equal(c, tensor({3, 4})));
  x.zero_grad();
  loss.backward();
  REQUIRE(bitwise_equal(x.grad(), gradient));
}

TEST_CASE("explore: a pullback may refuse the values of a comparison", "[explore]") {
  const Tensor x = number(3), c = tensor(2, {.dtype = DType::float64});
  // Twice its saved tensor, or the gradient of only one of its uses, is an error to it.
  const auto picky = [&](const Tensor& in) {
    return autograd::record("picky", CallSite::current(), in.detach() * 2,
        autograd::Input(in, autograd::with(c), [](const Tensor& g, const Tensor& factor) {
          check(factor.item() == 2 && g.item() == 2, "picky: refused");
          return g * factor;
        }));
  };
  const Tensor y = picky(x), loss = y + y;
  const Recording recording = recorded(loss, {.names = {{"x", x}}, .backward = {.retain_graph = true}});
  REQUIRE(value(x.grad()) == 4);
  REQUIRE(node(recording, "picky").edges[0].part);
  REQUIRE_FALSE(node(recording, "picky").edges[0].spoiled);
  REQUIRE_FALSE(node(recording, "x").depth_first);
  x.zero_grad();
  loss.backward();
  REQUIRE(value(x.grad()) == 4);
}

TEST_CASE("explore: the graph is released as backward() does it", "[explore]") {
  const Tensor x = ones({2}, {.requires_grad = true}), c = full({2}, 3);
  const Tensor loss = (x * c).sum();
  REQUIRE_FALSE(c.impl().unique());
  recorded(loss);
  REQUIRE(c.impl().unique());
  REQUIRE(c.sole_owner());
  REQUIRE(error_of([&] {
    loss.backward();
  }) == "backward: the graph through \"mul\" was already released; pass retain_graph to the first backward");
  const Recording second = recorded((x * c).sum(), {.names = {{"x", x}}});
  REQUIRE(node(second, "x").accumulated);
  REQUIRE(is(node(second, "x").gradient, c));
  REQUIRE(is(node(second, "x").stored, c * 2));
}

TEST_CASE("explore: gradients of gradients", "[explore]") {
  const auto penalty = [](const Tensor& x) {
    return autograd::grad({(tanh(x) * x).sum()}, {x}, {.create_graph = true})[0].square().sum();
  };
  const Options options{.dtype = DType::float64, .requires_grad = true};
  const Tensor x = tensor({0.3, -1}, options), plain = tensor({0.3, -1}, options);
  penalty(plain).backward();
  const Recording recording = recorded(penalty(x), {.names = {{"x", x}}});
  REQUIRE(bitwise_equal(x.grad(), plain.grad()));
  REQUIRE(is(node(recording, "x").gradient, plain.grad()));
  REQUIRE(node(recording, "tanh_backward").gradient);

  const Tensor y = number(2);
  recorded(pow(y, 3), {.backward = {.create_graph = true}});
  REQUIRE(value(y.grad()) == 12);
  REQUIRE(value(autograd::grad({y.grad()}, {y})[0]) == 12);
  y.zero_grad();
}

TEST_CASE("explore: only the inputs asked for", "[explore]") {
  const Tensor x = number(2), y = number(5);
  const Recording recording = recorded(x * y, {.names = {{"x", x}, {"y", y}}, .backward = {.inputs = {x}}});
  REQUIRE(value(x.grad()) == 5);
  REQUIRE_FALSE(y.grad().defined());
  REQUIRE(recording.visits.size() == 2);
  REQUIRE_FALSE(node(recording, "y").gradient);
}

TEST_CASE("explore: hooks run once, and their result is the gradient", "[explore]") {
  const Tensor x = number(3);
  const Tensor y = x * 2;
  int calls = 0;
  y.register_hook([&](const Tensor& g) {
    ++calls;
    return g * 10;
  });
  const Recording recording = recorded(y * y, {.names = {{"y", y}, {"x", x}}});
  REQUIRE(calls == 1);
  REQUIRE(node(recording, "y").hooked);
  REQUIRE_FALSE(node(recording, "x").hooked);
  REQUIRE(is(node(recording, "y").gradient, tensor(120, {.dtype = DType::float64})));
  REQUIRE(value(x.grad()) == 240);
}

TEST_CASE("explore: an excerpt has the statistics of all elements", "[explore]") {
  const Tensor large = arange(10'000).reshape({100, 100});
  const Excerpt part = autograd::excerpt(large, 64);
  REQUIRE((part.rows == 16 && part.columns == 4 && part.values.size() == 64));
  REQUIRE((part.values[0] == 0 && part.values[4] == 100 && part.values[63] == 1503));
  REQUIRE((part.least == 0 && part.greatest == 9999 && part.mean == 4999.5));
  REQUIRE(part.deviation == Approx(2886.75).epsilon(1e-5));
  REQUIRE(part.histogram.size() == 24);
  std::int64_t all = 0;
  for (const std::int64_t n : part.histogram) all += n;
  REQUIRE(all == 10'000);

  constexpr double nan = std::numeric_limits<double>::quiet_NaN(),
                   inf = std::numeric_limits<double>::infinity();
  const Excerpt odd = autograd::excerpt(tensor({nan, inf, -inf, 2.0, 4.0}), 3);
  REQUIRE((odd.nans == 1 && odd.infinities == 2 && odd.mean == 3 && odd.least == 2 && odd.greatest == 4));
  REQUIRE((odd.rows == 1 && odd.columns == 3 && std::isnan(odd.values[0]) && odd.values[2] == -inf));
  REQUIRE(autograd::excerpt(full({2}, nan), 8).histogram.empty());
  REQUIRE(autograd::excerpt(zeros({0, 3}), 8).values.empty());
  REQUIRE(autograd::excerpt(tensor({true, false}), 8).values == std::vector<double>{1, 0});
  REQUIRE(autograd::excerpt(tensor(std::vector<std::int64_t>{7}), 8).dtype == DType::int64);
}

TEST_CASE("explore: the optimizer's next step, and an optimizer that cannot tell", "[explore]") {
  const Network net;
  optim::SGD optimizer(
      {net.first.weight, net.last.weight}, {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.5});
  const Recording recording = recorded(net.loss, {.names = net.names(), .optimizer = optimizer});
  const auto norms = optimizer.update_norms();
  REQUIRE(recording.steps.size() == 1);
  REQUIRE(recording.steps[0].loss == net.loss.item<double>());
  const auto& updates = recording.steps[0].updates;
  REQUIRE(updates.size() == 2);
  REQUIRE(updates[1].name == "last.weight");
  REQUIRE(updates[1].gradient == norms[1].gradient);
  REQUIRE(updates[1].decay == norms[1].decay);
  REQUIRE(updates[1].norm == norms[1].param);
  REQUIRE(norms[1].decay > 0);

  optim::SGD moved = std::move(optimizer);
  const Network other;
  const Recording failed = recorded(other.loss, {.optimizer = optimizer});
  REQUIRE(failed.steps[0].error.find("moved from") != std::string::npos);
  REQUIRE(other.first.weight.grad().defined());
}

TEST_CASE("explore: the steps of a training", "[explore]") {
  const test::TemporaryDirectory directory;
  const auto train = [](const Tensor& w, auto& optimizer, const auto& backward) {
    for (int step = 0; step < 3; ++step) {
      optimizer.zero_grad();
      const Tensor loss = (w * w * (step + 1)).sum();
      backward(loss);
      optimizer.step();
    }
  };
  const Options options{.dtype = DType::float64, .requires_grad = true};
  const Tensor w = tensor({1, -2}, options), plain = tensor({1, -2}, options);
  const optim::SGDOptions sgd{.lr = 0.125, .momentum = 0.5, .weight_decay = 0.25};
  optim::SGD optimizer({w}, sgd), plain_optimizer({plain}, sgd);
  autograd::Explorer explorer({.names = {{"w", w}}, .optimizer = optimizer});
  const std::string path = directory / "page.html";
  REQUIRE(error_of([&] { explorer.write(path); }) ==
          "explore: there is nothing to write before the first backward()");
  std::vector<autograd::RecordedUpdate> updates;
  train(w, optimizer, [&](const Tensor& loss) {
    explorer.backward(loss, {{"loss", loss}});
    for (const auto& norms : optimizer.update_norms())
      updates.push_back({"w", norms.param, norms.update, norms.gradient, norms.decay, norms.momentum});
  });
  train(plain, plain_optimizer, [](const Tensor& loss) { loss.backward(); });
  REQUIRE(bitwise_equal(w, plain));
  explorer.write(path);
  const std::string page = test::read_file(path);
  const std::size_t steps =
      page.find(R"("steps":[{"loss":5,"error":"","updates":[{"name":"w","norm":2.23607,"update":0.628894,)"
                R"("gradient":0.559017,"decay":0.0698771,"momentum":0}]},{"loss":)");
  REQUIRE(steps != page.npos);
  REQUIRE(updates.size() == 3);
  std::size_t at = steps;
  for (const auto& update : updates) {
    REQUIRE(update.gradient > 0);
    std::ostringstream momentum;
    momentum << "\"momentum\":" << std::setprecision(6) << update.momentum << '}';
    at = page.find(momentum.str(), at + 1);
    INFO(momentum.str());
    REQUIRE(at != page.npos);
  }
  REQUIRE(updates[2].momentum > updates[1].momentum);
  REQUIRE(page.find(R"("op":"sum")") == page.rfind(R"("op":"sum")"));  // one graph
  REQUIRE(page.find(R"("name":"loss")") != page.npos);

  // A pass that fails adds no step.
  const Tensor y = w * 2;
  y.register_hook([](const Tensor&) { throw std::runtime_error("stop"); });
  REQUIRE_THROWS_WITH(explorer.backward(y.sum()), "stop");
  autograd::Explorer moved = std::move(explorer);
  moved.write(path);
  REQUIRE(test::read_file(path) == page);
}

TEST_CASE("explore: a hash tells every bit, also outside the excerpt", "[explore]") {
  const auto hash = [](const Tensor& tensor) { return autograd::excerpt(tensor, 8).hash; };
  REQUIRE(hash(tensor({1.0, -0.0})) == 0x0979a9ee2da1bb98);  // as scripts/trace_pytorch.py computes it
  REQUIRE(hash(tensor({1, 0}) > 0) == 0x082f2207b4e88cc4);
  REQUIRE(hash(tensor({1.0, 0.0})) != hash(tensor({1.0, -0.0})));
  const Tensor large = randn({40, 30}), other = large.clone();
  REQUIRE(hash(other) == hash(large));
  other.ptr<float>()[1199] = std::nextafter(other.ptr<float>()[1199], 9.0F);
  REQUIRE(autograd::excerpt(other, 8).values == autograd::excerpt(large, 8).values);
  REQUIRE(hash(other) != hash(large));
  REQUIRE(hash(large.t()) == hash(large.t().contiguous()));
  REQUIRE(hash(large.t()) != hash(large));

  const double nan = std::numeric_limits<double>::quiet_NaN();
  REQUIRE(hash(tensor({nan})) == hash(tensor({-nan})));  // as bitwise_equal
  REQUIRE(hash(zeros({0})) == 14695981039346656037u);
}

TEST_CASE("explore: the time of each operation", "[explore]") {
  static constexpr auto nap = std::chrono::milliseconds(100);
  const Tensor x = number(3);
  const Tensor slow =
      autograd::record("slow", CallSite::current(), x.detach() * 2, autograd::Input(x, [](const Tensor& g) {
        std::this_thread::sleep_for(nap);
        return g * 2;
      }));
  const Tensor y = slow * 3;
  y.register_hook([](const Tensor& g) {  // its time is nobody's
    std::this_thread::sleep_for(nap);
    return g;
  });
  const Recording recording = recorded(y * y, {.names = {{"y", y}, {"x", x}}});
  REQUIRE(value(x.grad()) == 216);
  REQUIRE(node(recording, "slow").seconds >= 0.1);
  for (const char* name : {"mul", "y"}) {
    INFO(name);
    REQUIRE((node(recording, name).seconds > 0 && node(recording, name).seconds < 0.1));
  }
}

TEST_CASE("explore: errors come before the pass", "[explore]") {
  const test::TemporaryDirectory directory;
  const Tensor x = tensor({1, 2}, {.requires_grad = true});
  REQUIRE_THROWS_AS(autograd::explore(x.sum(), directory / "no/such/folder.html"), IoError);
  REQUIRE_FALSE(x.grad().defined());
  const std::string page = directory / "page.html";
  REQUIRE(error_of([&] { autograd::explore(x * 2, page); }) ==
          "explore: a tensor of shape [2] has no implicit gradient; pass one, or reduce it to one element");
  REQUIRE(error_of([&] { autograd::explore(ones({}), page); }) ==
          "explore: the tensor does not depend on any that requires a gradient");
  const Tensor y = x * 2;
  y.register_hook([](const Tensor&) { throw std::runtime_error("stop"); });
  const Tensor loss = y.sum();
  REQUIRE_THROWS_WITH(autograd::explore(loss, page), "stop");
  REQUIRE_FALSE(x.grad().defined());
  REQUIRE_FALSE(std::filesystem::exists(page));
}

TEST_CASE("explore: nothing in a name or a number ends the recording", "[explore]") {
  const test::TemporaryDirectory directory;
  const Tensor x = tensor({-1.0, 0.0, 0.1}, {.requires_grad = true});
  const std::string path = directory / "page.html";
  autograd::explore(sqrt(x).sum(), path, {.names = {{"</script>\"\\\n", x}}});
  const std::string page = test::read_file(path);
  REQUIRE(page.starts_with(autograd::page_begin));
  REQUIRE(page.ends_with(autograd::page_end));
  const std::string json = page.substr(
      autograd::page_begin.size(), page.size() - autograd::page_begin.size() - autograd::page_end.size());
  REQUIRE(json.find('<') == json.npos);
  REQUIRE(json.find("\"name\":\"\\u003c/script>\\\"\\\\\\u000a\"") != json.npos);
  REQUIRE(json.find("\"values\":[-1,0,0.1]") != json.npos);
  REQUIRE(json.find("\"values\":[\"NaN\",\"Infinity\",") != json.npos);
  REQUIRE(json.find("inf") == json.find("infinities"));
  REQUIRE(x.grad().defined());
  // Comments and indentation stay in the sources.
  for (const char* left_out : {"\n ", "\n\n", "\n//", "  //", "/*"})
    REQUIRE(page.find(left_out) == page.npos);
  // The page asks for nothing from anywhere.
  for (const char* request : {"https:", "@import", " src=", "fetch(", "import("})
    REQUIRE(page.find(request) == page.npos);
  const std::string svg = "http://www.w3.org/2000/svg";  // a name, not an address
  REQUIRE(page.find("http:") == page.find(svg));
  REQUIRE(page.find("http:", page.find(svg) + 1) == page.npos);
}

namespace {

void add_ops(std::set<std::string>& ops, const Tensor& result) {
  if (!result.requires_grad()) return;
  for (const RecordedNode& each : recorded(result, {.backward = {.retain_graph = true}}).nodes)
    if (!each.leaf) ops.insert(each.op);
}

}  // namespace

TEST_CASE("explore: every operation has the text of its pullbacks", "[explore]") {
  // What no row below records.
  std::set<std::string> ops{"to", "dropout", "dropout2d", "normal_", "uniform_"};
  std::vector<test::OpCase> rows = test::op_cases();
  rows.insert(rows.end(), test::in_place_cases().begin(), test::in_place_cases().end());
  for (const test::OpCase& row : rows) {
    const auto inputs = test::leaves(test::make_inputs(row, DType::float64));
    // The gradient of the row's result is not constant either, or gradients of gradients would lack
    // operations.
    const Tensor result = square(sum(square(row.call(inputs))));
    for (const Tensor& first : autograd::grad({result}, inputs, {.create_graph = true, .allow_unused = true}))
      if (first.defined()) add_ops(ops, sum(first));
    add_ops(ops, result);
  }
  for (const std::string& op : ops) {
    INFO(op);
    const auto [file, text] = autograd::pullback_text(op);
    REQUIRE(file.ends_with(".cpp"));
    REQUIRE(text.find("record") != text.npos);
    for (const char* mark : {"//", "/*", "*/", "@", "$", "\n\n\n"}) REQUIRE(text.find(mark) == text.npos);
    for (const char* pair : {"()", "[]", "{}"})
      REQUIRE(std::count(text.begin(), text.end(), pair[0]) == std::count(text.begin(), text.end(), pair[1]));
  }
  // No name in the table is out of date.
  std::istringstream lines{std::string(autograd::pullback_entries)};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('@')) continue;
    std::istringstream words(line);
    std::string op;
    words >> op;  // the file
    while (words >> op) {
      INFO(op);
      REQUIRE(ops.contains(op));
    }
  }
  REQUIRE(autograd::pullback_text("cube").text.empty());
  REQUIRE(autograd::pullback_text("").text.empty());
}

TEST_CASE("explore: dot() names tensors and shows small ones", "[explore]") {
  const Tensor x = tensor({0.25, 2}, {.requires_grad = true}), w = ones({7}, {.requires_grad = true});
  const Tensor y = x * x, loss = y.sum() + w.sum();
  loss.backward({.retain_graph = true});
  const std::string text = autograd::dot(loss, {{"say \"x\"", x}, {"w", w}, {"y", y}});
  REQUIRE(text.find("[label=\"say \\\"x\\\"\\nvalue 0.25, 2\\ngradient 0.5, 4\\n[2]\"") != text.npos);
  REQUIRE(text.find("[label=\"w\\n[7]\"") != text.npos);
  REQUIRE(text.find("[label=\"y\\nvalue 0.0625, 4\\nmul\\n[2]\\nexplore_test.cpp:") != text.npos);
}
