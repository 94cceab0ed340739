#!/usr/bin/env python3
"""Compiles and runs the C++ of documents: snippets.py --compile COMMAND... -- DOCUMENT...

COMMAND, with {} replaced by a file and `-o PROGRAM` appended, compiles and links it. Every ```cpp block of a document

    has a main function                        it is compiled and run, and must return 0;
    follows a line <!-- compile: body -->      the same, as the body of main after `using namespace tenon`;
    follows a line <!-- compile: no -->        it is an excerpt and ignored.

Any other ```cpp block is an error.
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

BODY = "#include <tenon/tenon.h>\n\nusing namespace tenon;\n\nint main() {\n%s}\n"


def blocks(path):
    """The (line of its first line, text, mark) of every cpp block; mark is what follows `compile:`, or None."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines(keepends=True)
    mark, first = None, None
    for number, line in enumerate(lines, 1):
        if first is None and line.strip() == "```cpp":
            first = number + 1
        elif first is not None and line.strip() == "```":
            yield first, "".join(lines[first - 1:number - 1]), mark
            mark, first = None, None
        elif first is None and line.strip():
            found = re.fullmatch(r"<!-- compile: (\w+) -->", line.strip())
            mark = found[1] if found else None
    if first is not None:
        yield first, "", "without an end"


def program(path, line, text, mark):
    """The source of a block's program; None if there is nothing to compile."""
    located = f'#line {line} "{path}"\n{text}'
    if mark == "body":
        return BODY % located
    if mark == "no":
        return None
    if mark is None and re.search(r"\bint main\(", text):
        return located
    raise ValueError(f"{path}:{line}: a cpp block with neither a main function nor a mark (it has: {mark})")


def run(compiler, source):
    """A description of the failure; None if there is none."""
    with tempfile.TemporaryDirectory() as directory:
        file = os.path.join(directory, "snippet.cpp")
        with open(file, "w", encoding="utf-8") as out:
            out.write(source)
        binary = os.path.join(directory, "snippet")
        for command in ([part.replace("{}", file) for part in compiler] + ["-o", binary], [binary]):
            done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=240, check=False)
            if done.returncode != 0:
                return f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
    return None


def check(compiler, documents):
    """The number of programs run, and the list of failures."""
    sources, mistakes = {}, []
    for path in documents:
        for line, text, mark in blocks(path):
            try:
                if source := program(path, line, text, mark):
                    sources[f"{path}:{line}"] = source
            except ValueError as error:
                mistakes.append(str(error))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for place, wrong in zip(sources, pool.map(lambda source: run(compiler, source), sources.values())):
            if wrong:
                mistakes.append(f"{place}: {wrong}")
    return len(sources), mistakes


def main(arguments):
    end = arguments.index("--")
    count, mistakes = check(arguments[arguments.index("--compile") + 1:end], arguments[end + 1:])
    print("\n".join(mistakes) or f"{count} programs compiled and run")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
