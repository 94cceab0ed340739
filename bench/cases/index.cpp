// Selecting by index, and the gradients, which add.
#include "../case.h"

using namespace tenon;

namespace bench {
namespace {

template <class Function>
Case selection(const std::string& name, const std::vector<Size>& sizes,
    std::function<Tensors(const Size&)> inputs, Function f) {
  return {.name = "index/" + name, .sizes = sizes, .inputs = std::move(inputs), .make = function(f)};
}

/// The gradient of a selection with respect to its first input, for a given gradient of the result.
template <class Function>
Case gradient(Case made, Function f) {
  made.name += "_gradient";
  made.inputs = [inputs = made.inputs, f](const Size& size) {
    Tensors all = inputs(size);
    all.push_back(randn(f(all).shape()));
    return all;
  };
  made.make = gradient_of(f);
  made.traffic = [inputs = made.inputs](const Size& size) {
    const Tensors all = inputs(size);
    const auto bytes = [&](int i, int each) { return static_cast<double>(all[i].numel() * each); };
    return Traffic{bytes(1, 8) + bytes(2, 4), bytes(0, 4)};
  };
  return made;
}

}  // namespace

std::vector<Case> index_cases() {
  const auto rows = [](const Tensors& in) { return index_select(in[0], 0, in[1]); };
  const auto columns = [](const Tensors& in) { return index_select(in[0], 1, in[1]); };
  const auto pick = [](const Tensors& in) { return gather(in[0], 1, in[1]); };
  // of [rows, columns], as many rows as there are
  const auto with_rows = [](const Size& size) {
    return Tensors{randn({size[0], size[1]}), randint(0, size[0], {size[0]})};
  };
  // half of the indices are that of one row, such as a padding's
  const auto with_padding = [](const Size& size) {
    return Tensors{randn({size[0], size[1]}),
        maximum(randint(-size[0], size[0], {size[0]}), zeros({}, {.dtype = DType::int64}))};
  };
  const auto with_columns = [](const Size& size) {
    return Tensors{randn({size[0], size[1]}), randint(0, size[1], {size[1]})};
  };
  const auto with_elements = [](const Size& size) {
    return Tensors{randn({size[0], size[1]}), randint(0, size[1], {size[0], size[1]})};
  };
  const auto with_labels = [](const Size& size) {  // as in the cross entropy of size[1] classes
    return Tensors{randn({size[0], size[1]}), randint(0, size[1], {size[0], 1})};
  };
  std::vector<Case> all{
      selection("select_rows", {{100'000, 1}, {1000, 16}, {65536, 256}}, with_rows, rows),
      selection("select_columns", {{1000, 1000}}, with_columns, columns),
      selection("gather", {{1000, 1000}}, with_elements, pick),
      selection("gather_labels", {{4096, 1000}}, with_labels, pick),
  };
  all[0].cuda_sizes = {{65536, 256}};
  all[3].traffic = [](const Size& size) {
    const auto labels = static_cast<double>(size[0]);
    return Traffic{12 * labels, 4 * labels};
  };
  all.push_back(gradient(all[0], rows));
  all.back().emulated_sizes = {{1000, 16}};  // a warp votes on the digits of all indices
  Case padded = selection("select_padded", {{65536, 256}}, with_padding, rows);
  padded.cuda_sizes = all[0].cuda_sizes;
  all.push_back(gradient(padded, rows));
  all.back().emulated_sizes = {{1000, 16}};
  all.push_back(gradient(all[1], columns));
  all.push_back(gradient(all[2], pick));
  all.back().emulated_sizes = {{300, 300}};  // a warp votes on the bits of all indices
  all.push_back(gradient(all[3], pick));
  return all;
}

}  // namespace bench
