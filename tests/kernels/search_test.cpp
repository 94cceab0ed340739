#include <tenon/kernels/search.h>

#include "support.h"

using namespace tenon;

TEMPLATE_TEST_CASE(
    "search counts the smaller elements", "[kernels][search][grids]", float, double, std::int64_t) {
  using T = TestType;
  for (const bool shared : {false, true})
    for (const bool right : {false, true})
      for (const std::int64_t length : {0, 1, 2, 7, 1000}) {
        const kernels::SearchJob job{3, length, 401, shared, right};
        CAPTURE(length, shared, right);
        test::Vector<T> lines, values;
        for (std::int64_t line = 0; line < (shared ? 1 : 3); ++line)
          for (std::int64_t i = 0; i < length; ++i) lines.push_back(static_cast<T>(i / 3 * 2 + line));
        for (std::int64_t i = 0; i < 3 * 401; ++i) values.push_back(static_cast<T>(i * 7 % 811 - 5));
        if constexpr (!std::is_same_v<T, std::int64_t>) {
          values[5] = std::numeric_limits<T>::quiet_NaN();
          values[6] = std::numeric_limits<T>::infinity();
          values[7] = -T(0);
        }
        test::Vector<std::int64_t> want;
        for (std::size_t i = 0; i < values.size(); ++i) {
          const T* const line = lines.data() + (shared ? 0 : static_cast<std::int64_t>(i) / 401 * length);
          want.push_back(std::count_if(line, line + length,
              [&](T x) { return x < values[i] || (right && x == values[i]) || values[i] != values[i]; }));
        }
        test::on_every_build([&] {
          test::Vector<std::int64_t> got(want.size());
          kernels::search(test::stream(), dtype_of<T>, job, got.data(), lines.data(), values.data());
          test::require_same(want, got);
        });
      }
}
