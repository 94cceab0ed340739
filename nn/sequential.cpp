#include <tenon/nn/sequential.h>

#include <algorithm>

namespace tenon::nn {

Sequential::Sequential(const Sequential& other) : Module(other) {
  for (const Part& part : other.parts_) parts_.push_back({part.name, part.any->copy()});
}

Tensor Sequential::forward(const Tensor& x, CallSite site) const {
  Tensor y = x;
  for (const Part& part : parts_) y = part.any->call(y, site);
  return y;
}

Sequential& Sequential::append(std::string name, std::unique_ptr<detail::AnyModule> part) {
  check(!name.empty() && name.find('.') == name.npos,
      "push_back: a name must not be empty or contain a dot; it is \"{}\"", name);
  check(std::none_of(parts_.begin(), parts_.end(), [&](const Part& other) { return other.name == name; }),
      "push_back: the name \"{}\" is taken", name);
  parts_.push_back({std::move(name), std::move(part)});
  return *this;
}

Module& Sequential::operator[](std::int64_t index) const {
  check(
      index >= -size() && index < size(), "sequential: part {} does not exist; there are {}", index, size());
  return parts_[static_cast<std::size_t>(index < 0 ? index + size() : index)].any->module();
}

void Sequential::fail_type(std::int64_t index, const Module& part) {
  fail("at: part {} has another type; it is a {}", index, part.name());
}

void Sequential::visit(Visitor& visitor) {
  for (const Part& part : parts_) visitor(part.name.c_str(), part.any->module());
}

}  // namespace tenon::nn
