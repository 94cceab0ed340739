#!/usr/bin/env python3
"""Keeps docs/errors.md complete: list_errors.py [--check]

Finds the text of every check(), fail(), throw IoError() and throw CudaError() in the library and writes it into the
tables between the markers of docs/errors.md. The column "What to do" is written by hand: existing texts keep theirs, a
new text gets an empty one. With --check nothing is written, and the exit status is 1 if a table is out of date or a text
has no advice.
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "errors.md")
FOLDERS = ["core", "kernels", "autograd", "nn", "optim", "data", "io"]
BEGIN, END = "<!-- errors: begin -->", "<!-- errors: end -->"

# The throwing functions: which argument is the text, and the prefix that the function adds.
THROWS = {
    "check": (1, ""),
    "fail": (0, ""),
    "IoError": (0, ""),
    "CudaError": (0, ""),
    "complain": (0, "load_state_dict: "),  # StateReader collects all mistakes
}
FORWARDS = {"core/check.h", "core/check.cpp", "core/state_dict.h"}  # these define the functions and forward texts

# A text shared by the CPU and CUDA is a constant named NAME_error.
NAMED = re.compile(r'constexpr char \w+_error\[\]\s*=\s*((?:"[^"]*"\s*)+);')

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|\w+|[^\s\w]', re.DOTALL)


def tokens(text):
    """The (line, token) pairs of a C++ source, without comments."""
    for match in TOKEN.finditer(text):
        if not match[0].startswith(("//", "/*")):
            yield text.count("\n", 0, match.start()) + 1, match[0]


def arguments(tokens, start):
    """The arguments of a call as token lists; `start` is after the opening parenthesis."""
    found, depth = [[]], 0
    for _, token in tokens[start:]:
        if token in "([{":
            depth += 1
        elif token in ")]}":
            if depth == 0:
                break
            depth -= 1
        if token == "," and depth == 0:
            found.append([])
        else:
            found[-1].append(token)
    return found


def literal(argument):
    """The value of adjacent string literals; None if the argument is something else."""
    if not argument or not all(token.startswith('"') for token in argument):
        return None
    return "".join(token[1:-1] for token in argument).replace('\\"', '"').replace("\\\\", "\\")


def texts_of(path, source):
    """Every error text of a file; raises ValueError for a call whose text is neither a literal nor named."""
    for match in NAMED.finditer(source):
        yield "".join(re.findall(r'"([^"]*)"', match[1]))
    found = list(tokens(source))
    for i, (line, token) in enumerate(found[:-1]):
        if token not in THROWS or found[i + 1][1] != "(" or path in FORWARDS:
            continue
        index, prefix = THROWS[token]
        given = arguments(found, i + 2)
        if token in ("IoError", "CudaError"):  # throw IoError(tenon::detail::format("text", {values}))
            given = given[0]
            given = arguments([(0, t) for t in given], given.index("(") + 1) if "(" in given else [given]
        text = literal(given[index]) if index < len(given) else None
        if text is None and index < len(given) and given[index][-1].endswith("_error"):
            continue
        if text is None:
            raise ValueError(f"{path}:{line}: the text of {token}() is not a literal")
        yield prefix + text


def library_texts():
    """The sorted, distinct texts of each folder."""
    texts = {}
    for folder in FOLDERS:
        found = set()
        for directory, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in names:
                if name.endswith((".h", ".cpp", ".cuh", ".cu")):
                    path = os.path.join(directory, name)
                    with open(path, encoding="utf-8") as file:
                        found.update(texts_of(os.path.relpath(path, ROOT), file.read()))
        texts[folder] = sorted(found, key=lambda text: (not text.startswith("{}"), text))
    return texts


def code(text):
    """A text as inline code in a table cell."""
    escaped = text.replace("|", "\\|")
    return f"`` {escaped} ``" if "`" in text else f"`{escaped}`"


def tables(texts, advice):
    out = []
    for folder, found in texts.items():
        if found:
            out += [f"### {folder}", "", "| Text | What to do |", "| --- | --- |"]
            out += [f"| {code(text)} | {advice.get(code(text), '')} |" for text in found]
            out += [""]
    return "\n".join(out)


def advice_of(tables):
    """The hand-written column of each text."""
    rows = re.findall(r"^\| (``? ?.*? ?``?) \| (.*?) ?\|$", tables, re.MULTILINE)
    return {text: words.strip() for text, words in rows}


def main(options):
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    before, _, rest = page.partition(BEGIN)
    old, _, after = rest.partition(END)
    texts, advice = library_texts(), advice_of(old)
    fresh = f"{before}{BEGIN}\n\n{tables(texts, advice)}\n{END}{after}"
    known = {code(text) for found in texts.values() for text in found}
    mistakes = [f"no longer thrown: {text}" for text in sorted(advice.keys() - known)]
    mistakes += [f"what to do is missing: {text}" for text in sorted(known) if not advice.get(text)]
    if "--check" not in options:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(fresh)
    elif fresh != page:
        mistakes.append("docs/errors.md is out of date; run scripts/list_errors.py")
    print("\n".join(mistakes) or f"{len(known)} error texts are listed")
    return 1 if mistakes and "--check" in options else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
