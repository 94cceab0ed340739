// What pullbacks save, how a write to it is noticed, when it is released, and how to do without.
#include <cstdio>
#include <functional>
#include <string>

#include <tenon/autograd/backward.h>
#include <tenon/autograd/ops.h>
#include <tenon/autograd/tape/mode.h>

using namespace tenon;

namespace {

void attempt(const char* what, const std::function<void()>& action) {
  try {
    action();
    std::printf("%s: done\n", what);
  } catch (const Error& error) {
    std::string text = error.what();  // ends with "(path/lesson.cpp:12)", the line of the operation
    if (const auto slash = text.rfind('/'); slash != text.npos)
      text.erase(text.rfind('(') + 1, slash - text.rfind('('));
    std::printf("%s: error\n    %s\n", what, text.c_str());
  }
}

// How many pullbacks hold this tensor.
unsigned saved(const Tensor& a) { return a.impl().saves.load(); }

}  // namespace

int main() {
  const Tensor w = tensor({1, 2, 3}, {.requires_grad = true});

  std::printf("-- what is saved\n");
  {
    const Tensor sum = w + w;
    std::printf("w + w: w is saved %u times\n", saved(w));
    const Tensor product = w * w;
    std::printf("w * w: w is saved %u times\n", saved(w));
    product.sum().backward();
    std::printf("after backward(): %u times\n", saved(w));
    const NoGradGuard no_grad;
    const Tensor unrecorded = w * w;
    std::printf("w * w under NoGradGuard: %u times\n", saved(w));
  }

  std::printf("\n-- a write to a saved tensor\n");
  const Tensor square = w * w, sum = w + w;
  std::printf("version %u\n", w.version());
  {
    const NoGradGuard no_grad;
    w.mul_(10);
  }
  std::printf("version %u after w.mul_(10)\n", w.version());
  attempt("backward of w + w", [&] { sum.sum().backward(); });
  attempt("backward of w * w", [&] { square.sum().backward(); });

  std::printf("\n-- a second pass\n");
  const Tensor loss = (w * w).sum();
  attempt("backward, first", [&] { loss.backward({.retain_graph = true}); });
  attempt("backward, second", [&] { loss.backward(); });
  attempt("backward, third", [&] { loss.backward(); });

  std::printf("\n-- updating a parameter\n");
  attempt("w.sub_(1)", [&] { w.sub_(1); });
  attempt("w.sub_(1) under NoGradGuard", [&] {
    const NoGradGuard no_grad;
    w.sub_(1);
  });
}
