#!/usr/bin/env python3
"""Checks that mistakes do not compile and that the compiler's messages name them: refused.py CXX ROOT

The mistakes are a pullback that captures a tensor, an expression of PyTorch that means something else in C++ and, in a copy of a header that precedes the real one, a member of a
list of operations without a formula and an element type that is not handled. Each has a counterpart without the mistake
that must compile.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

START = """#include <tenon/autograd/tape/record.h>
#include <tenon/tenon.h>
using namespace tenon;
using autograd::Input, autograd::result, autograd::with;
Tensor op(const Tensor& x, const Tensor& w) {
  Tensor out = x.detach() * w.detach();
  return autograd::record("op", CallSite::current(), out, INPUT);
}
"""
CAPTURED = "a pullback captures numbers and shapes alone"
# (description, the mistake, the compiler's message, the correct counterpart)
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

LINE = """#include <tenon/tenon.h>
using namespace tenon;
void line(Tensor& a, const Tensor& b, const Tensor& mask) { LINE; }
"""
NET = "struct Net : nn::Module {{ Tensor t; nn::Linear fc{{1, 1}}; {} void visit(nn::Visitor& visitor) override {{ (void)visitor; {} }} }}; Net net"
# The same for one line; tests/api/typed.cpp has the lines that compile and their values.
TYPED = [
    ("an element is assigned to", "a[0] = b", r"write a\[0\]\.copy_\(b\) or a\[0\]\.fill_\(1\)", "a[0].copy_(b)"),
    ("a number is assigned to an element", "a[0] = 1.0", r"write a\[0\]\.copy_\(b\) or a\[0\]\.fill_\(1\)",
     "a[0].fill_(1.0)"),
    ("a result is assigned to", "a.select(0, 1) = b", r"write a\[0\]\.copy_\(b\)", "a = a.select(0, 1)"),
    ("a mask is an index", "a[mask]", r"brackets take one integer; write a\.index", "a.index({mask})"),
    ("a range is an index", "a[Slice{1, 3}]", r"write a\.index\(\{Slice\(1, 3\)", "a.index({Slice{1, 3}})"),
    ("a list is an index", "a[std::vector<int>{0, 1}]", r"write a\.index",
     "a.index({tensor(std::vector<int>{0, 1})})"),
    ("an element is asked for as text", "a.item<std::string>()", r"write item<float>\(\)", "a.item<float>()"),
    ("an element is asked for as a character", "a.item<char>()", r"write item<float>\(\)", "a.item<short>()"),
    ("a part is registered", NET.format('Net() { register_module("fc", fc); }', ""), r'visitor\("fc1", fc1\)',
     NET.format("", 'visitor("fc", fc);')),
    ("a parameter is registered", NET.format('Net() { register_parameter("t", ones(1)); }', ""),
     r'visitor\("weight", weight\)', NET.format("", 'visitor("t", t);')),
    ("a buffer is registered", NET.format('Net() { register_buffer("t", ones(1)); }', ""),
     r'visitor\.buffer\("mean", mean\)', NET.format("", 'visitor.buffer("t", t);')),
    ("a module is asked for a copy", "nn::Linear layer(1, 1); auto copy = layer.clone()", r"write nn::clone\(net\)",
     "nn::Linear layer(1, 1); auto copy = nn::clone(layer)"),
    ("a layer is used as a pointer", "nn::Linear layer(1, 1); layer->forward(a)", r"write net\.forward\(x\)",
     "nn::Linear layer(1, 1); layer.forward(a)"),
    ("a layer is copied into a Sequential", "nn::Linear layer(1, 1); nn::Sequential model(layer, nn::ReLU())",
     r"write std::move\(layer\)", "nn::Linear layer(1, 1); nn::Sequential model(std::move(layer), nn::ReLU())"),
    ("a Sequential has a part that takes two tensors", "nn::Sequential model{nn::ReLU(), nn::MSELoss()}",
     r"takes a Tensor and returns one", "nn::Sequential model{nn::ReLU(), nn::Identity()}"),
]

# (description, header, old text, new text, source to compile, the compiler's messages)
PLANTS = [
    ("an operation has no formula", "kernels/arith/unary.h", "using UnaryOps = List<",
     "struct Twice : Elementwise {\n  static constexpr const char* name = \"twice\";\n};\nusing UnaryOps = List<Twice, ",
     "kernels/elementwise.cpp", ["an elementwise operation is defined for every floating-point type"]),
    ("an operation has a formula for one type", "kernels/arith/binary.h", "using BinaryOps = List<",
     "struct Twice : Elementwise {\n  static constexpr const char* name = \"twice\";\n"
     "  float operator()(float a, float b) const { return a + b + b; }\n};\nusing BinaryOps = List<Twice, ",
     "kernels/elementwise.cpp", ["an elementwise operation is defined for every floating-point type"]),
    ("an operation has no name", "kernels/arith/unary.h", 'static constexpr const char* name = "exp";', "",
     "kernels/elementwise.cpp", ["name"]),
    ("a reduction does not say how an element goes in", "kernels/arith/reduce.h", "using ReduceOps = List<",
     "struct Count {\n  static constexpr int operands = 1;\n};\nusing ReduceOps = List<Count, ",
     "kernels/cpu/isa/reduce.cpp", ["into"]),
    ("a reduction does not say how partial results are combined", "kernels/arith/reduce.h", "using ReduceOps = List<",
     "struct Count {\n  static constexpr int operands = 1;\n  template <class Math, class V>\n"
     "  static V into(V acc, V) {\n    return acc;\n  }\n};\nusing ReduceOps = List<Count, ",
     "kernels/cpu/isa/reduce.cpp", ["Combine"]),
    # Each function that must handle every element type, and the list of the kernels' element types.
    *(("an element type is new", "core/dtype_list.h", "boolean };\n", "boolean, bfloat16 };\n", source,
       [rf"In (function|instantiation of) [^\n]*{name}[^\n]*\n([^\n]*required from[^\n]*\n)*[^\n]*value .bfloat16. not"
        for name in names])
      for source, names in (("core/dtype.cpp", ("size_of", "is_floating_point", "to_string")),
                            ("kernels/cpu/elementwise.cpp", ("visit_any",)),
                            ("kernels/cpu/fill.cpp", ("visit_floating", "visit_number")))),
    ("an element type more is counted", "core/dtype_list.h", "dtype_count = 4", "dtype_count = 5",
     "kernels/cpu/isa/table.cpp", ["Elements::size == dtype_count"]),
]


def errors(command, text=""):
    """The compiler's errors; None if it compiles."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else None


def problems(what, found, wanted, twin):
    if found is None:
        yield f"{what}: compiles"
    else:
        yield from (f"{what}: is refused in other words than `{words}`:\n{found}"
                    for words in wanted if not re.search(words, found))
    if twin:
        yield f"{what}: the twin does not compile:\n{twin}"


def main(cxx, root):
    include = pathlib.Path(root, "include")
    compiler = [cxx, "-std=c++20", "-fsyntax-only", "-Wall", "-Werror"]
    found = []
    with tempfile.TemporaryDirectory() as place:
        header = pathlib.Path(place, "tenon.h")  # compiled once for all cases
        header.write_text("#include <tenon/tenon.h>\n", encoding="utf-8")
        command = [*compiler, "-Winvalid-pch", "-Wno-unused", "-I", include]
        build = [option for option in command if option != "-fsyntax-only"]
        subprocess.run([*build, "-x", "c++-header", header, "-o", f"{header}.gch"], check=True)
        command += ["-include", header, "-x", "c++", "-"]
        for cases, text, hole in ((CASES, START, "INPUT"), (TYPED, LINE, "LINE")):
            for what, mistake, wanted, twin in cases:
                found += problems(what, errors(command, text.replace(hole, mistake)), [wanted],
                                  errors(command, text.replace(hole, twin)))
    for what, header, old, new, source, wanted in PLANTS:
        text = pathlib.Path(root, header).read_text(encoding="utf-8")
        assert text.count(old) == 1, (header, old)
        with tempfile.TemporaryDirectory() as planted:
            place = pathlib.Path(planted, "tenon", header)
            place.parent.mkdir(parents=True)
            place.write_text(text.replace(old, new), encoding="utf-8")
            definitions = ["-DTENON_WITH_CUDA=0", "-DTENON_INTERNAL", "-DFMT_HEADER_ONLY", "-DTENON_ISA=baseline"]
            command = [*compiler, *definitions, "-I", include, pathlib.Path(root, source)]
            found += problems(what, errors([*command[:1], "-I", planted, *command[1:]]), wanted, errors(command))
    print("\n".join(found) or f"{len(CASES) + len(TYPED) + len(PLANTS)} mistakes are refused")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
