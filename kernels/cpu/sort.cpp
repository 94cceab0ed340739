#include <tenon/kernels/sort.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <memory>

#include <tenon/core/check.h>
#include <tenon/core/parallel.h>
#include <tenon/kernels/arith/sorted.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 4096;

/// An integer whose order is that of is_less().
std::uint32_t rank(float x) {
  if (x != x) return ~0u;
  const auto bits = std::bit_cast<std::uint32_t>(x + 0.0f);  // of +0 for both zeros
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}
std::uint32_t rank(bool x) { return x; }

/// An element and its position, in one integer, in the order of arith::is_before().
struct Packed {
  bool descending;

  template <class T>
  std::uint64_t operator()(T value, std::int64_t at) const {
    const std::uint32_t ascending = rank(value);
    return std::uint64_t{descending ? ~ascending : ascending} << 32 | static_cast<std::uint64_t>(at);
  }
  static std::less<std::uint64_t> before() { return {}; }
  std::int64_t at(std::uint64_t x) const { return static_cast<std::int64_t>(x & 0xffffffffu); }
};

/// The same for wider elements.
struct Apart {
  bool descending;

  template <class T>
  arith::Placed<T> operator()(T value, std::int64_t at) const {
    return {value, at};
  }
  auto before() const {
    return [down = descending](const auto& x, const auto& y) { return arith::is_before(down, x, y); };
  }
  template <class T>
  std::int64_t at(const arith::Placed<T>& x) const {
    return x.at;
  }
};

template <class T, class Form>
void sort_lines(std::int64_t lines, std::int64_t length, Places wanted, T* values, std::int64_t* indices,
    const T* a, const Form& form) {
  using Item = decltype(form(T(), 0));
  parallel_for(
      lines, std::max<std::int64_t>(1, grain / (length + 1)), [&](std::int64_t begin, std::int64_t end) {
        const std::unique_ptr<Item[]> items(new Item[static_cast<std::size_t>(length)]);
        Item *const first = items.get(), *const begin_wanted = first + wanted.begin,
                    *const end_wanted = first + wanted.end;
        const auto before = form.before();  // a strict order, since no two have the same position
        for (std::int64_t at = begin * length; at < end * length; at += length) {
          for (std::int64_t i = 0; i < length; ++i) first[i] = form(a[at + i], i);
          if (wanted.end < length) std::nth_element(first, end_wanted, first + length, before);
          if (wanted.begin > 0) std::nth_element(first, begin_wanted, end_wanted, before);
          std::sort(begin_wanted, end_wanted, before);
          for (std::int64_t i = 0; i < length; ++i) {
            indices[at + i] = form.at(first[i]);
            values[at + i] = a[at + indices[at + i]];
          }
        }
      });
}

}  // namespace

void sort(Stream, DType dtype, std::int64_t lines, std::int64_t length, bool descending, Places wanted,
    void* values, std::int64_t* indices, const void* a) {
  if (lines * length == 0) return;
  visit_any(dtype, [&]<class T>(std::type_identity<T>) {
    const auto run = [&](const auto& form) {
      sort_lines(lines, length, wanted, static_cast<T*>(values), indices, static_cast<const T*>(a), form);
    };
    if constexpr (sizeof(T) > sizeof(std::uint32_t)) {
      run(Apart{descending});
    } else {
      check(
          length <= std::int64_t{1} << 32, "sort: lines of {} elements; at most 2^32 can be sorted", length);
      run(Packed{descending});
    }
  });
}

}  // namespace tenon::kernels::cpu
