#!/usr/bin/env python3
"""Exchanges files with the package safetensors, both ways: exchange_safetensors.py TEST_IO

TEST_IO is the program test_io. Needs `pip install safetensors`, version 0.8 or later; exit status 77 without it.
"""

import ctypes
import os
import struct
import subprocess
import sys
import tempfile

try:
    import safetensors
except ImportError:
    print("the package safetensors is not installed")
    sys.exit(77)

# The tensors of every_dtype() in safetensors_test.cpp.
EXPECTED = {
    "w": ("F32", [3, 2], struct.pack("<6f", 1, 4, 2, 5, 3, -0.0)),
    "flag": ("BOOL", [3], bytes([1, 0, 1])),
    "count": ("I64", [], struct.pack("<q", -7)),
    'wide "é\\\n': ("F64", [3], struct.pack("<3d", float("nan"), float("inf"), 1e-310)),
    "none": ("F32", [0, 3], b""),
}
DTYPES = {"F32": "float32", "F64": "float64", "I64": "int64", "BOOL": "bool"}


def run(program, tag, path):
    subprocess.run([program, tag], env={**os.environ, "TENON_SAFETENSORS": path}, check=True)


def main(program):
    with tempfile.TemporaryDirectory() as directory:
        ours, theirs = os.path.join(directory, "ours"), os.path.join(directory, "theirs")
        run(program, "[.write-safetensors]", ours)
        with open(ours, "rb") as file:
            written = file.read()
        found = {name: (info["dtype"], info["shape"], bytes(info["data"]))
                 for name, info in safetensors.deserialize(written)}
        assert found == EXPECTED, found
        # serialize() takes addresses, so that the package does not depend on numpy; the buffers keep the bytes alive.
        buffers = {name: ctypes.create_string_buffer(data, max(len(data), 1)) for name, (_, _, data) in EXPECTED.items()}
        tensors = {name: safetensors.TensorSpec(dtype=DTYPES[dtype], shape=shape, data_len=len(data),
                                                data_ptr=ctypes.addressof(buffers[name]))
                   for name, (dtype, shape, data) in EXPECTED.items()}
        serialized = safetensors.serialize(tensors)
        assert serialized == written, f"{serialized} is written as {written}"
        with open(theirs, "wb") as file:
            file.write(serialized)
        run(program, "[.read-safetensors]", theirs)
    print(f"{len(EXPECTED)} tensors went both ways, byte by byte")


if __name__ == "__main__":
    main(*sys.argv[1:])
