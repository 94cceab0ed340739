// All operations. They accept tensors of any strides, check before they change anything, and throw Error with
// the operation, what is wrong and the values. Unless noted otherwise they are differentiable any number of
// times.
//
// There is no type promotion: operands must agree in dtype and device, and a C++ number takes the dtype of
// the tensor. The last parameter is the caller's line, which errors end with; leave it out.
#pragma once
#include <tenon/autograd/ops/activation.h>
#include <tenon/autograd/ops/arithmetic.h>
#include <tenon/autograd/ops/attention.h>
#include <tenon/autograd/ops/comparison.h>
#include <tenon/autograd/ops/convolution.h>
#include <tenon/autograd/ops/copy.h>
#include <tenon/autograd/ops/creation.h>
#include <tenon/autograd/ops/dropout.h>
#include <tenon/autograd/ops/elementwise.h>
#include <tenon/autograd/ops/extremes.h>
#include <tenon/autograd/ops/index.h>
#include <tenon/autograd/ops/linalg.h>
#include <tenon/autograd/ops/loss.h>
#include <tenon/autograd/ops/norm.h>
#include <tenon/autograd/ops/normalization.h>
#include <tenon/autograd/ops/pooling.h>
#include <tenon/autograd/ops/rearrange.h>
#include <tenon/autograd/ops/reduce.h>
#include <tenon/autograd/ops/sampling.h>
#include <tenon/autograd/ops/scan.h>
#include <tenon/autograd/ops/shape.h>
#include <tenon/autograd/ops/softmax.h>
#include <tenon/autograd/ops/sorting.h>
#include <tenon/autograd/ops/statistics.h>
#include <tenon/autograd/tape/mode.h>
