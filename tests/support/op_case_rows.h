// The parts of the table of op_cases.h, one per family of autograd/ops/, and helpers that make their rows.
#pragma once
#include "support/op_cases.h"

namespace tenon::test {

using Tensors = std::vector<Tensor>;
using Arrays = std::vector<Array>;

OpCase unary(const char* name, Domain domain, Tensor (*op)(const Tensor&, CallSite), double (*f)(double));
/// A function of one tensor and numbers.
OpCase scalar(const char* name, const char* label, Domain domain, std::function<Tensor(const Tensor&)> op,
    std::function<double(double)> f);
/// out[i] = in[at(i)]
OpCase moved(const char* name, const char* label, Shape shape, std::function<Tensor(const Tensor&)> op,
    std::vector<std::int64_t> out_shape, std::function<Index(const Index&)> at);

/// A binary operation in three forms of broadcasting.
void add_binary(std::vector<OpCase>& rows, const char* name, Domain domain,
    Tensor (*op)(const Tensor&, const Tensor&, CallSite), double (*f)(double, double));

void add_activations(std::vector<OpCase>& rows);
void add_arithmetic(std::vector<OpCase>& rows);
void add_attention(std::vector<OpCase>& rows);
void add_elementwise(std::vector<OpCase>& rows);
void add_linalg(std::vector<OpCase>& rows);
void add_reductions(std::vector<OpCase>& rows);
void add_views(std::vector<OpCase>& rows);
void add_rearranged(std::vector<OpCase>& rows);
void add_indices(std::vector<OpCase>& rows);
void add_normalization(std::vector<OpCase>& rows);
void add_classification(std::vector<OpCase>& rows);
void add_windows(std::vector<OpCase>& rows);

}  // namespace tenon::test
