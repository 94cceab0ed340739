// The gradients that the experiment computes, against a closed form in double.
#pragma once
#include "experiment.h"

/// For a batch of b samples and e = x w + bias - y, the mean squared error has the gradients 2/b x^T e and
/// 2/b sum(e), to which L1 penalties add l1 sign(w) and l1_of_bias sign(bias). Computes them in double from
/// the current weights and compares them with the gradients in `net`.
void verify_gradients(tenon::nn::Linear& net, const tenon::Tensor& x, const tenon::Tensor& y, double l1,
    double l1_of_bias, Verification& verification);
