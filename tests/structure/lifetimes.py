#!/usr/bin/env python3
"""Checks that clang warns if a result outlives its temporary, and only then: lifetimes.py CLANG INCLUDE_DIR"""

import re
import subprocess
import sys

START = "#include <tenon/tenon.h>\nusing namespace tenon;\n"
FUNCTION = """#line {0}
void f{0}([[maybe_unused]] Tensor x, [[maybe_unused]] const optim::SGD& optimizer, [[maybe_unused]] double& sum) {{ {1} }}
"""
DANGLING = """
for (float v : x.to(Device::cpu()).data<float>()) sum += v;
for (std::int64_t size : x.t().shape()) sum += static_cast<double>(size);
for (float v : x.clone().add_(1).data<float>()) sum += v;
const auto elements = x.clone().data<float>(); sum += elements[0];
const auto elements = x.clone().mutable_data<float>(); sum += elements[0];
const float* const first = x.clone().ptr<float>(); sum += *first;
const Shape& shape = x.t().shape(); sum += shape.rank();
const Strides& strides = x.t().strides(); sum += strides.rank();
const std::int64_t* const size = Shape{2, 3}.begin(); sum += static_cast<double>(*size);
const Tensor& y = x.clone().mul_(2); sum += y.item<double>();
const Tensor& y = x.detach().set_requires_grad(); sum += y.item<double>();
const auto& params = optim::SGD(std::vector<Tensor>{x}).params(0); sum += params[0].item<double>();
const auto& options = optim::SGD(std::vector<Tensor>{x}).options(0); sum += options.lr;
const auto& rows = data::DataLoader(data::TensorDataset(x)).dataset(); sum += static_cast<double>(rows.size());
""".strip().splitlines()
SOUND = """
sum += x.clone().data<float>()[0];
sum += x.grad().data<float>()[0];
const Tensor y = x.to(Device::cpu()); for (float v : y.data<float>()) sum += v;
for (float v : x.data<float>()) sum += v;
const Tensor y = x.clone().mul_(2); sum += y.item<double>();
const Shape shape = x.t().shape(); sum += shape.rank();
const Tensor& y = x.add_(1); sum += y.item<double>();
const auto& params = optimizer.params(0); sum += params[0].item<double>();
for (auto [rows] : data::DataLoader(data::TensorDataset(x))) sum += rows.item<double>();
for (std::int64_t i : io::track(3)) sum += static_cast<double>(i);
""".strip().splitlines()


def main(clang, include):
    if clang.endswith("NOTFOUND"):
        print("skipped: there is no clang")
        return 77
    statements = DANGLING + SOUND
    source = START + "".join(FUNCTION.format(number, statement) for number, statement in enumerate(statements, 1))
    command = [clang, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-I", include, "-x", "c++", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    found = re.findall(r"^<stdin>:(\d+):\d+: (?:warning|error): (.*)$", done.stderr, re.MULTILINE)
    mistakes = []
    for number, statement in enumerate(statements, 1):
        texts = [text for line, text in found if line == str(number)]
        if bool(texts) != (statement in DANGLING) or any("[-Wdangling]" not in text for text in texts):
            mistakes.append(f"{statement}\n  {texts}")
    print("\n".join(mistakes) or f"{len(DANGLING)} statements warned of, {len(SOUND)} not")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
