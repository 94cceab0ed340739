#include <tenon/kernels/sort.h>

#include <algorithm>
#include <memory>

#include <tenon/core/parallel.h>
#include <tenon/kernels/arith/sorted.h>

namespace tenon::kernels::cpu {
namespace {

constexpr std::int64_t grain = 4096;

template <class T>
void sort_lines(std::int64_t lines, std::int64_t length, bool descending, Places wanted, T* values,
    std::int64_t* indices, const T* a) {
  using Placed = arith::Placed<T>;
  parallel_for(
      lines, std::max<std::int64_t>(1, grain / (length + 1)), [&](std::int64_t begin, std::int64_t end) {
        const std::unique_ptr<Placed[]> line(new Placed[static_cast<std::size_t>(length)]);
        for (std::int64_t at = begin * length; at < end * length; at += length) {
          for (std::int64_t i = 0; i < length; ++i) line[static_cast<std::size_t>(i)] = {a[at + i], i};
          // A strict order of all elements, since no two have the same position.
          const auto before = [=](const Placed& x, const Placed& y) {
            return arith::is_before(descending, x, y);
          };
          Placed *const begin_wanted = line.get() + wanted.begin, *const end_wanted = line.get() + wanted.end;
          if (wanted.end < length) std::nth_element(line.get(), end_wanted, line.get() + length, before);
          if (wanted.begin > 0) std::nth_element(line.get(), begin_wanted, end_wanted, before);
          std::sort(begin_wanted, end_wanted, before);
          for (std::int64_t i = 0; i < length; ++i) {
            values[at + i] = line[static_cast<std::size_t>(i)].value;
            indices[at + i] = line[static_cast<std::size_t>(i)].at;
          }
        }
      });
}

}  // namespace

void sort(Stream, DType dtype, std::int64_t lines, std::int64_t length, bool descending, Places wanted,
    void* values, std::int64_t* indices, const void* a) {
  if (lines * length == 0) return;
  visit_any(dtype, [&]<class T>(std::type_identity<T>) {
    sort_lines(lines, length, descending, wanted, static_cast<T*>(values), indices, static_cast<const T*>(a));
  });
}

}  // namespace tenon::kernels::cpu
