// Runs the cases that compare.py generates, and writes what tenon computes: pytorch_cases INPUTS RESULTS
//
// INPUTS is a safetensors file. Its metadata `cases` has one line per case:
//
//     17 softmax 2 dim=1 : +/transpose,0,1 -
//
// that is, the name of the case, the operation, the order (0: the outputs only; 1: gradients too; 2: second
// gradients too), the arguments, and after the colon one word per operand: `+` if it requires a gradient,
// and the view steps that make the operand from the tensor in the file. The tensors of the case are
//
//     17.in0, 17.in1, ...     the operands, before their view steps
//     17.upstream             the gradient of the outputs, all elements in one row
//     17.direction0, ...      for second gradients: a factor for each gradient
//
// RESULTS has 17.out0, 17.out1, ... for the outputs, 17.grad0, ... for the gradients of the operands in the
// file, and 17.second0, ... for the gradients of sum(grad * direction), summed over all operands. If the
// operation throws Error, the metadata `17` has its text instead.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <unordered_map>

#include "case.h"

namespace tenon::pytorch {

const std::vector<double>& Case::list(const std::string& name) const {
  const auto found = named.find(name);
  if (found == named.end()) throw std::runtime_error(operation + ": no argument " + name);
  return found->second;
}
double Case::number(const std::string& name) const {
  if (list(name).size() != 1) throw std::runtime_error(operation + ": " + name + " must be one number");
  return list(name)[0];
}
Shape Case::shape(const std::string& name) const {
  Shape shape;
  for (const double size : list(name)) shape.push_back(static_cast<std::int64_t>(size));
  return shape;
}

namespace {

using Tensors = std::unordered_map<std::string, Tensor>;

std::vector<std::string> cut(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::vector<double> numbers(const std::string& text) {
  std::vector<double> out;
  for (const std::string& number : cut(text, ',')) out.push_back(std::strtod(number.c_str(), nullptr));
  return out;
}

/// `transpose,0,1`, `slice,dim,start,step`, `select,dim,index` or `expand,sizes...`
Tensor view_step(const Tensor& a, const std::string& step) {
  const std::size_t comma = step.find(',');
  const std::string name = step.substr(0, comma);
  std::vector<std::int64_t> at;
  if (comma != std::string::npos)
    for (const double number : numbers(step.substr(comma + 1)))
      at.push_back(static_cast<std::int64_t>(number));
  if (name == "transpose") return transpose(a, at.at(0), at.at(1));
  if (name == "slice") return slice(a, at.at(0), {.start = at.at(1), .step = at.at(2)});
  if (name == "select") return select(a, at.at(0), at.at(1));
  if (name == "expand") return expand(a, at);
  throw std::runtime_error("no view step " + name);
}

/// Every element of the tensors, in one row.
Tensor row(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> rows;
  for (const Tensor& each : tensors) rows.push_back(reshape(each, {-1}));
  return rows.size() == 1 ? rows[0] : cat(rows);
}

void run(const std::string& line, const Tensors& files, StateDict& results,
    std::map<std::string, std::string>& errors) {
  Case one;
  std::istringstream words(line);
  words >> one.id >> one.operation >> one.order;
  const auto tensor = [&](const std::string& name) { return files.at(one.id + "." + name); };
  std::string word;
  while (words >> word && word != ":") {
    const std::size_t equals = word.find('=');
    one.named[word.substr(0, equals)] = numbers(word.substr(equals + 1));
  }
  const Operation& operation = operations().at(one.operation);

  StateDict found;  // becomes part of the results only if nothing fails
  const auto keep = [&](const char* kind, std::size_t i, const Tensor& result) {
    found.emplace_back(one.id + "." + kind + std::to_string(i), result.detach());
  };
  try {
    std::vector<Tensor> leaves;
    for (std::size_t i = 0; words >> word; ++i) {
      const std::vector<std::string> steps = cut(word, '/');
      Tensor operand = tensor("in" + std::to_string(i));
      if (steps.at(0) == "+") leaves.push_back(operand.set_requires_grad());
      for (std::size_t k = 1; k < steps.size(); ++k) operand = view_step(operand, steps[k]);
      one.in.push_back(operand);
    }
    const std::vector<Tensor> out = operation(one);
    for (std::size_t i = 0; i < out.size(); ++i) keep("out", i, out[i]);
    if (one.order > 0) {
      const std::vector<Tensor> gradients = autograd::grad(row(out), leaves,
          {.grad_outputs = {tensor("upstream")}, .create_graph = one.order > 1, .allow_unused = true});
      Tensor total;
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        if (!gradients[i].defined()) continue;
        keep("grad", i, gradients[i]);
        if (one.order < 2 || !gradients[i].requires_grad()) continue;
        const Tensor part = sum(gradients[i] * tensor("direction" + std::to_string(i)));
        total = total.defined() ? total + part : part;
      }
      if (total.defined()) {
        const std::vector<Tensor> second = autograd::grad(total, leaves, {.allow_unused = true});
        for (std::size_t i = 0; i < leaves.size(); ++i)
          if (second[i].defined()) keep("second", i, second[i]);
      }
    }
    results.insert(results.end(), found.begin(), found.end());
  } catch (const Error& error) { errors[one.id] = error.what(); }
}

}  // namespace
}  // namespace tenon::pytorch

int main(int count, char** arguments) try {
  if (count != 3) {
    std::fputs("usage: pytorch_cases INPUTS RESULTS\n", stderr);
    return 2;
  }
  using namespace tenon;
  std::map<std::string, std::string> metadata, errors;
  pytorch::Tensors files;
  for (auto& [name, tensor] : io::load_safetensors(arguments[1], &metadata)) files.emplace(name, tensor);
  StateDict results;
  for (const std::string& line : pytorch::cut(metadata.at("cases"), '\n')) {
    std::puts(line.c_str());  // the last line tells which case ended the program, if one does
    std::fflush(stdout);
    pytorch::run(line, files, results, errors);
  }
  io::save_safetensors(arguments[2], results, errors);
} catch (const std::exception& error) {
  std::fprintf(stderr, "pytorch_cases: %s\n", error.what());
  return 1;
}
