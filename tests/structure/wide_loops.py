#!/usr/bin/env python3
"""Checks that the CPU kernels' loops use an instruction set's widest vectors: wide_loops.py OBJDUMP ISA OBJECT...

ISA is avx2 or avx512. A compiler gives up on vectorising a loop without a word: because of a condition with a
constant operand, a call, a conversion that the machine lacks. For each function of a table (docs/design.md) this counts
the innermost loops whose body has a 32-byte (64-byte) register; each has at least as many as its source has loops over
contiguous elements, or is listed below. A loop over a block of fixed size may be unrolled: its functions must have wide
multiply-adds or products.
"""

import re
import subprocess
import sys

REGISTER = {"avx2": "ymm", "avx512": "zmm"}

# The number of wide loops in each function. The loops of elementwise.cpp differ in which operands are single numbers.
WANTED = [
    (r"unary<.*>", 1),
    (r"unary_in_blocks<(Exp|Log|Sigmoid), .*>", 2),
    (r"unary_in_blocks<(Sin|Cos), .*>", 1),
    (r"binary<.*>", 3),
    (r"ternary<(?!LogitsCrossEntropyBackward, double).*>", 4),
    (r"ternary<LogitsCrossEntropyBackward, double>", 3),  # g++ 12 leaves one of the four as it is
    (r"compare<.*>", 3),
    (r"where<.*>", 4),
    (r"convert<.*>", 1),
    (r"line<.*>", 1),
    (r"across<.*>", 1),
    (r"update<Sgd<.*>", 2),
    (r"update<RmsProp<.*>", 3),
    (r"update<Adagrad<.*>", 1),
    (r"arange<.*>", 1),
    (r"linspace<.*>", 2),
    (r"in_range", 1),
    (r"clear<.*>", 1),
    (r"add_rows<.*>", 2),
]
# Loops that store nothing, and loops that load nothing.
REDUCING = r"line<.*>|in_range"
FILLING = r"(arange|linspace|clear)<.*>"
# AVX2 has no instruction for these conversions.
NOT_WIDE = {"avx2": r"convert<(float|double), long>|convert<long, (float|double)>", "avx512": r"(?!)"}
# Functions that work in blocks, and the least number of wide multiply-adds and products of 32 bits in each.
BLOCKS = [
    (r"binary_in_blocks<.*>", 8, 0),
    (r"uniform_fill<.*>", 1, 20),
    (r"normal_fill<.*>", 8, 20),
    (r"integers<.*>|random_bits", 0, 20),
]


def functions(objdump, path):
    """The (name, lines) of each function; a line is (address, instruction)."""
    text = subprocess.run([objdump, "--disassemble", "--demangle", "--no-show-raw-insn", path], capture_output=True,
                          text=True, check=True).stdout
    name, lines = None, []
    for line in text.splitlines():
        if found := re.match(r"^[0-9a-f]+ <(.*)>:$", line):
            if name:
                yield name, lines
            name, lines = found[1], []
        elif found := re.match(r"^\s*([0-9a-f]+):\s+(.*)$", line):
            lines.append((int(found[1], 16), found[2]))
    if name:
        yield name, lines


def short(name):
    """A name without its namespaces and arguments; "" if it is not one of a table's functions."""
    found = re.match(r"(\w+ )?tenon::kernels::cpu::\w+::\(anonymous namespace\)::(.*)$", name)
    if not found or ".cold" in name:
        return ""
    name = re.sub(r"(\w+::)+", "", found[2].replace("(anonymous namespace)::", ""))
    depth = 0
    for at, c in enumerate(name):
        depth += {"<": 1, ">": -1}.get(c, 0)
        if c == "(" and depth == 0:
            return name[:at]
    return name


def is_packed(text):
    """Whether an instruction works on neighbouring elements, and not on one or on scattered ones."""
    mnemonic = text.split()[0]
    scalar = re.fullmatch(r"v\w*(ss|sd)|vmov[dq]|vmov[hl]p[sd]|v?p?(insr|extr)\w*|v\w*(gather|scatter|broadcast)\w*", mnemonic)
    return mnemonic.startswith("v") and not scalar


# In AT&T's order the destination comes last.
def loads(text):
    return is_packed(text) and re.search(r"\),", text) is not None


def stores(text):
    return is_packed(text) and text.split("#")[0].rstrip().endswith(")")


def wide_loops(name, lines, register):
    """The number of innermost loops that use a wide register, load neighbouring elements and store neighbouring ones."""
    may_not_store = re.fullmatch(REDUCING, name)
    may_not_load = re.fullmatch(FILLING, name)
    addresses = {address for address, _ in lines}
    loops = []
    for address, instruction in lines:
        jump = re.match(r"j\w+\s+([0-9a-f]+)\b", instruction)
        if jump and (target := int(jump[1], 16)) <= address and target in addresses:
            loops.append((target, address))
    count = 0
    for first, last in loops:
        body = [text for address, text in lines if first <= address <= last]
        inner = any((a, b) != (first, last) and first <= a and b <= last for a, b in loops)
        count += (not inner and any(register in text for text in body) and
                  bool(may_not_load or any(map(loads, body))) and bool(may_not_store or any(map(stores, body))))
    return count


def main():
    objdump, isa, *objects = sys.argv[1:]
    register = REGISTER[isa]
    loops, multiply_adds, products = {}, {}, {}
    for path in objects:
        for name, lines in functions(objdump, path):
            if name := short(name):
                loops[name] = wide_loops(name, lines, register)
                for found, what in (multiply_adds, "vfn?m"), (products, "vpmuludq"):
                    found[name] = sum(bool(re.match(f"{what}.*{register}", text)) for _, text in lines)
    bad = checked = 0
    for pattern, least, found, what in [*((p, n, loops, "loops") for p, n in WANTED),
                                        *((p, n, multiply_adds, "multiply-adds") for p, n, _ in BLOCKS),
                                        *((p, n, products, "products") for p, _, n in BLOCKS)]:
        names = [name for name in found if re.fullmatch(pattern, name) and not re.fullmatch(NOT_WIDE[isa], name)]
        checked += len(names)
        if not names:
            bad += 1
            print(f"{isa}: no function matches {pattern}")
        for name in names:
            if found[name] < least:
                bad += 1
                print(f"{isa} {name}: {found[name]} {what} use {register}, expected {least}")
    print(f"wide_loops: {checked} functions of {isa}, {bad} problems")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
