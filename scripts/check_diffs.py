#!/usr/bin/env python3
"""Checks that the ```diff blocks of a document apply to this source tree: check_diffs.py DOCUMENT..."""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main(documents):
    status = 0
    for document in documents:
        with open(document, encoding="utf-8") as file:
            blocks = re.findall(r"^```diff\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
        if not blocks:
            print(f"{document}: there is no diff block")
            status = 1
            continue
        done = subprocess.run(["git", "apply", "--check", "--unidiff-zero", "-"], cwd=ROOT, input="".join(blocks),
                              text=True, capture_output=True, check=False)
        print(f"{document}: {done.stderr or f'{len(blocks)} blocks apply'}")
        status |= done.returncode
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
