#!/usr/bin/env python3
"""Checks that every CUDA source compiles and assembles for the oldest architecture that CUDA 13 supports, sm_75, which
CI does not build: oldest_architecture.py NVCC ROOT
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys

FLAGS = ["-std=c++20", "-DTENON_WITH_CUDA=1", "-arch=sm_75", "-Xcicc", "-O0", "-Xptxas", "-O0", "-cubin", "-o", os.devnull]


def errors(nvcc, root, source):
    done = subprocess.run([nvcc, *FLAGS, "-I", root / "include", source], capture_output=True, text=True, check=False)
    return f"{source}:\n{done.stdout}{done.stderr}" if done.returncode else ""


def main(nvcc, root):
    root = pathlib.Path(root)
    sources = sorted(root.glob("kernels/cuda/**/*.cu"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        failed = list(filter(None, pool.map(lambda source: errors(nvcc, root, source), sources)))
    print("\n".join(failed) or f"{len(sources)} sources compile for sm_75")
    return 1 if failed or not sources else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
