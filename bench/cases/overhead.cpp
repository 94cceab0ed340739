// The cost of a call itself: ten numbers, where the arithmetic takes a nanosecond.
#include "../case.h"

using namespace tenon;

namespace bench {

std::vector<Case> overhead_cases() {
  const std::vector<Size> ten{{10}};
  const auto leaf = [](const Tensor& x) { return x.detach().clone().set_requires_grad(); };
  return {
      {.name = "overhead/add", .sizes = ten, .inputs = normals(2), .make = function([](const Tensors& in) {
         return in[0] + in[1];
       })},
      {.name = "overhead/multiply_by_number",
          .sizes = ten,
          .inputs = normals(1),
          .make = function([](const Tensors& in) { return in[0] * 3.0; })},
      {.name = "overhead/add_in_place",
          .sizes = ten,
          .inputs = normals(2),
          .make = work([](const Tensors& in) {
            return [x = in[0].clone(), &y = in[1]] { return Tensor(x.add_(y)); };
          })},
      {.name = "overhead/broadcast_add",
          .sizes = {{4, 10}},
          .inputs =
              [](const Size& size) {
                return Tensors{randn({size[0], 1}), randn({size[1]})};
              },
          .make = function([](const Tensors& in) { return in[0] + in[1]; })},
      {.name = "overhead/sum", .sizes = ten, .inputs = uniforms(1), .make = function([](const Tensors& in) {
         return in[0].sum();
       })},
      {.name = "overhead/narrow", .sizes = ten, .inputs = normals(1), .make = function([](const Tensors& in) {
         return in[0].narrow(0, 2, 4);
       })},
      {.name = "overhead/transpose",
          .sizes = {{2, 5}},
          .inputs = normals(1),
          .make = function([](const Tensors& in) { return in[0].t(); })},
      {.name = "overhead/matmul",
          .sizes = {{3, 4, 2}},
          .inputs =
              [](const Size& size) {
                return Tensors{randn({size[0], size[1]}), randn({size[1], size[2]})};
              },
          .make = function([](const Tensors& in) { return matmul(in[0], in[1]); })},
      {.name = "overhead/zeros", .sizes = ten, .inputs = normals(1), .make = function([](const Tensors& in) {
         return zeros_like(in[0]);
       })},
      {.name = "overhead/record",  // an addition that goes on the tape
          .sizes = ten,
          .inputs = normals(2),
          .make =
              work([leaf](const Tensors& in) { return [x = leaf(in[0]), &y = in[1]] { return x + y; }; })},
      {.name = "overhead/backward",  // of three operations
          .sizes = ten,
          .inputs = normals(2),
          .make = work([leaf](const Tensors& in) {
            return [x = leaf(in[0]), &y = in[1]]() mutable {
              x.zero_grad();
              (x * y + y).sum().backward();
              return x.grad();
            };
          })},
  };
}

}  // namespace bench
