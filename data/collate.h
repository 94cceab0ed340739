// One batch from several samples.
#pragma once
#include <array>
#include <concepts>
#include <functional>
#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/autograd/ops.h>
#include <tenon/data/example.h>

namespace tenon::data {

namespace detail {

template <class T>
struct IsArray : std::false_type {};
template <class T, std::size_t N>
struct IsArray<std::array<T, N>> : std::true_type {};

template <class T>
concept TupleLike = requires {
  std::tuple_size<T>::value;
};

}  // namespace detail

/// Tensors are stacked along a new first dimension: [samples, ...]. Numbers become a tensor [samples] of
/// their type. The members of arrays, tuples, pairs and Examples are collated one by one; pairs become an
/// Example. Samples of any other type, strings for instance, stay as they are, in a vector.
struct Collate {
  template <class Sample>
  auto operator()(std::vector<Sample> samples) const {
    if constexpr (std::same_as<Sample, Tensor>) {
      return stack(samples);
    } else if constexpr (Element<Sample>) {
      return numbers<Sample>(samples);
    } else if constexpr (std::integral<Sample>) {
      return numbers<std::int64_t>(samples);
    } else if constexpr (detail::is_example<Sample>) {
      return Example{(*this)(column(samples, &Sample::data)), (*this)(column(samples, &Sample::target))};
    } else if constexpr (detail::TupleLike<Sample>) {
      return members(samples, std::make_index_sequence<std::tuple_size_v<Sample>>());
    } else {
      return samples;
    }
  }

 private:
  template <class T, class Sample>
  static Tensor numbers(const std::vector<Sample>& samples) {
    const Tensor out = empty({static_cast<std::int64_t>(samples.size())}, {.dtype = dtype_of<T>});
    std::copy(samples.begin(), samples.end(), out.ptr<T>());
    return out;
  }
  template <class Sample, std::size_t... I>
  auto members(std::vector<Sample>& samples, std::index_sequence<I...>) const {
    if constexpr (detail::IsArray<Sample>::value) return std::array{(*this)(column<I>(samples))...};
    else if constexpr (sizeof...(I) == 2) return Example{(*this)(column<I>(samples))...};
    else return std::tuple{(*this)(column<I>(samples))...};
  }
  /// A member of each sample.
  template <class Sample, class Member>
  static auto column(std::vector<Sample>& samples, Member member) {
    std::vector<std::remove_cvref_t<std::invoke_result_t<Member, Sample&>>> out;
    out.reserve(samples.size());
    for (Sample& sample : samples) out.push_back(std::move(std::invoke(member, sample)));
    return out;
  }
  template <std::size_t I, class Sample>
  static auto column(std::vector<Sample>& samples) {
    return column(
        samples, [](Sample & sample) -> auto& { return std::get<I>(sample); });
  }
};

namespace detail {

/// Moves the tensors of a batch to a device.
template <class Batch>
void move_to(Batch& batch, Device device) {
  if constexpr (std::same_as<Batch, Tensor>) {
    batch = batch.to(device);
  } else if constexpr (is_example<Batch>) {
    move_to(batch.data, device);
    move_to(batch.target, device);
  } else if constexpr (TupleLike<Batch>) {
    std::apply([&](auto&... members) { (move_to(members, device), ...); }, batch);
  } else if constexpr (requires { batch = batch.to(device); }) {
    batch = batch.to(device);
  } else if constexpr (requires {
                         { *std::begin(batch) } -> std::same_as<Tensor&>;
                       }) {
    for (Tensor& tensor : batch) tensor = tensor.to(device);
  }
}

}  // namespace detail

}  // namespace tenon::data
