#!/usr/bin/env python3
"""Mistakes that must not compile, and what the compiler says of them: refused.py CXX INCLUDE_DIR

Each has a twin without the mistake, which must compile.
"""

import subprocess
import sys

START = """#include <tenon/autograd/tape/record.h>
#include <tenon/tenon.h>
using namespace tenon;
using autograd::Input, autograd::result, autograd::with;
Tensor op(const Tensor& x, const Tensor& w) {
  Tensor out = x.detach() * w.detach();
  return autograd::record("op", Where::current(), out, INPUT);
}
"""
CAPTURED = "a pullback captures numbers and shapes alone"
# (what is wrong, the mistake, what the compiler says, the twin)
CASES = [
    ("an input is captured", "Input(x, [w](const Tensor& g) { return g * w; })", CAPTURED,
     "Input(x, with(w), [](const Tensor& g, const Tensor& y) { return g * y; })"),
    ("the output is captured", "Input(x, [out](const Tensor& g) { return g * out; })", CAPTURED,
     "Input(x, with(result(out)), [](const Tensor& g, const Tensor& y) { return g * y; })"),
    ("tensors are captured beside what with() names",
     "Input(x, with(w), [x](const Tensor& g, const Tensor& y) { return g * y * x; })", CAPTURED,
     "Input(x, with(w, x), [](const Tensor& g, const Tensor& y, const Tensor& at) { return g * y * at; })"),
    ("a list of tensors is captured",
     "Input(x, [all = std::vector<Tensor>{w}](const Tensor& g) { return g * all[0]; })", CAPTURED,
     "Input(x, [from = x.shape(), scale = 2.0](const Tensor& g) { return reshape(g, from) * scale; })"),
]


def errors(cxx, include, text):
    """None if it compiles."""
    command = [cxx, "-std=c++20", "-fsyntax-only", "-I", include, "-x", "c++", "-"]
    done = subprocess.run(command, input=START.replace("INPUT", text), capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else None


def main(cxx, include):
    failed = 0
    for what, mistake, wanted, twin in CASES:
        found = errors(cxx, include, mistake)
        if found is None or wanted not in found:
            failed += 1
            print(f"{what}: " + ("compiles" if found is None else f"is refused in other words:\n{found}"))
        if found := errors(cxx, include, twin):
            failed += 1
            print(f"{what}: the twin does not compile:\n{found}")
    print(f"{len(CASES)} mistakes, {failed} problems")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
