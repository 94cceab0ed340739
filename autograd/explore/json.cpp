#include <cmath>
#include <set>

#include <tenon/autograd/explore/page.h>
#include <tenon/autograd/explore/recording.h>
#include <tenon/core/formatted.h>

namespace tenon::autograd {

namespace {

using tenon::detail::formatted;

/// `<` is escaped too, so that no text ends the <script> element that contains it.
std::string text(std::string_view raw) {
  std::string out = "\"";
  for (const char c : raw) {
    if (c == '"' || c == '\\') out += {'\\', c};
    else if (c == '<' || static_cast<unsigned char>(c) < 0x20)
      out += formatted("\\u{:04x}", static_cast<int>(c));
    else out += c;
  }
  return out + '"';
}

/// The shortest text that gives the same bits when it is read as `dtype`.
std::string number(double x, DType dtype = DType::float64) {
  if (std::isnan(x)) return "\"NaN\"";
  if (std::isinf(x)) return x > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  return dtype == DType::float32 ? formatted("{}", static_cast<float>(x)) : formatted("{}", x);
}

/// Six digits, for what is only drawn.
std::string rounded(double x) { return std::isfinite(x) ? formatted("{:.6g}", x) : number(x); }

template <class List, class Write>
std::string list(const List& values, Write write) {
  std::string out = "[";
  for (const auto& value : values) {
    if (out.size() > 1) out += ',';
    out += write(value);
  }
  return out + ']';
}

std::string integers(const auto& values) {
  return list(values, [](const auto value) { return formatted("{}", value); });
}

std::string json(const std::optional<Excerpt>& excerpt) {
  if (!excerpt) return "null";
  const Excerpt& e = *excerpt;
  return formatted(
      "{{\"shape\":{},\"dtype\":\"{}\",\"rows\":{},\"columns\":{},\"min\":{},\"max\":{},\"mean\":{},"
      "\"std\":{},\"nans\":{},\"infinities\":{},\"histogram\":{},\"hash\":\"{:016x}\",\"values\":{}}}",
      integers(e.shape), to_string(e.dtype), e.rows, e.columns, number(e.least), number(e.greatest),
      rounded(e.mean), rounded(e.deviation), e.nans, e.infinities, integers(e.histogram), e.hash,
      list(e.values, [&](const double x) { return number(x, e.dtype); }));
}

std::string json(const RecordedSaved& saved) {
  constexpr const char* kinds[] = {"input", "output", "prepared"};
  return formatted(
      "{{\"shape\":{},\"dtype\":\"{}\",\"kind\":\"{}\",\"storage\":{},\"bytes\":{},\"node\":{},\"name\":{},"
      "\"value\":{}}}",
      integers(saved.shape), to_string(saved.dtype), kinds[static_cast<int>(saved.kind)], saved.storage,
      saved.bytes, saved.node, text(saved.name), json(saved.value));
}

std::string json(const RecordedEdge& edge) {
  return formatted("{{\"to\":{},\"broadcast\":{},\"saved\":{},\"part\":{},\"unsummed\":{},\"spoiled\":{}}}",
      edge.to, edge.broadcast, list(edge.saved, [](const RecordedSaved& saved) { return json(saved); }),
      json(edge.part), json(edge.unsummed), json(edge.spoiled));
}

std::string json(const RecordedNode& node) {
  return formatted(
      "{{\"op\":{},\"site\":{},\"name\":{},\"shape\":{},\"dtype\":\"{}\",\"device\":\"{}\",\"depth\":{},"
      "\"leaf\":{},\"hooked\":{},\"accumulated\":{},\"bytes\":{},\"seconds\":{},\"kernels\":{},\"value\":{},"
      "\"gradient\":{},\"stored\":{},\"depthFirst\":{},\"edges\":{}}}",
      text(node.op), text(node.site), text(node.name), integers(node.shape), to_string(node.dtype),
      to_string(node.device), node.depth, node.leaf, node.hooked, node.accumulated, node.bytes,
      rounded(node.seconds), list(node.kernels, text), json(node.value), json(node.gradient),
      json(node.stored), json(node.depth_first),
      list(node.edges, [](const RecordedEdge& edge) { return json(edge); }));
}

std::string json(const RecordedVisit& visit) {
  return formatted("{{\"node\":{},\"waiting\":{}}}", visit.node, integers(visit.waiting));
}

std::string json(const RecordedUpdate& update) {
  return formatted("{{\"name\":{},\"norm\":{},\"update\":{},\"gradient\":{},\"decay\":{},\"momentum\":{}}}",
      text(update.name), rounded(update.norm), rounded(update.update), rounded(update.gradient),
      rounded(update.decay), rounded(update.momentum));
}

std::string json(const RecordedStep& step) {
  return formatted("{{\"loss\":{},\"error\":{},\"updates\":{}}}", rounded(step.loss), text(step.error),
      list(step.updates, [](const RecordedUpdate& update) { return json(update); }));
}

/// How the operations of the graph are recorded.
std::string pullbacks(const Recording& recording) {
  std::set<std::string> ops;
  for (const RecordedNode& node : recording.nodes)
    if (!node.leaf) ops.insert(node.op);
  return list(ops, [](const std::string& op) {
    const PullbackText source = pullback_text(op);
    return formatted("{{\"of\":{},\"file\":{},\"text\":{}}}", text(op), text(source.file), text(source.text));
  });
}

}  // namespace

std::string to_json(const Recording& recording) {
  const auto each = [](const auto& item) { return json(item); };
  return formatted(
      "{{\"title\":{},\"root\":{},\"keepsGraph\":{},\"steps\":{},\"visits\":{},\"nodes\":{},"
      "\"pullbacks\":{}}}",
      text(recording.title), recording.root, recording.keeps_graph, list(recording.steps, each),
      list(recording.visits, each), list(recording.nodes, each), pullbacks(recording));
}

}  // namespace tenon::autograd
