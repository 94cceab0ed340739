// Every matrix product against the definition, bit for bit: ragged shapes, all layouts, inputs and builds.
#include <tenon/kernels/matmul.h>

#include <cmath>

#include "oracle.h"
#include "support.h"

namespace {

using namespace tenon;
using kernels::Matrix;
using test::Kind;

/// A matrix with strides (row, col) that owns its memory.
template <class T>
struct Stored {
  test::Vector<T> values;
  Matrix matrix;
  Stored(std::int64_t rows, std::int64_t cols, std::int64_t row, std::int64_t col, std::int64_t start,
      Kind kind, std::uint32_t seed)
      : values(
            test::noise<T>(start + 1 + (rows + 1) * std::abs(row) + (cols + 1) * std::abs(col), kind, seed)),
        matrix{values.data() + start, rows, cols, row, col} {}
};
enum class Layout { plain, transposed, strided, reversed, repeated };
template <class T>
Stored<T> make(Layout layout, std::int64_t rows, std::int64_t cols, Kind kind, std::uint32_t seed) {
  switch (layout) {
    case Layout::plain: return {rows, cols, cols, 1, 0, kind, seed};
    case Layout::transposed: return {rows, cols, 1, rows, 0, kind, seed};
    case Layout::strided: return {rows, cols, 2 * cols + 3, 2, 1, kind, seed};
    case Layout::reversed: return {rows, cols, -cols, 1, rows * cols, kind, seed};
    default: return {rows, cols, 0, 1, 0, kind, seed};
  }
}

template <class T>
test::Vector<T> want(const Matrix& a, const Matrix& b, const T* bias) {
  test::Vector<T> c;
  for (std::int64_t i = 0; i < a.rows; ++i)
    for (std::int64_t j = 0; j < b.cols; ++j) {
      const T x = test::matmul(b.cols, a.cols, static_cast<const T*>(a.data) + i * a.row_stride, a.col_stride,
          static_cast<const T*>(b.data) + j * b.col_stride, b.row_stride);
      c.push_back(bias ? x + bias[j] : x);
    }
  return c;
}

template <class T>
test::Vector<T> product(const Matrix& a, const Matrix& b, const T* bias = nullptr) {
  return test::written<T>(static_cast<std::size_t>(a.rows * b.cols),
      [&](T* c) { kernels::matmul(test::stream(), dtype_of<T>, c, a, b, bias); });
}

struct Size {
  std::int64_t m, k, n;
};
const Size sizes[] = {{5, 200, 1}, {1, 200, 5}, {1, 1100, 40}, {2, 64, 16}, {3, 530, 35}, {4, 200, 100},
    {200, 5, 1}, {1, 5, 200}, {33, 17, 1}, {33, 16, 1}, {1, 1, 1}, {7, 1, 3}, {1, 3000, 1}, {70, 1025, 1},
    {17, 513, 19}, {131, 36, 70}, {14, 512, 33}, {15, 511, 47}, {29, 64, 16}, {1, 700, 300}, {4, 2100, 4},
    {9, 129, 1}, {32, 10, 128}, {12, 3, 65}, {97, 40, 5}, {300, 1100, 3}, {260, 600, 8}, {280, 530, 13},
    {9, 1041, 270}};

template <class T>
void against_definition() {
  const bool emulated = test::on_cuda() && !test::on_gpu();
  const int every = (emulated ? 3 : 1) * (test::thorough ? 1 : 3);
  int number = 0;
  for (const auto [m, k, n] : sizes)
    for (const Kind kind : test::kinds)
      for (const auto& [left, right] :
          {std::pair{Layout::plain, Layout::plain}, {Layout::transposed, Layout::plain},
              {Layout::plain, Layout::transposed}, {Layout::transposed, Layout::transposed},
              {Layout::strided, Layout::reversed}, {Layout::reversed, Layout::strided},
              {Layout::repeated, Layout::plain}, {Layout::plain, Layout::repeated}}) {
        // Where that takes long, one kind of numbers per size and layout, varying between them; where it
        // takes very long, of some layouts per size only.
        if ((number++ + m) % every != 0) continue;
        CAPTURE(m, k, n, static_cast<int>(kind), static_cast<int>(left), static_cast<int>(right));
        const auto a = make<T>(left, m, k, kind, 1), b = make<T>(right, k, n, kind, 2);
        const auto bias = test::noise<T>(n, kind, 3);
        const auto expected = want<T>(a.matrix, b.matrix, nullptr);
        auto with_bias = expected;
        for (std::int64_t i = 0; i < m * n; ++i) with_bias[i] += bias[i % n];
        test::on_every_build([&] {
          test::require_same(expected, product<T>(a.matrix, b.matrix));
          test::require_same(with_bias, product(a.matrix, b.matrix, bias.data()));
        });
      }
}

template <class T>
void packed_products() {
  for (const auto [m, k, n] : {Size{300, 520, 161}, Size{150, 700, 2100}, Size{2, 80000, 1},
           Size{40, 140000, 1}, Size{620, 1700, 40}}) {
    if (test::on_cuda() && m == 620) continue;  // large enough for the CPU to pack rows
    if (test::on_cuda() && !test::thorough && m == 150) continue;
    CAPTURE(m, k, n);
    for (const auto& [left, right] :
        {std::pair{Layout::plain, Layout::transposed}, {Layout::transposed, Layout::plain}}) {
      const auto a = make<T>(left, m, k, Kind::wide, 4), b = make<T>(right, k, n, Kind::ordinary, 5);
      test::Vector<T> expected;
      test::on_every_build([&] {
        // libm's fmaf is slow: only some rows are compared with the definition; builds are compared in full.
        if (kernels::cpu::cpu_table().name == std::string("baseline")) return;
        const auto c = product<T>(a.matrix, b.matrix);
        if (expected.empty()) {
          for (const std::int64_t i : {std::int64_t{0}, m / 2, m - 1}) {
            Matrix row = a.matrix;
            row.data = static_cast<const T*>(row.data) + i * row.row_stride;
            row.rows = 1;
            test::require_same(want<T>(row, b.matrix, nullptr), {c.begin() + i * n, c.begin() + (i + 1) * n});
          }
          expected = c;
        }
        test::require_same(expected, c);
      });
    }
  }
}

}  // namespace

TEST_CASE("matmul: float32 matches its definition", "[kernels][matmul][grids]") {
  against_definition<float>();
}
TEST_CASE("matmul: float64 matches its definition", "[kernels][matmul]") { against_definition<double>(); }
TEST_CASE(
    "matmul: float32 products that are packed, cut into blocks and split over threads", "[kernels][matmul]") {
  packed_products<float>();
}
TEST_CASE(
    "matmul: float64 products that are packed, cut into blocks and split over threads", "[kernels][matmul]") {
  packed_products<double>();
}

namespace {

/// A product that a device with so many multiprocessors computes with tiles of this kind.
struct Tiles {
  const char* name;
  int multiprocessors;
  Size size;
};

template <class T>
void by_tiles(const Tiles& tiles) {
  const test::Multiprocessors count(tiles.multiprocessors);
  for (const bool aligned : {true, false}) {
    const int off = aligned ? 0 : 1;
    const std::int64_t m = tiles.size.m - off, k = tiles.size.k + off, n = tiles.size.n - off;
    const auto bias = test::noise<T>(n, Kind::ordinary, 3);
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        // Under a sanitizer most tiles feed both operands alike: across, or along k.
        if (!test::thorough && tiles.multiprocessors > 1 && ta == tb) continue;
        const auto a = make<T>(ta ? Layout::transposed : Layout::plain, m, k, Kind::wide, 4),
                   b = make<T>(tb ? Layout::transposed : Layout::plain, k, n, Kind::ordinary, 5);
        const bool packs = aligned || (!ta && tb);  // what lies along k is copied one by one
        std::string arguments;                      // of the kernel template
        for (const bool argument : {ta, tb, packs}) arguments += argument ? ", true" : ", false";
        CAPTURE(tiles.name, m, k, n, arguments);
        const auto before = test::launches(tiles.name, arguments + ">");
        test::on_every_build([&] {
          const auto c = product(a.matrix, b.matrix, bias.data());
          for (std::int64_t i = 0; i < m; i += 23) {
            Matrix row = a.matrix;
            row.data = a.values.data() + i * row.row_stride;
            row.rows = 1;
            test::require_same(
                want(row, b.matrix, bias.data()), {c.begin() + i * n, c.begin() + (i + 1) * n});
          }
        });
        if (before) REQUIRE(*test::launches(tiles.name, arguments + ">") == *before + 1);
      }
  }
}

}  // namespace

TEST_CASE(
    "matmul: every tile of a CUDA device, in all four transpositions, aligned and not", "[kernels][matmul]") {
  if (!test::on_cuda()) return;
  // The number of multiprocessors makes the launcher choose the tile.
  const char *const wide = "Tile<float, 64, 128,", *const square = "Tile<float, 64, 64,",
                    *const least = "Tile<float, 64, 32,";
  // One tile that is larger than the product; 2 x 2, the last ones of which are moved back; and more rows of
  // tiles than a band has.
  by_tiles<float>({wide, 1, {60, 520, 124}});
  by_tiles<float>({wide, 1, {124, test::thorough ? 1028 : 520, 252}});
  by_tiles<float>({wide, 1, {572, 44, 124}});
  by_tiles<float>({square, 1, {124, 1028, 60}});
  by_tiles<float>({least, 3, {124, 520, 124}});
  by_tiles<double>({"Tile<double, 64, 64,", 3, {124, 520, 124}});
  // Blocks share a tile.
  by_tiles<float>({wide, 3, {60, 2052, 124}});
  by_tiles<float>({square, 3, {60, 2052, 60}});
  by_tiles<float>({least, 132, {124, 1028, 60}});
  by_tiles<double>({"Tile<double, 64, 64,", 132, {124, 1028, 60}});
  if (!test::thorough) return;
  // As on an H100.
  by_tiles<float>({wide, 132, {3068, 44, 1404}});
  by_tiles<float>({square, 132, {1500, 44, 900}});
  by_tiles<float>({least, 132, {508, 44, 508}});
}

TEST_CASE("matmul: dimensions of size 0", "[kernels][matmul]") {
  const test::Vector<float> bias = {-0.0f, 2, 3};
  test::on_every_build([&] {
    const Matrix a{nullptr, 2, 0, 0, 1}, b{nullptr, 0, 3, 3, 1};
    test::require_same<float>({0, 0, 0, 0, 0, 0}, product<float>(a, b));
    test::require_same<float>({0, 2, 3, 0, 2, 3}, product<float>(a, b, bias.data()));
    test::require_same<float>({0, 0}, product<float>(a, Matrix{nullptr, 0, 1, 1, 1}));
    CHECK(product<float>(Matrix{nullptr, 0, 4, 4, 1}, Matrix{bias.data(), 4, 3, 3, 1}).empty());
    CHECK(product<float>(Matrix{bias.data(), 3, 1, 1, 1}, Matrix{nullptr, 1, 0, 0, 1}).empty());
  });
}

TEST_CASE("matmul: a row of a product has the same bits in any batch", "[kernels][matmul]") {
  for (const std::int64_t n : {1, 10, 128}) {
    const auto a = make<float>(Layout::plain, 50, 300, Kind::ordinary, 1),
               b = make<float>(Layout::transposed, 300, n, Kind::ordinary, 2);
    const auto all = product<float>(a.matrix, b.matrix);
    for (std::int64_t i = 0; i < 50; ++i) {
      Matrix row = a.matrix;
      row.data = a.values.data() + i * 300;
      row.rows = 1;
      test::require_same({all.begin() + i * n, all.begin() + (i + 1) * n}, product<float>(row, b.matrix));
    }
  }
}

TEMPLATE_TEST_CASE(
    "matmul: a few rows times a matrix that exceeds the cache", "[kernels][matmul]", float, double) {
  using T = TestType;
  for (const auto [m, k, n] : {Size{1, 1030, 300}, Size{1, 61, 5001}, Size{2, 700, 257}, Size{5, 530, 301},
           Size{16, 131, 1003}, Size{17, 131, 1003}})
    for (const Layout left : {Layout::plain, Layout::transposed}) {
      CAPTURE(m, k, n, static_cast<int>(left));
      const auto a = make<T>(left, m, k, Kind::wide, 1),
                 b = make<T>(Layout::strided, k, n, Kind::ordinary, 2);
      Matrix dense = b.matrix;
      dense.col_stride = 1;
      const auto bias = test::noise<T>(n, Kind::ordinary, 3);
      const auto expected = want<T>(a.matrix, dense, nullptr), with_bias = want(a.matrix, dense, bias.data());
      test::on_every_build([&] {
        test::require_same(expected, product<T>(a.matrix, dense));
        test::require_same(with_bias, product(a.matrix, dense, bias.data()));
      });
    }
}

TEMPLATE_TEST_CASE(
    "matmul: a large transposed matrix times a few columns", "[kernels][matmul]", float, double) {
  using T = TestType;
  if (test::on_cuda()) return;  // a path of the CPU
  for (const auto [m, k, n] :
      {Size{300, 900, 2}, Size{256, 1030, 16}, Size{530, 500, 5}, Size{300, 900, 17}}) {
    CAPTURE(m, k, n);
    const auto a = make<T>(Layout::transposed, m, k, Kind::wide, 1),
               b = make<T>(Layout::strided, k, n, Kind::ordinary, 2);
    const auto bias = test::noise<T>(n, Kind::ordinary, 3);
    const auto expected = want<T>(a.matrix, b.matrix, nullptr),
               with_bias = want(a.matrix, b.matrix, bias.data());
    test::on_every_build([&] {
      test::require_same(expected, product<T>(a.matrix, b.matrix));
      test::require_same(with_bias, product(a.matrix, b.matrix, bias.data()));
    });
  }
}

TEST_CASE("matmul: (A B)^T is B^T A^T", "[kernels][matmul]") {
  const auto a = make<float>(Layout::plain, 23, 600, Kind::wide, 1),
             b = make<float>(Layout::plain, 600, 31, Kind::ordinary, 2);
  const auto c = product<float>(a.matrix, b.matrix),
             t = product<float>(b.matrix.transposed(), a.matrix.transposed());
  test::Vector<float> back;
  for (std::size_t i = 0; i < 23; ++i)
    for (std::size_t j = 0; j < 31; ++j) back.push_back(t[j * 23 + i]);
  test::require_same(c, back);
}

namespace {

/// [2, 3] matrices, or fewer where some are shared: where they lie, and how they are turned.
enum class Lie {
  in_order,
  apart,       // by an odd distance
  interleaved  // as the heads of attention: [2, rows, 3, cols]
};
struct Arrangement {
  Lie lie;
  bool turned;
  bool shared[2];  // along each dimension of the batch
};

template <class T>
struct Stack {
  const T* values;  // 6 (rows cols + 1)
  Matrix first;
  std::int64_t step[2];

  Stack(const T* of, std::int64_t rows, std::int64_t cols, const Arrangement& how) : values(of) {
    if (how.turned) std::swap(rows, cols);
    const std::int64_t size = rows * cols + (how.lie == Lie::apart ? 1 : 0);
    const bool mixed = how.lie == Lie::interleaved;
    first = {values, rows, cols, mixed ? 3 * cols : cols, 1};
    if (how.turned) first = first.transposed();
    step[0] = how.shared[0] ? 0 : 3 * size;
    step[1] = how.shared[1] ? 0 : mixed ? cols : size;
  }
  Matrix at(std::int64_t i, std::int64_t j) const {
    Matrix one = first;
    one.data = values + i * step[0] + j * step[1];
    return one;
  }
};

template <class T>
test::Vector<T> products(const Stack<T>& a, const Stack<T>& b, const T* bias) {
  kernels::Batch batch;
  batch.push(2, {a.step[0], b.step[0]});
  batch.push(3, {a.step[1], b.step[1]});
  return test::written<T>(static_cast<std::size_t>(6 * a.first.rows * b.first.cols),
      [&](T* c) { kernels::matmul(test::stream(), dtype_of<T>, c, a.first, b.first, bias, batch); });
}

}  // namespace

TEMPLATE_TEST_CASE("matmul: each product of a batch has the bits that it has alone",
    "[kernels][matmul][grids]", float, double) {
  using T = TestType;
  const bool emulated = test::on_cuda() && !test::on_gpu();
  int number = sizeof(T);
  // One thread per element; reductions; tiles, whole and with edges; tiles that blocks share; few rows or
  // columns.
  for (const auto [m, k, n] : {Size{3, 5, 4}, Size{1, 7, 5}, Size{4, 0, 3}, Size{5, 16, 1}, Size{5, 40, 1},
           Size{64, 20, 32}, Size{33, 36, 70}, Size{20, 530, 24}, Size{3, 300, 260}, Size{260, 530, 2}}) {
    // Products that take long are fewer, with other arrangements for each size.
    const bool quick = m * k * n < 50000;
    const int every = test::thorough ? (quick         ? 1
                                           : emulated ? 31
                                                      : 7)
                      : quick        ? (emulated ? 31 : 11)
                      : emulated     ? 173
                                     : 97;
    const auto of_a = test::noise<T>(6 * (m * k + 1), Kind::wide, 1),
               of_b = test::noise<T>(6 * (k * n + 1), Kind::ordinary, 2),
               bias = test::noise<T>(n, Kind::ordinary, 3);
    for (const Lie lie : {Lie::in_order, Lie::apart, Lie::interleaved})
      for (int turned = 0; turned < 4; ++turned)
        for (int shared = 0; shared < 16; ++shared) {
          if (number++ % every != 0) continue;
          CAPTURE(m, k, n, static_cast<int>(lie), turned, shared);
          const Stack<T> a(
              of_a.data(), m, k, {lie, (turned & 1) != 0, {(shared & 1) != 0, (shared & 2) != 0}}),
              b(of_b.data(), k, n, {lie, (turned & 2) != 0, {(shared & 4) != 0, (shared & 8) != 0}});
          test::Vector<T> expected;
          for (std::int64_t i = 0; i < 2; ++i)
            for (std::int64_t j = 0; j < 3; ++j)
              for (const T x : want(a.at(i, j), b.at(i, j), bias.data())) expected.push_back(x);
          test::on_every_build([&] { test::require_same(expected, products(a, b, bias.data())); });
        }
  }
}

TEST_CASE("matmul: batches of large products, and of more products than threads", "[kernels][matmul]") {
  if (test::on_cuda()) return;  // what threads share
  for (const auto& [count, size] :
      {std::pair{2, Size{130, 140, 150}}, {30, {130, 140, 150}}, {700, {3, 9, 20}}}) {
    const auto [m, k, n] = size;
    const auto a = make<float>(Layout::plain, count * m, k, Kind::wide, 1),
               b = make<float>(Layout::plain, count * k, n, Kind::ordinary, 2);
    const auto at = [](const Stored<float>& of, std::int64_t first, std::int64_t rows) {
      Matrix one = of.matrix;
      one.data = of.values.data() + first * one.row_stride;
      one.rows = rows;
      return one;
    };
    kernels::Batch batch;
    batch.push(count, {m * k, k * n});
    test::Vector<float> expected;
    for (std::int64_t i = 0; i < count; ++i)
      for (const float x : product<float>(at(a, i * m, m), at(b, i * k, k))) expected.push_back(x);
    test::on_every_build([&, m = m, k = k, n = n, count = count] {
      test::require_same(
          expected, test::written<float>(static_cast<std::size_t>(count * m * n), [&](float* c) {
            kernels::matmul(test::stream(), DType::float32, c, at(a, 0, m), at(b, 0, k), nullptr, batch);
          }));
    });
  }
}

TEST_CASE(
    "matmul: a batch that exceeds the limits of a launch is cut into runs of products", "[kernels][matmul]") {
  kernels::Batch batch;
  for (const auto& [size, of_a, of_b] : {std::tuple{3, 1000, 7}, {5, 0, 100}, {4, 10, -1}})
    batch.push(size, {of_a, of_b});
  REQUIRE(batch.rank == 3);
  for (const std::int64_t most : {1, 3, 4, 7, 19, 20, 45, 59, 60, 1000}) {
    CAPTURE(most);
    std::int64_t done = 0, runs = 0;
    kernels::for_runs(
        batch, most, [&](const kernels::Batch& part, std::int64_t first, const std::int64_t(&offset)[2]) {
          REQUIRE(first == done);
          REQUIRE(part.count() <= most);
          for (std::int64_t i = 0; i < part.count(); ++i) {
            const kernels::Position<2> all(batch, batch.rank, done + i), here(part, part.rank, i);
            REQUIRE(all.offset[0] == offset[0] + here.offset[0]);
            REQUIRE(all.offset[1] == offset[1] + here.offset[1]);
          }
          done += part.count();
          ++runs;
        });
    REQUIRE(done == 60);
    if (most >= 60) REQUIRE(runs == 1);
    if (most == 45) REQUIRE(runs == 2);
  }
}

TEST_CASE("matmul: batches without products, and of empty ones", "[kernels][matmul]") {
  const test::Vector<float> x(80, 2.0f);
  const auto of = [&](std::int64_t count, std::int64_t m, std::int64_t k, std::int64_t n) {
    kernels::Batch batch;
    batch.push(count, {m * k, k * n});
    return test::written<float>(static_cast<std::size_t>(count * m * n), [&](float* c) {
      kernels::matmul(
          test::stream(), DType::float32, c, {x.data(), m, k, k, 1}, {x.data(), k, n, n, 1}, nullptr, batch);
    });
  };
  test::on_every_build([&] {
    CHECK(of(0, 1, 1, 1).empty());
    CHECK(of(0, 2, 40, 1).empty());
    CHECK(of(3, 0, 1, 1).empty());
    CHECK(of(3, 1, 40, 0).empty());
    test::require_same<float>(test::Vector<float>(12, 0.0f), of(3, 2, 0, 2));
    test::require_same<float>(test::Vector<float>(6, 0.0f), of(3, 2, 0, 1));
  });
}

TEST_CASE("matmul: only floating point", "[kernels][matmul]") {
  std::int64_t x = 1, y = 0;
  CHECK_THROWS_WITH(kernels::matmul(test::stream(), DType::int64, &y, {&x, 1, 1, 1, 1}, {&x, 1, 1, 1, 1}),
      "matmul: needs floating-point numbers; the dtype is int64");
}
