// Eigen, compiled for this machine (see CMakeLists.txt). Each call makes its result, as in tenon.
#include <Eigen/Core>

#include "peers.h"

namespace bench {
namespace {

using tenon::Tensor;
using Vector = Eigen::ArrayXf;
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const Vector> vector(const Tensor& tensor) { return {tensor.ptr<float>(), tensor.numel()}; }
Eigen::Map<const Matrix> matrix(const Tensor& tensor) {
  return {tensor.ptr<float>(), tensor.size(0), tensor.size(1)};
}

struct FromEigen {
  Tensors operator()(const Vector& result) const {
    return {tenon::from_blob(const_cast<float*>(result.data()), {result.size()}).clone()};
  }
  Tensors operator()(const Matrix& result) const {
    return {tenon::from_blob(const_cast<float*>(result.data()), {result.rows(), result.cols()}).clone()};
  }
  Tensors operator()(float result) const { return {tenon::full({}, static_cast<double>(result))}; }
};

template <class Function>
Make of(Function f) {
  return function(f, FromEigen{});
}

Matrix multiply(const Tensor& a, const Tensor& b) {
  Matrix c(a.size(0), b.size(1));
  if (is_transposed(b)) c.noalias() = matrix(a) * matrix(b.t()).transpose();
  else if (is_transposed(a)) c.noalias() = matrix(a.t()).transpose() * matrix(b);
  else c.noalias() = matrix(a) * matrix(b);
  return c;
}

std::map<std::string, Make> cases() {
  using T = const Tensors&;
  const Make add = of([](T in) -> Vector { return vector(in[0]) + vector(in[1]); });
  std::map<std::string, Make> all{
      {"overhead/add", add},
      {"overhead/sum", of([](T in) { return vector(in[0]).sum(); })},
      {"elementwise/add", add},
      {"elementwise/multiply", of([](T in) -> Vector { return vector(in[0]) * vector(in[1]); })},
      {"elementwise/divide", of([](T in) -> Vector { return vector(in[0]) / vector(in[1]); })},
      {"elementwise/maximum", of([](T in) -> Vector { return vector(in[0]).max(vector(in[1])); })},
      {"elementwise/relu", of([](T in) -> Vector { return vector(in[0]).max(0.0f); })},
      {"elementwise/clamp", of([](T in) -> Vector { return vector(in[0]).max(-0.5f).min(0.5f); })},
      {"elementwise/exp", of([](T in) -> Vector { return vector(in[0]).exp(); })},
      {"elementwise/tanh", of([](T in) -> Vector { return vector(in[0]).tanh(); })},
      {"elementwise/sin", of([](T in) -> Vector { return vector(in[0]).sin(); })},
      {"elementwise/log", of([](T in) -> Vector { return vector(in[0]).log(); })},
      {"elementwise/sqrt", of([](T in) -> Vector { return vector(in[0]).sqrt(); })},
      {"layout/copy", of([](T in) -> Matrix { return matrix(in[0]); })},
      {"layout/transpose", of([](T in) -> Matrix { return matrix(in[0]).transpose(); })},
      {"reduce/sum", of([](T in) { return vector(in[0]).sum(); })},
      {"reduce/amax", of([](T in) { return vector(in[0]).maxCoeff(); })},
      {"reduce/sum_rows", of([](T in) -> Vector { return matrix(in[0]).rowwise().sum().array(); })},
      {"reduce/sum_columns",
          of([](T in) -> Vector { return matrix(in[0]).colwise().sum().transpose().array(); })},
      {"program/include", include_of("Eigen/Dense", "-isystem " TENON_BENCH_EIGEN_INCLUDE)},
      {"loss/mse", of([](T in) { return (vector(in[0]) - vector(in[1])).square().mean(); })},
  };
  add_products(all, of([](T in) { return multiply(in[0], in[1]); }));
  all.erase("matmul/square_float64");  // the maps above are of float32
  return all;
}

}  // namespace

const Library* eigen() {
  static const Library library{"Eigen",
      std::to_string(EIGEN_WORLD_VERSION) + '.' + std::to_string(EIGEN_MAJOR_VERSION) + '.' +
          std::to_string(EIGEN_MINOR_VERSION),
      cases(), nullptr};
  return &library;
}

}  // namespace bench
