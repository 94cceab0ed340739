// Functions at special points: zeros, ties, bounds, infinities and NaN. The first and second derivatives are
// those of PyTorch 2 or, where it defines none, of calculus.
#include "../support/catch.h"

#include <cmath>
#include <limits>

#include "../support/op_cases.h"
#include "../support/tensors.h"

using namespace tenon;
using test::number;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Point {
  const char* function;
  Tensor (*call)(const Tensor&);
  double at, value, first, second;
};

const Point points[] = {
    {"neg", [](const Tensor& x) { return -x; }, inf, -inf, -1, 0},
    {"add", [](const Tensor& x) { return x + inf; }, -inf, not_a_number, 1, 0},
    {"sub", [](const Tensor& x) { return x - inf; }, inf, not_a_number, 1, 0},
    {"mul", [](const Tensor& x) { return x * 0; }, inf, not_a_number, 0, 0},
    {"mul", [](const Tensor& x) { return x * x; }, 0, 0, 0, 2},
    {"mul", [](const Tensor& x) { return x * x; }, inf, inf, inf, 2},
    {"div", [](const Tensor& x) { return x / 0.0; }, 1, inf, inf, 0},
    {"div", [](const Tensor& x) { return 1 / x; }, 0, inf, -inf, inf},
    {"div", [](const Tensor& x) { return 1 / x; }, -0.0, -inf, -inf, -inf},
    {"div", [](const Tensor& x) { return 1 / x; }, inf, 0, 0, 0},
    {"div", [](const Tensor& x) { return x / x; }, 0, not_a_number, not_a_number, not_a_number},
    {"abs", [](const Tensor& x) { return abs(x); }, 0, 0, 0, 0},
    {"abs", [](const Tensor& x) { return abs(x); }, -inf, inf, -1, 0},
    {"exp", [](const Tensor& x) { return exp(x); }, -inf, 0, 0, 0},
    {"exp", [](const Tensor& x) { return exp(x); }, inf, inf, inf, inf},
    {"exp", [](const Tensor& x) { return exp(x); }, 0, 1, 1, 1},
    {"log", [](const Tensor& x) { return log(x); }, 0, -inf, inf, -inf},
    {"log", [](const Tensor& x) { return log(x); }, 1, 0, 1, -1},
    {"log", [](const Tensor& x) { return log(x); }, inf, inf, 0, 0},
    {"log", [](const Tensor& x) { return log(x); }, -1, not_a_number, -1, -1},
    {"sqrt", [](const Tensor& x) { return sqrt(x); }, 0, 0, inf, -inf},
    {"sqrt", [](const Tensor& x) { return sqrt(x); }, -1, not_a_number, not_a_number, not_a_number},
    {"sqrt", [](const Tensor& x) { return sqrt(x); }, inf, inf, 0, 0},
    {"sin", [](const Tensor& x) { return sin(x); }, 0, 0, 1, 0},
    {"sin", [](const Tensor& x) { return sin(x); }, inf, not_a_number, not_a_number, not_a_number},
    {"cos", [](const Tensor& x) { return cos(x); }, 0, 1, 0, -1},
    {"cos", [](const Tensor& x) { return cos(x); }, -inf, not_a_number, not_a_number, not_a_number},
    {"tanh", [](const Tensor& x) { return tanh(x); }, 0, 0, 1, 0},
    {"tanh", [](const Tensor& x) { return tanh(x); }, inf, 1, 0, 0},
    {"tanh", [](const Tensor& x) { return tanh(x); }, -inf, -1, 0, 0},
    {"sigmoid", [](const Tensor& x) { return sigmoid(x); }, 0, 0.5, 0.25, 0},
    {"sigmoid", [](const Tensor& x) { return sigmoid(x); }, inf, 1, 0, 0},
    {"sigmoid", [](const Tensor& x) { return sigmoid(x); }, -inf, 0, 0, 0},
    {"relu", [](const Tensor& x) { return relu(x); }, 0, 0, 0, 0},
    {"relu", [](const Tensor& x) { return relu(x); }, inf, inf, 1, 0},
    {"relu", [](const Tensor& x) { return relu(x); }, not_a_number, not_a_number, 1, 0},
    {"log1p", [](const Tensor& x) { return log1p(x); }, 0, 0, 1, -1},
    {"log1p", [](const Tensor& x) { return log1p(x); }, -1, -inf, inf, -inf},
    {"log1p", [](const Tensor& x) { return log1p(x); }, inf, inf, 0, 0},
    {"expm1", [](const Tensor& x) { return expm1(x); }, 0, 0, 1, 1},
    {"expm1", [](const Tensor& x) { return expm1(x); }, -inf, -1, 0, 0},
    {"expm1", [](const Tensor& x) { return expm1(x); }, inf, inf, inf, inf},
    {"log2", [](const Tensor& x) { return log2(x); }, 0, -inf, inf, -inf},
    {"log2", [](const Tensor& x) { return log2(x); }, 8, 3, 0.18033688011112042, -0.022542110013890053},
    {"log2", [](const Tensor& x) { return log2(x); }, inf, inf, 0, 0},
    {"log2", [](const Tensor& x) { return log2(x); }, -1, not_a_number, -1.4426950408889634,
        -1.4426950408889634},
    {"exp2", [](const Tensor& x) { return exp2(x); }, 0, 1, 0.6931471805599453, 0.4804530139182014},
    {"exp2", [](const Tensor& x) { return exp2(x); }, 3, 8, 5.545177444479562, 3.843624111345611},
    {"exp2", [](const Tensor& x) { return exp2(x); }, -inf, 0, 0, 0},
    {"exp2", [](const Tensor& x) { return exp2(x); }, inf, inf, inf, inf},
    {"erf", [](const Tensor& x) { return erf(x); }, 0, 0, 1.1283791670955126, 0},
    {"erf", [](const Tensor& x) { return erf(x); }, -inf, -1, 0, not_a_number},
    {"erf", [](const Tensor& x) { return erf(x); }, inf, 1, 0, not_a_number},
    {"rsqrt", [](const Tensor& x) { return rsqrt(x); }, 0, inf, -inf, inf},
    {"rsqrt", [](const Tensor& x) { return rsqrt(x); }, 4, 0.5, -0.0625, 0.0234375},
    {"rsqrt", [](const Tensor& x) { return rsqrt(x); }, inf, 0, 0, 0},
    {"rsqrt", [](const Tensor& x) { return rsqrt(x); }, -1, not_a_number, not_a_number, not_a_number},
    {"square", [](const Tensor& x) { return square(x); }, 0, 0, 0, 2},
    {"square", [](const Tensor& x) { return square(x); }, -3, 9, -6, 2},
    {"square", [](const Tensor& x) { return square(x); }, inf, inf, inf, 2},
    {"reciprocal", [](const Tensor& x) { return reciprocal(x); }, 0, inf, -inf, inf},
    {"reciprocal", [](const Tensor& x) { return reciprocal(x); }, -0.0, -inf, -inf, -inf},
    {"reciprocal", [](const Tensor& x) { return reciprocal(x); }, inf, 0, 0, 0},
    {"sign", [](const Tensor& x) { return sign(x); }, 0, 0, 0, 0},
    {"sign", [](const Tensor& x) { return sign(x); }, -2, -1, 0, 0},
    {"sign", [](const Tensor& x) { return sign(x); }, inf, 1, 0, 0},
    {"sign", [](const Tensor& x) { return sign(x); }, not_a_number, not_a_number, 0, 0},
    {"floor", [](const Tensor& x) { return floor(x); }, -0.5, -1, 0, 0},
    {"floor", [](const Tensor& x) { return floor(x); }, 2, 2, 0, 0},
    {"floor", [](const Tensor& x) { return floor(x); }, inf, inf, 0, 0},
    {"ceil", [](const Tensor& x) { return ceil(x); }, -0.5, -0.0, 0, 0},
    {"ceil", [](const Tensor& x) { return ceil(x); }, 2.25, 3, 0, 0},
    {"ceil", [](const Tensor& x) { return ceil(x); }, -inf, -inf, 0, 0},
    {"round", [](const Tensor& x) { return round(x); }, 0.5, 0, 0, 0},
    {"round", [](const Tensor& x) { return round(x); }, 1.5, 2, 0, 0},
    {"round", [](const Tensor& x) { return round(x); }, -2.5, -2, 0, 0},
    {"round", [](const Tensor& x) { return round(x); }, inf, inf, 0, 0},
    {"trunc", [](const Tensor& x) { return trunc(x); }, -1.75, -1, 0, 0},
    {"trunc", [](const Tensor& x) { return trunc(x); }, 2, 2, 0, 0},
    {"trunc", [](const Tensor& x) { return trunc(x); }, -inf, -inf, 0, 0},
    {"leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.25); }, 0, 0, 0.25, 0},
    {"leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.25); }, -2, -0.5, 0.25, 0},
    {"leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.25); }, inf, inf, 1, 0},
    {"leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.25); }, -inf, -inf, 0.25, 0},
    {"leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.25); }, not_a_number, not_a_number, 0.25, 0},
    {"elu", [](const Tensor& x) { return elu(x, 2); }, 0, 0, 2, 0},
    {"elu", [](const Tensor& x) { return elu(x, 2); }, -inf, -2, 0, 0},
    {"elu", [](const Tensor& x) { return elu(x, 2); }, inf, inf, 1, 0},
    {"selu", [](const Tensor& x) { return selu(x); }, 0, 0, 1.7580993408473766, 0},
    {"selu", [](const Tensor& x) { return selu(x); }, -inf, -1.7580993408473766, 0, 0},
    {"selu", [](const Tensor& x) { return selu(x); }, inf, inf, 1.0507009873554805, 0},
    {"silu", [](const Tensor& x) { return silu(x); }, 0, 0, 0.5, 0.5},
    {"silu", [](const Tensor& x) { return silu(x); }, 1, 0.7310585786300049, 0.9276705118714869,
        0.3023661188100153},
    {"silu", [](const Tensor& x) { return silu(x); }, inf, inf, not_a_number, not_a_number},
    {"gelu", [](const Tensor& x) { return gelu(x); }, 0, 0, 0.5, 0.7978845608028654},
    {"gelu", [](const Tensor& x) { return gelu(x); }, 1, 0.841344746068543, 1.0833154705876864,
        0.24197072451914337},
    {"gelu", [](const Tensor& x) { return gelu(x); }, -2, -0.04550026389635842, -0.08523180107819692,
        -0.10798193302637613},
    {"gelu", [](const Tensor& x) { return gelu(x, GeluApproximate::tanh); }, 0, 0, 0.5, 0.7978845608028654},
    {"gelu", [](const Tensor& x) { return gelu(x, GeluApproximate::tanh); }, 1, 0.8411919906082768,
        1.0829640838457826, 0.24214819798377296},
    {"gelu", [](const Tensor& x) { return gelu(x, GeluApproximate::tanh); }, -2, -0.04540230591222494,
        -0.0860992566236183, -0.10787507995107845},
    {"softplus", [](const Tensor& x) { return softplus(x, 2, 3); }, 0, 0.34657359027997264, 0.5, 0.5},
    {"softplus", [](const Tensor& x) { return softplus(x, 2, 3); }, 1.5, 1.524293675786871,
        0.9525741268224333, 0},
    {"softplus", [](const Tensor& x) { return softplus(x, 2, 3); }, 2, 2, 1, 0},
    {"softplus", [](const Tensor& x) { return softplus(x, 2, 3); }, -inf, 0, 0, 0},
    {"softplus", [](const Tensor& x) { return softplus(x, 2, 3); }, inf, inf, 1, 0},
    {"softplus", [](const Tensor& x) { return softplus(x); }, 0, 0.6931471805599453, 0.5, 0.25},
    {"softplus", [](const Tensor& x) { return softplus(x); }, -inf, 0, 0, 0},
    {"softplus", [](const Tensor& x) { return softplus(x); }, inf, inf, 1, 0},
    {"hardtanh", [](const Tensor& x) { return hardtanh(x, -1, 2); }, -1, -1, 0, 0},
    {"hardtanh", [](const Tensor& x) { return hardtanh(x, -1, 2); }, 2, 2, 0, 0},
    {"hardtanh", [](const Tensor& x) { return hardtanh(x, -1, 2); }, 0, 0, 1, 0},
    {"hardtanh", [](const Tensor& x) { return hardtanh(x, -1, 2); }, inf, 2, 0, 0},
    {"hardtanh", [](const Tensor& x) { return hardtanh(x, -1, 2); }, not_a_number, not_a_number, 1, 0},
    {"hypot", [](const Tensor& x) { return hypot(x, zeros_like(x)); }, 0, 0, not_a_number, not_a_number},
    {"hypot", [](const Tensor& x) { return hypot(x, zeros_like(x)); }, -2, 2, -1, 0},
    {"hypot", [](const Tensor& x) { return hypot(x, zeros_like(x)); }, inf, inf, not_a_number, not_a_number},
    {"atan2", [](const Tensor& x) { return atan2(x, ones_like(x)); }, 0, 0, 1, 0},
    {"atan2", [](const Tensor& x) { return atan2(x, ones_like(x)); }, 1, 0.7853981633974483, 0.5, -0.5},
    {"atan2", [](const Tensor& x) { return atan2(x, ones_like(x)); }, inf, 1.5707963267948966, 0,
        not_a_number},
    {"atan2", [](const Tensor& x) { return atan2(-ones_like(x), x); }, 0, -1.5707963267948966, 1, 0},
    {"atan2", [](const Tensor& x) { return atan2(-ones_like(x), x); }, -1, -2.356194490192345, 0.5, 0.5},
    {"atan2", [](const Tensor& x) { return atan2(-ones_like(x), x); }, -inf, -3.141592653589793, 0,
        not_a_number},
    {"fmod", [](const Tensor& x) { return fmod(x, 3); }, -7, -1, 1, 0},
    {"fmod", [](const Tensor& x) { return fmod(x, 3); }, 6, 0, 1, 0},
    {"fmod", [](const Tensor& x) { return fmod(x, 3); }, inf, not_a_number, 1, 0},
    {"remainder", [](const Tensor& x) { return remainder(x, 3); }, -7, 2, 1, 0},
    {"remainder", [](const Tensor& x) { return remainder(x, 3); }, 6, 0, 1, 0},
    {"remainder", [](const Tensor& x) { return remainder(x, 3); }, inf, not_a_number, 1, 0},
    // 1 / 0.1 is rounded to 10, but 0.1 in double is larger than 1/10.
    {"remainder", [](const Tensor& x) { return remainder(ones_like(x), x); }, 0.1, 0.09999999999999995, -9,
        0},
    {"fmod", [](const Tensor& x) { return fmod(ones_like(x), x); }, 0.1, 0.09999999999999995, -9, 0},
    {"lerp", [](const Tensor& x) { return lerp(x, ones_like(x), 0.25); }, 0, 0.25, 0.75, 0},
    {"lerp", [](const Tensor& x) { return lerp(x, ones_like(x), 0.25); }, inf, not_a_number, 0.75, 0},
    {"addcmul", [](const Tensor& x) { return addcmul(x, x, x, 2); }, 0, 0, 1, 4},
    {"addcmul", [](const Tensor& x) { return addcmul(x, x, x, 2); }, 3, 21, 13, 4},
    {"addcmul", [](const Tensor& x) { return addcmul(x, x, x, 2); }, inf, inf, inf, 4},
    {"clamp", [](const Tensor& x) { return clamp(x, -1, 2); }, -1, -1, 1, 0},
    {"clamp", [](const Tensor& x) { return clamp(x, -1, 2); }, 2, 2, 1, 0},
    {"clamp", [](const Tensor& x) { return clamp(x, -1, 2); }, inf, 2, 0, 0},
    {"clamp", [](const Tensor& x) { return clamp(x, -1, 2); }, not_a_number, not_a_number, 0, 0},
    {"clamp_min", [](const Tensor& x) { return clamp_min(x, -1); }, -1, -1, 1, 0},
    {"clamp_min", [](const Tensor& x) { return clamp_min(x, -1); }, inf, inf, 1, 0},
    {"clamp_min", [](const Tensor& x) { return clamp_min(x, -1); }, -inf, -1, 0, 0},
    {"clamp_max", [](const Tensor& x) { return clamp_max(x, 2); }, 2, 2, 1, 0},
    {"clamp_max", [](const Tensor& x) { return clamp_max(x, 2); }, -inf, -inf, 1, 0},
    {"clamp_max", [](const Tensor& x) { return clamp_max(x, 2); }, inf, 2, 0, 0},
    {"maximum", [](const Tensor& x) { return maximum(x, zeros_like(x)); }, 0, 0, 0.5, 0},
    {"maximum", [](const Tensor& x) { return maximum(x, zeros_like(x)); }, not_a_number, not_a_number, 1, 0},
    {"maximum", [](const Tensor& x) { return maximum(x, x); }, 3, 3, 1, 0},
    {"maximum", [](const Tensor& x) { return maximum(x, x); }, not_a_number, not_a_number, 2, 0},
    {"minimum", [](const Tensor& x) { return minimum(x, zeros_like(x)); }, 0, 0, 0.5, 0},
    {"minimum", [](const Tensor& x) { return minimum(x, zeros_like(x)); }, not_a_number, not_a_number, 1, 0},
    {"minimum", [](const Tensor& x) { return minimum(x, x); }, -inf, -inf, 1, 0},
    {"where", [](const Tensor& x) { return where(x > 0, x, -x); }, 0, 0, -1, 0},
    {"where", [](const Tensor& x) { return where(x > 0, log(where(x > 0, x, 1.0)), 0.0); }, -1, 0, 0, 0},
    {"mse_loss", [](const Tensor& x) { return mse_loss(x, zeros_like(x)); }, 0, 0, 0, 2},
    {"mse_loss", [](const Tensor& x) { return mse_loss(x, zeros_like(x)); }, inf, inf, inf, 2},
    {"l1_loss", [](const Tensor& x) { return l1_loss(x, zeros_like(x)); }, 0, 0, 0, 0},
    {"l1_loss", [](const Tensor& x) { return l1_loss(x, zeros_like(x)); }, -inf, inf, -1, 0},
    {"huber_loss", [](const Tensor& x) { return huber_loss(x, zeros_like(x), Reduction::mean, 2); }, 0, 0, 0,
        1},
    {"huber_loss", [](const Tensor& x) { return huber_loss(x, zeros_like(x), Reduction::mean, 2); }, -2, 2,
        -2, 0},
    {"huber_loss", [](const Tensor& x) { return huber_loss(x, zeros_like(x), Reduction::mean, 2); }, inf, inf,
        2, 0},
    {"smooth_l1_loss", [](const Tensor& x) { return smooth_l1_loss(x, zeros_like(x), Reduction::mean, 2); },
        0, 0, 0, 0.5},
    {"smooth_l1_loss", [](const Tensor& x) { return smooth_l1_loss(x, zeros_like(x), Reduction::mean, 2); },
        2, 1, 1, 0},
    {"smooth_l1_loss", [](const Tensor& x) { return smooth_l1_loss(x, zeros_like(x), Reduction::mean, 2); },
        -inf, inf, -1, 0},
    {"smooth_l1_loss", [](const Tensor& x) { return smooth_l1_loss(x, zeros_like(x), Reduction::mean, 0); },
        0, 0, 0, 0},
    {"smooth_l1_loss",
        [](const Tensor& x) { return smooth_l1_loss(x, zeros_like(x), Reduction::mean, 1e-320); }, 3, 3, 1,
        0},
    {"binary_cross_entropy", [](const Tensor& x) { return binary_cross_entropy(x, ones_like(x)); }, 0, 100,
        -1e12, 1e24},
    {"binary_cross_entropy", [](const Tensor& x) { return binary_cross_entropy(x, ones_like(x)); }, 1, 0, 0,
        0},
    {"binary_cross_entropy", [](const Tensor& x) { return binary_cross_entropy(x, zeros_like(x)); }, 1, 100,
        1e12, 1e24},
    {"binary_cross_entropy", [](const Tensor& x) { return binary_cross_entropy(x, zeros_like(x)); }, 0, 0, 0,
        0},
    {"binary_cross_entropy", [](const Tensor& x) { return binary_cross_entropy(zeros_like(x), x); }, 0.5, 50,
        100, 0},
    {"binary_cross_entropy", [](const Tensor& x) { return binary_cross_entropy(x, zeros_like(x)); }, 2,
        not_a_number, 2e12, 4e24},
    {"binary_cross_entropy_with_logits",
        [](const Tensor& x) { return binary_cross_entropy_with_logits(x, ones_like(x)); }, 1000, 0, 0, 0},
    {"binary_cross_entropy_with_logits",
        [](const Tensor& x) { return binary_cross_entropy_with_logits(x, ones_like(x)); }, -1000, 1000, -1,
        0},
    {"binary_cross_entropy_with_logits",
        [](const Tensor& x) { return binary_cross_entropy_with_logits(x, zeros_like(x)); }, 1000, 1000, 1, 0},
    {"binary_cross_entropy_with_logits",
        [](const Tensor& x) { return binary_cross_entropy_with_logits(x, zeros_like(x)); }, -50,
        1.928749847963918e-22, 1.928749847963918e-22, 1.928749847963918e-22},
    {"binary_cross_entropy_with_logits",
        [](const Tensor& x) { return binary_cross_entropy_with_logits(x, zeros_like(x)); }, inf, inf, 1, 0},
    {"binary_cross_entropy_with_logits",
        [](const Tensor& x) { return binary_cross_entropy_with_logits(x, ones_like(x)); }, inf, not_a_number,
        0, 0},
    {"kl_div", [](const Tensor& x) { return kl_div(x, zeros_like(x)); }, 3, 0, 0, 0},
    {"kl_div", [](const Tensor& x) { return kl_div(x, zeros_like(x)); }, -inf, not_a_number, 0, 0},
    {"kl_div", [](const Tensor& x) { return kl_div(x, ones_like(x)); }, -inf, inf, -1, 0},
    {"kl_div", [](const Tensor& x) { return kl_div(zeros_like(x), x); }, 0, 0, -inf, inf},
    {"kl_div", [](const Tensor& x) { return kl_div(zeros_like(x), x); }, 1, 0, 1, 1},
    {"kl_div", [](const Tensor& x) { return kl_div(zeros_like(x), x); }, -1, not_a_number, not_a_number, -1},
    {"kl_div", [](const Tensor& x) { return kl_div(zeros_like(x), x, Reduction::mean, true); }, -inf,
        not_a_number, not_a_number, not_a_number},
    {"pow", [](const Tensor& x) { return pow(x, 0); }, 0, 1, 0, 0},
    {"pow", [](const Tensor& x) { return pow(x, 0); }, not_a_number, 1, 0, 0},
    {"pow", [](const Tensor& x) { return pow(x, 1); }, 0, 0, 1, 0},
    {"pow", [](const Tensor& x) { return pow(x, 2); }, 0, 0, 0, 2},
    {"pow", [](const Tensor& x) { return pow(x, 2); }, -3, 9, -6, 2},
    {"pow", [](const Tensor& x) { return pow(x, 3); }, 0, 0, 0, 0},
    {"pow", [](const Tensor& x) { return pow(x, 0.5); }, 0, 0, inf, -inf},
    {"pow", [](const Tensor& x) { return pow(x, -1); }, 0, inf, -inf, inf},
    {"pow", [](const Tensor& x) { return pow(x, -1); }, inf, 0, 0, 0},
    {"pow", [](const Tensor& x) { return pow(x, 1.5); }, 0, 0, 0, inf},
    {"pow", [](const Tensor& x) { return pow(x, 4); }, -2, 16, -32, 48},
};

bool agree(double a, double b) {
  return std::isnan(a)             ? std::isnan(b)
         : std::isinf(a) || a == 0 ? a == b
                                   : std::abs(a - b) <= 1e-6 * std::abs(a);
}

/// d output / d input from the tape; 0 where the output no longer depends on the input.
Tensor slope(const Tensor& output, const Tensor& input, bool on_tape = true) {
  if (!output.requires_grad()) return zeros_like(input);
  const Tensor found = autograd::grad(
      output, {input}, {.retain_graph = true, .create_graph = on_tape, .allow_unused = true})[0];
  return found.defined() ? found : zeros_like(input);
}

}  // namespace

TEST_CASE("special points: value, first and second derivative", "[special_points]") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const Point& point : points) {
      const Tensor x = number(point.at, dtype), y = point.call(x), first = slope(y, x),
                   second = slope(first, x);
      INFO(point.function << " of " << point.at << " in " << dtype << ": " << y.item<double>() << ", "
                          << first.item<double>() << ", " << second.item<double>());
      REQUIRE(agree(point.value, y.item<double>()));
      REQUIRE(agree(point.first, first.item<double>()));
      REQUIRE(agree(point.first, slope(y, x, false).item<double>()));
      REQUIRE(agree(point.second, second.item<double>()));
    }
  }
}

TEST_CASE("special points: every elementwise operation has special points", "[special_points]") {
  std::set<std::string> covered;
  for (const Point& point : points) covered.insert(point.function);
  for (const test::OpCase& row : test::op_cases()) {
    INFO(row.name);
    const std::set<std::string> reductions{"sum", "mean", "amax", "amin", "max", "min", "prod", "var", "std",
        "norm", "cumsum", "sort", "topk", "median", "softmax", "log_softmax", "logsumexp", "cross_entropy",
        "layer_norm", "rms_norm", "batch_norm", "conv2d", "unfold", "max_pool2d", "avg_pool2d",
        "adaptive_avg_pool2d", "var_mean", "std_mean"};
    if (row.elementwise && !reductions.contains(row.name)) REQUIRE(covered.contains(row.name));
  }
}

TEST_CASE("special points: maxima that tie, are infinite or NaN", "[special_points]") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Tensor x = tensor({{2, 5, 5}, {-inf, -inf, -inf}, {-0.0, 0, 0}, {1, inf, -inf}, {1, nan, 2}},
        {.dtype = dtype, .requires_grad = true});
    const Tensor largest = x.amax({1});
    REQUIRE(equal(largest.narrow(0, 0, 4), tensor({5, -inf, 0, inf}, {.dtype = dtype})));
    REQUIRE(std::isnan(largest.at({4}).item<double>()));
    (largest * tensor({6, 3, 3, 1, 1}, {.dtype = dtype})).sum().backward();
    const Tensor shares = x.grad();
    REQUIRE(equal(
        shares.narrow(0, 0, 4), tensor({{0, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 0}}, {.dtype = dtype})));
    // As in PyTorch: nothing equals NaN, so the gradient goes to no element.
    for (int i = 0; i < 3; ++i) REQUIRE(std::isnan(shares.at({4, i}).item<double>()));
  }
}

TEST_CASE("special points: pow of two tensors, with every second derivative", "[special_points]") {
  struct Power {
    double a, e, value, a1, e1, aa, ae, ee;
  };
  const double l2 = std::log(2.0);
  const Power powers[] = {
      {2, 0, 1, 0, l2, 0, 0.5, l2 * l2},
      {0.5, 0, 1, 0, -l2, 0, 2, l2 * l2},
      {2, 1, 2, 1, 2 * l2, 0, 1 + l2, 2 * l2 * l2},
      {2, 2, 4, 4, 4 * l2, 2, 2 + 4 * l2, 4 * l2 * l2},
      {2, -1, 0.5, -0.25, 0.5 * l2, 0.25, 0.25 - 0.25 * l2, 0.5 * l2 * l2},
      {1, 0, 1, 0, 0, 0, 1, 0},
      {1, 5, 1, 5, 0, 20, 1, 0},
      {0, 2, 0, 0, 0, 2, 0, 0},
      {0, 3, 0, 0, 0, 0, 0, 0},
      {0, 0, 1, 0, 0, 0, 0, 0},
  };
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const Power& power : powers) {
      const Tensor a = number(power.a, dtype), e = number(power.e, dtype), y = pow(a, e);
      const Tensor da = slope(y, a), de = slope(y, e);
      INFO(power.a << " to the power of " << power.e << " in " << dtype);
      CHECK(agree(power.value, y.item<double>()));
      CHECK(agree(power.a1, da.item<double>()));
      CHECK(agree(power.e1, de.item<double>()));
      CHECK(agree(power.aa, slope(da, a).item<double>()));
      CHECK(agree(power.ae, slope(da, e).item<double>()));
      CHECK(agree(power.ae, slope(de, a).item<double>()));
      CHECK(agree(power.ee, slope(de, e).item<double>()));
    }
  }
}

TEST_CASE("special points: 0 to the powers 0, 1, 2 and 3 in one tensor", "[special_points]") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Tensor a = zeros({}, {.dtype = dtype, .requires_grad = true});
    const Tensor y = pow(a, tensor({0, 1, 2, 3}, {.dtype = dtype})).sum();
    const Tensor first = slope(y, a);
    REQUIRE(first.item<double>() == 1);
    REQUIRE(slope(first, a).item<double>() == 2);
  }
  const Tensor base = tensor({2, 3}, {.dtype = DType::float64}),
               exponent = tensor({0, 2}, {.dtype = DType::float64});
  REQUIRE(autograd::gradgradcheck([](const std::vector<Tensor>& in) { return pow(in[0], in[1]); },
      {base, exponent}, {.eps = 1e-5, .atol = 1e-4}));
}

TEST_CASE("special points: with exponent 0 the gradient of every base is zero", "[special_points]") {
  for (const double base : {0.0, -0.0, 1e-310, -2.0, inf, -inf, not_a_number}) {
    INFO(base);
    const Tensor a = number(base, DType::float64), e = zeros({}, {.dtype = DType::float64});
    const Tensor y = pow(a, e);
    REQUIRE(y.item<double>() == 1);
    REQUIRE(slope(y, a).item<double>() == 0);
  }
}
