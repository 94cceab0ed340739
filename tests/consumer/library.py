#!/usr/bin/env python3
"""Checks a built library, static or shared: library.py LIBRARY SOURCE_DIR BUILD_DIR

No string in it may name the source or the build directory, except in debug information. Its thread_locals must be
small: a program that loads several libraries that each contain tenon has less than two kilobytes for all of them.
"""

import os
import re
import subprocess
import sys
import tempfile

MOST_THREAD_LOCAL = 128  # bytes


def texts_with(library, directories):
    with tempfile.TemporaryDirectory() as place:
        stripped = os.path.join(place, "library")
        subprocess.run(["objcopy", "--strip-debug", library, stripped], check=True)
        with open(stripped, "rb") as file:
            content = file.read()
    for directory in directories:
        for found in set(re.findall(rb"[\x20-\x7e]*" + re.escape(directory.encode()) + rb"[\x20-\x7e]*", content)):
            yield f"{library} holds the text {found.decode()}"


def thread_local_bytes(library):
    """For a shared library the size of its segment, for a static one the sum of its sections."""
    def listed(option, pattern):
        text = subprocess.run(["readelf", option, "--wide", library], check=True, capture_output=True, text=True).stdout
        return sum(int(size, 16) for size in re.findall(pattern, text, re.MULTILINE))

    if library.endswith(".a"):
        return listed("--sections", r"\.t(?:bss|data)\S* +(?:PROGBITS|NOBITS) +[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+)")
    return listed("--segments", r"^ +TLS +0x\w+ +0x\w+ +0x\w+ +0x\w+ +(0x\w+)")


def main(library, *directories):
    mistakes = list(texts_with(library, directories))
    size = thread_local_bytes(library)
    if not 0 < size <= MOST_THREAD_LOCAL:
        mistakes.append(f"{library} has {size} bytes of thread_locals; at most {MOST_THREAD_LOCAL}")
    print("\n".join(mistakes) or f"no text names {' or '.join(directories)}; {size} bytes of thread_locals")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
