#!/usr/bin/env python3
"""Checks the direction of every include below a source tree of tenon: layering.py ROOT

    core <- kernels;  core <- tape <- ops <- the rest of autograd <- {nn, optim};  data and io use core and autograd;  nn saves through io,
    autograd/explore writes its page through io/atomic_file.h

Prints each include that violates this order and each include cycle; exit status 1 if there is one.
"""

import os
import re
import sys

# The folders and headers that the sources of a folder may include. The longest folder that contains a source applies.
MAY_INCLUDE = {
    "core": {"core"},
    "kernels": {"kernels"} | {f"core/{name}.h" for name in (
        "api", "check", "cuda/backend", "device", "dtype", "dtype_list", "float_mode", "matmul_kernel", "matmul_precision", "parallel", "pool",
        "shape", "stream")},
    "kernels/arith": {"kernels/arith"},
    "autograd": {"core", "kernels", "autograd"},
    "autograd/explore": {"kernels/observer.h", "core", "autograd", "io/atomic_file.h"},
    "autograd/ops": {"core", "kernels", "autograd/tape", "autograd/ops", "autograd/ops.h"},
    "autograd/tape": {"core", "autograd/tape"},
    "nn": {"core", "autograd", "io/safetensors.h", "nn"},
    "optim": {"core", "autograd", "kernels/train.h", "kernels/update.h", "optim"},
    "data": {"core", "autograd", "data"},
    "io": {"core", "autograd", "io"},
}

# Compiled once per instruction set: the linker could keep an inline function of the standard library that was compiled
# here for AVX-512, for all machines.
ISA_FOLDER = "kernels/cpu/isa"
ISA_MAY_INCLUDE = {"cstdint", "stddef.h", "stdint.h", "string.h", "immintrin.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(path):
    """The (line, style, name) of every include of a file."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if match := INCLUDE.match(line):
                yield number, match[1], match[2]


def sources(root):
    for folder in MAY_INCLUDE:
        if "/" in folder:
            continue
        for directory, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                if name.endswith((".h", ".cpp", ".cuh", ".cu")):
                    yield os.path.relpath(os.path.join(directory, name), root)


def within(path, folder):
    return path == folder or path.startswith(folder + "/")


def check_direction(root):
    for path in sources(root):
        folder = max((folder for folder in MAY_INCLUDE if within(path, folder)), key=len)
        if path == "autograd/ops.h":
            folder = "autograd/ops"
        for number, style, name in includes(os.path.join(root, path)):
            place = f"{path}:{number}"
            if style == '"':
                yield f'{place}: "{name}" is spelled <tenon/folder/name.h>'
            elif name == "tenon/tenon.h":
                yield f"{place}: {folder} includes all of tenon"
            elif name.startswith("tenon/"):
                target = name.removeprefix("tenon/")
                if not any(within(target, allowed) for allowed in MAY_INCLUDE[folder]):
                    yield f"{place}: {folder} must not include {target}"


def check_circles(root):
    reached = {}  # per header: all headers that it includes
    def visit(path, way):
        if path in way:
            yield f"{path}: includes itself by way of {' '.join(way[way.index(path) + 1:]) or 'nothing'}"
        elif path not in reached:
            reached[path] = True
            for _, _, name in includes(os.path.join(root, path)):
                target = name.removeprefix("tenon/")
                if name.startswith("tenon/") and os.path.exists(os.path.join(root, target)):
                    yield from visit(target, [*way, path])
    for path in sources(root):
        yield from visit(path, [])


def check_isa(root):
    waiting = [path for path in sources(root) if within(path, ISA_FOLDER)]
    seen = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for number, _, name in includes(os.path.join(root, path)):
            if name.startswith("tenon/"):
                waiting.append(name.removeprefix("tenon/"))
            elif name not in ISA_MAY_INCLUDE:
                yield f"{path}:{number}: what {ISA_FOLDER} reaches must not include <{name}>"


def violations(root):
    return [*check_direction(root), *check_circles(root), *check_isa(root)]


if __name__ == "__main__":
    found = violations(sys.argv[1])
    print("\n".join(found) or "every include runs in the right direction")
    sys.exit(1 if found else 0)
