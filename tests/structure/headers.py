#!/usr/bin/env python3
"""Checks installed headers: headers.py COMPILER INCLUDE_DIR

Each header compiles alone without warnings and reports a language standard that is too old; only core/format.h may
include third-party or expensive headers; <tenon/tenon.h> stays small.
"""

import concurrent.futures
import os
import re
import subprocess
import sys

FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wshadow", "-Werror"]
UNWANTED = re.compile(r"(?<!/tenon/core)/(cuda[^/]*|cublas[^/]*|driver_types\.h|fmt/.*|filesystem|iostream|regex)$")
OPT_IN = "core/format.h"
TOO_OLD = "tenon: needs C++20; compile with -std=c++20"
MOST_LINES = 120_000  # of <tenon/tenon.h>, preprocessed


def compile_text(compiler, include, text, *options):
    return subprocess.run([compiler, *FLAGS, "-I", include, *options, "-x", "c++", "-"], input=text, text=True,
                          capture_output=True, check=False)


def check(compiler, include, header):
    text = f"#include <tenon/{header}>\n#include <tenon/{header}>\n"
    compiled = compile_text(compiler, include, text, "-fsyntax-only", "-MD", "-MF", "/dev/stdout")
    if compiled.returncode != 0:
        return [f"{header} does not compile alone:\n{compiled.stderr}"]
    reached = compiled.stdout.split()
    if not any(path.endswith(f"/{header}") for path in reached):
        return [f"{header} is not in the compiler's list of headers:\n{compiled.stdout}"]
    mistakes = [f"{header} reaches {path}" for path in reached if UNWANTED.search(path) and header != OPT_IN]
    old = compile_text(compiler, include, text, "-fsyntax-only", "-std=c++17", "-Wfatal-errors").stderr
    if TOO_OLD not in old and any(path.endswith("/core/api.h") for path in reached):
        mistakes.append(f"{header} says of C++17:\n{old}")
    return mistakes


def main(compiler, include):
    root = os.path.join(include, "tenon")
    headers = [os.path.relpath(os.path.join(directory, name), root)
               for directory, _, names in os.walk(root) for name in names]
    mistakes = [f"{header} is installed" for header in headers
                if not header.endswith(".h") or header.startswith(("kernels/", "core/cuda/"))]
    if "tenon.h" not in headers:
        mistakes.append(f"{root} has no tenon.h")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda header: check(compiler, include, header), sorted(headers)):
            mistakes += found
    lines = compile_text(compiler, include, "#include <tenon/tenon.h>\n", "-E", "-P").stdout.count("\n")
    if not 0 < lines < MOST_LINES:
        mistakes.append(f"<tenon/tenon.h> has {lines} lines, preprocessed; at most {MOST_LINES}")
    print("\n".join(mistakes) or f"{len(headers)} headers compile alone; <tenon/tenon.h> has {lines} lines")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
