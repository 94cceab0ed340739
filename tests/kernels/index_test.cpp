#include <tenon/kernels/index.h>

#include "support.h"

using namespace tenon;
using kernels::Indexed;

TEST_CASE("index_select takes slices of any dtype", "[kernels][index]") {
  const Indexed layout{3, 5, 7};
  const auto a = test::noise<float>(3 * 5 * 7, test::Kind::special, 1);
  const test::Vector<std::int64_t> index = {4, 0, 0, 3};
  test::Vector<float> expected;
  for (std::size_t o = 0; o < 3; ++o)
    for (const std::int64_t i : index)
      for (std::size_t j = 0; j < 7; ++j)
        expected.push_back(a[(o * 5 + static_cast<std::size_t>(i)) * 7 + j]);
  test::on_every_build([&] {
    const auto out = test::written<float>(expected.size(), [&](float* to) {
      kernels::index_select(test::stream(), DType::float32, layout, to, a.data(), index.data(), 4, 1);
    });
    test::require_same(expected, out);
  });
  const test::Vector<std::uint8_t> flags = {1, 0, 1};
  const test::Vector<std::int64_t> two = {2, 1};
  const auto out = test::written<std::uint8_t>(2, [&](std::uint8_t* to) {
    kernels::index_select(test::stream(), DType::boolean, {1, 3, 1}, to, flags.data(), two.data(), 2, 0);
  });
  CHECK((out[0] == 1 && out[1] == 0));
}

TEST_CASE("index_select and gather: many elements along the last dimension", "[kernels][index]") {
  const Indexed layout{3, 5, 1};
  const auto a = test::noise<double>(3 * 5, test::Kind::special, 1);
  constexpr std::int64_t count = 30001;  // split over threads within a row
  test::Vector<std::int64_t> index, own;
  for (std::int64_t i = 0; i < count; ++i) index.push_back(i * i % 5);
  test::Vector<double> expected, gathered;
  for (std::int64_t o = 0; o < 3; ++o)
    for (std::int64_t i = 0; i < count; ++i) {
      own.push_back((i + o) % 5);
      expected.push_back(a[static_cast<std::size_t>(o * 5 + index[static_cast<std::size_t>(i)])]);
      gathered.push_back(a[static_cast<std::size_t>(o * 5 + (i + o) % 5)]);
    }
  test::on_every_build([&] {
    test::require_same(expected, test::written<double>(expected.size(), [&](double* to) {
      kernels::index_select(test::stream(), DType::float64, layout, to, a.data(), index.data(), count, 1);
    }));
    test::require_same(gathered, test::written<double>(gathered.size(), [&](double* to) {
      kernels::gather(test::stream(), DType::float64, layout, to, a.data(), own.data(), count, 1);
    }));
  });
}

TEST_CASE("index_select refuses indices out of range and writes nothing for them", "[kernels][index]") {
  const test::Vector<float> a = {1, 2, 3};
  for (const std::int64_t bad : {std::int64_t{3}, std::int64_t{-1}}) {
    const test::Vector<std::int64_t> index = {0, bad};
    test::Output<float> out(test::Vector<float>{7, 7});
    CHECK_THROWS_WITH(kernels::index_select(test::stream(), DType::float32, {1, 3, 1}, out.data(), a.data(),
                          index.data(), 2, 1),
        "index_select: index " + std::to_string(bad) +
            " at position 1 is out of range; dimension 1 has size 3");
    // A device works on all elements at once.
    CHECK(out.values() == test::Vector<float>{test::on_cuda() ? 1.0f : 7.0f, 7});
  }
}

TEST_CASE("index_add adds repeated indices in ascending order from +0", "[kernels][index]") {
  const Indexed layout{2, 4, 300};
  const test::Vector<std::int64_t> index = {1, 3, 1, 1, 3};
  const auto g = test::noise<float>(2 * 5 * 300, test::Kind::wide, 1);
  test::Vector<float> expected(2 * 4 * 300, 0.0f);
  for (std::size_t o = 0; o < 2; ++o)
    for (std::size_t i = 0; i < index.size(); ++i)
      for (std::size_t j = 0; j < 300; ++j) {
        float& to = expected[(o * 4 + static_cast<std::size_t>(index[i])) * 300 + j];
        to = to + g[(o * 5 + i) * 300 + j];
      }
  test::on_every_build([&] {
    const auto out = test::written<float>(expected.size(), [&](float* to) {
      kernels::index_add(test::stream(), DType::float32, layout, to, g.data(), index.data(), 5);
    });
    test::require_same(expected, out);
  });
}

TEST_CASE("gradients of index_select and gather: many rows, columns and indices", "[kernels][index]") {
  const std::int64_t outer = 3, size = 700, inner = 37, count = 150;
  const Indexed layout{outer, size, inner};
  const auto g = test::noise<double>(outer * count * inner, test::Kind::wide, 1);
  test::Vector<std::int64_t> all;
  for (std::int64_t i = 0; i < outer * count * inner; ++i) all.push_back(i * i % 97 % 89 * 7 + i % 3);
  const test::Vector<std::int64_t> one(all.begin(), all.begin() + count);
  test::Vector<double> rows(static_cast<std::size_t>(outer * size * inner), 0.0), places = rows;
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t j = 0; j < inner; ++j) {
        const auto at = static_cast<std::size_t>((o * count + i) * inner + j);
        double& row =
            rows[static_cast<std::size_t>((o * size + one[static_cast<std::size_t>(i)]) * inner + j)];
        double& place = places[static_cast<std::size_t>((o * size + all[at]) * inner + j)];
        row = row + g[at];
        place = place + g[at];
      }
  test::on_every_build([&] {
    test::require_same(rows, test::written<double>(rows.size(), [&](double* to) {
      kernels::index_add(test::stream(), DType::float64, layout, to, g.data(), one.data(), count);
    }));
    test::require_same(places, test::written<double>(places.size(), [&](double* to) {
      kernels::gather_add(test::stream(), DType::float64, layout, to, g.data(), all.data(), count);
    }));
  });
}

TEST_CASE("gather takes each element by its own index, and its gradient adds in order", "[kernels][index]") {
  const Indexed layout{2, 4, 30};
  test::Vector<std::int64_t> index;
  for (std::int64_t i = 0; i < 2 * 5 * 30; ++i) index.push_back(i * i % 4);
  const auto a = test::noise<float>(2 * 4 * 30, test::Kind::special, 1);
  const auto g = test::noise<float>(2 * 5 * 30, test::Kind::wide, 2);
  test::Vector<float> expected, sums(2 * 4 * 30, 0.0f);
  for (std::size_t o = 0; o < 2; ++o)
    for (std::size_t i = 0; i < 5; ++i)
      for (std::size_t j = 0; j < 30; ++j) {
        const std::size_t at = (o * 5 + i) * 30 + j,
                          from = (o * 4 + static_cast<std::size_t>(index[at])) * 30 + j;
        expected.push_back(a[from]);
        sums[from] = sums[from] + g[at];
      }
  test::on_every_build([&] {
    test::require_same(expected, test::written<float>(expected.size(), [&](float* to) {
      kernels::gather(test::stream(), DType::float32, layout, to, a.data(), index.data(), 5, 1);
    }));
    test::require_same(sums, test::written<float>(sums.size(), [&](float* to) {
      kernels::gather_add(test::stream(), DType::float32, layout, to, g.data(), index.data(), 5);
    }));
  });
  index[33] = 4;
  test::Output<float> out(expected.size());
  CHECK_THROWS_WITH(
      kernels::gather(test::stream(), DType::float32, layout, out.data(), a.data(), index.data(), 5, 1),
      "gather: index 4 at position 33 is out of range; dimension 1 has size 4");
  CHECK_THROWS_WITH(kernels::gather_add(test::stream(), DType::int64, layout, nullptr, nullptr, nullptr, 0),
      "gather_add: needs floating-point numbers; the dtype is int64");
}

TEST_CASE("check_indices names the wrong one", "[kernels][index][grids]") {
  static constexpr char text_error[] = "test: index {} at position {}; dimension {} has size {}";
  test::Vector<std::int64_t> index(100000);
  for (std::size_t i = 0; i < index.size(); ++i) index[i] = static_cast<std::int64_t>(i % 9) - 4;
  const auto count = static_cast<std::int64_t>(index.size());
  const auto check_in = [&](std::int64_t least, std::int64_t size) {
    kernels::check_indices(test::stream(), index.data(), count, least, size, 3, text_error);
  };
  check_in(-5, 5);
  check_in(-4, 5);
  kernels::check_indices(test::stream(), index.data(), 0, 0, 0, 3, text_error);
  index[70001] = -5;
  check_in(-5, 5);
  CHECK_THROWS_WITH(check_in(-4, 5), "test: index -5 at position 70001; dimension 3 has size 5");
  index[70001] = 5;
  CHECK_THROWS_WITH(check_in(-5, 5), "test: index 5 at position 70001; dimension 3 has size 5");
}

TEST_CASE("last_position finds the last of equal indices", "[kernels][index][grids]") {
  for (const auto& [layout, count] :
      std::initializer_list<std::pair<Indexed, std::int64_t>>{{{1, 5, 1}, 4000}, {{1, 3000, 1}, 2000},
          {{3, 40, 7}, 300}, {{2, 50, 700}, 90}, {{2, 3, 2}, 0}, {{0, 3, 2}, 5}, {{2, 3, 0}, 5}}) {
    const auto& [outer, size, inner] = layout;
    CAPTURE(outer, size, inner, count);
    test::Vector<std::int64_t> index;
    for (std::int64_t i = 0; i < outer * count * inner; ++i) index.push_back(i * i % 1009 * 31 % size);
    test::Vector<std::int64_t> want(static_cast<std::size_t>(outer * size * inner), -1);
    for (std::int64_t at = 0; at < outer * count * inner; ++at) {
      const std::int64_t j = at % inner, i = at / inner % count, o = at / inner / count;
      auto& last =
          want[static_cast<std::size_t>((o * size + index[static_cast<std::size_t>(at)]) * inner + j)];
      last = std::max(last, i);
    }
    test::on_every_build([&] {
      test::Vector<std::int64_t> got(want.size(), -1);
      kernels::last_position(test::stream(), layout, got.data(), index.data(), count);
      test::require_same(want, got);
    });
  }
}

TEST_CASE("growths finds where a count grows", "[kernels][index][grids]") {
  for (const std::int64_t n : {1, 2, 100, 70001}) {
    test::Vector<std::int64_t> count, want;
    for (std::int64_t i = 0; i < n; ++i) {
      if (i * i % 7 < 3 || i == n - 1) want.push_back(i);
      count.push_back(static_cast<std::int64_t>(want.size()));
    }
    test::on_every_build([&] {
      test::Vector<std::int64_t> got(want.size());
      kernels::growths(test::stream(), n, got.data(), count.data());
      test::require_same(want, got);
    });
  }
}

TEST_CASE("add_integers adds at repeated places", "[kernels][index][grids]") {
  for (const auto& [layout, count] : std::initializer_list<std::pair<Indexed, std::int64_t>>{
           {{1, 5, 1}, 4000}, {{3, 40, 7}, 300}, {{2, 50, 700}, 90}, {{2, 3, 2}, 0}}) {
    const auto& [outer, size, inner] = layout;
    CAPTURE(outer, size, inner, count);
    test::Vector<std::int64_t> index, g;
    std::vector<std::uint64_t> sums(static_cast<std::size_t>(outer * size * inner), 3);
    for (std::int64_t at = 0; at < outer * count * inner; ++at) {
      const std::int64_t k = at * at % 1009 % size, o = at / inner / count;
      const std::uint64_t x = static_cast<std::uint64_t>(at + 1) * 0x9e3779b97f4a7c15u;
      index.push_back(k);
      g.push_back(static_cast<std::int64_t>(x));
      sums[static_cast<std::size_t>((o * size + k) * inner + at % inner)] += x;
    }
    const test::Vector<std::int64_t> want(sums.begin(), sums.end());
    test::on_every_build([&] {
      test::Vector<std::int64_t> got(want.size(), 3);
      kernels::add_integers(test::stream(), layout, got.data(), g.data(), index.data(), count);
      test::require_same(want, got);
    });
  }
}
