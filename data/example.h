// A pair of data and target.
#pragma once
#include <tenon/core/tensor.h>

namespace tenon::data {

/// A sample, or a batch of them: `auto& [x, y] = batch`, or batch.data and batch.target.
template <class Data = Tensor, class Target = Tensor>
struct Example {
  Data data;
  Target target;
};
template <class Data, class Target>
Example(Data, Target) -> Example<Data, Target>;

namespace detail {

template <class T>
inline constexpr bool is_example = false;
template <class Data, class Target>
inline constexpr bool is_example<Example<Data, Target>> = true;

}  // namespace detail

}  // namespace tenon::data
