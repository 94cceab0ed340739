#!/usr/bin/env python3
"""Compares tenon with PyTorch on generated cases: compare.py PYTORCH_CASES [--seed N] [--count N] [--only INDEX]

PYTORCH_CASES is the program of that name (its source, run_cases.cpp, explains the files). Each run draws new cases from
a seed that it prints: `--seed` repeats a run, `--only` one case of it. Outputs, gradients and second gradients are
compared with the tolerances of operations.py, or, where these are exceeded, with PyTorch's own rounding errors in the
case; a wrong call must be refused by both. Then the deliberate differences of differences.py are checked;
`--differences` prints them. Needs the packages torch, numpy and safetensors.

Exit status 1 if a case fails. Failed cases are written to pytorch_failures.txt in the current folder.
"""

import argparse
import contextlib
import dataclasses
import math
import os
import re
import secrets
import subprocess
import sys
import tempfile
import warnings
import zlib

sys.dont_write_bytecode = True
import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import differences
from draw import DTYPES, Draw
from operations import OPERATIONS
# These add their rows to OPERATIONS.
import elementwise, reductions, shapes, indices, losses, layers, modules  # noqa: E401, F401

FAILURES = "pytorch_failures.txt"
COUNT = 60  # cases per operation


@dataclasses.dataclass
class Case:
    index: int
    operation: str
    operands: list
    named: dict
    special: bool = False
    spoiled: str = ""  # what was made wrong on purpose
    order: int = 0
    tensors: dict = dataclasses.field(default_factory=dict)  # of the input file
    expected: dict = dataclasses.field(default_factory=dict)  # by PyTorch
    scale: float = 1.0
    error: str = ""  # PyTorch's

    def line(self):
        named = [f"{name}={text(value)}" for name, value in self.named.items()]
        operands = [operand.text() for operand in self.operands]
        return " ".join([str(self.index), self.operation, str(self.order), *named, ":", *operands])


def text(value):
    return ",".join(map(text, value)) if isinstance(value, (list, tuple)) else repr(float(value)).removesuffix(".0")


def spoil(case, d, spoilable):
    """Makes one argument, or one of the first operands, wrong, or at least unusual."""
    operand = d.one_of(case.operands[:spoilable])
    dims = [name for name in case.named if name.startswith("dim") and not isinstance(case.named[name], list)]
    if dims and d.chance(0.4):
        name = d.one_of(dims)
        case.named[name] = d.one_of([-9, 9])
        case.spoiled = f"{name} = {case.named[name]}"
    elif d.chance(0.5):
        operand.base = operand.base.to(d.one_of([dtype for dtype in DTYPES if dtype != operand.base.dtype]))
        operand.requires_grad = False
        case.spoiled = f"an operand of {operand.base.dtype}"
    else:
        layers = [operand.base] * d.integer(2, 3)
        if operand.base.is_floating_point():  # equal elements have a deviation of 0, where std has no gradient
            layers = [layer * (1 + 0.3 * i) for i, layer in enumerate(layers)]
        operand.base = torch.stack(layers, -1)
        case.spoiled = "an operand with one more dimension"


def draw_case(seed, index):
    names = list(OPERATIONS)
    name = names[index % len(names)]
    row, round_ = OPERATIONS[name], index // len(names)
    special = bool(row.special) and round_ % 4 == 3
    # Not from the index, so that another row of the table changes no other operation's cases.
    d = Draw([seed, zlib.crc32(name.encode()), round_], special, row.avoid)
    operands, named = row.draw(d)
    case = Case(index, name, operands, named, special)
    if round_ % 15 == 14 and not special and row.spoilable != 0:
        spoil(case, d, row.spoilable)
    case.tensors = {f"in{i}": operand.base for i, operand in enumerate(operands)}
    try:
        ask_pytorch(case, row, d)
    except (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError, AssertionError) as error:
        case.error = str(error).splitlines()[0] or type(error).__name__
    return case


def ask_pytorch(case, row, d):
    """Fills in what PyTorch computes, and the tensors that the program needs."""
    leaves, views, outputs = forward(case, row, case.tensors)
    sizes = [tensor.numel() for tensor in [*leaves, *views, *outputs]]
    terms = max(sizes) / max(1, min([size for size in sizes if size] or [1]))  # at most, in one sum
    case.scale = math.sqrt(max(1, terms))
    if case.operation in ("matmul", "mm", "mv", "bmm", "linear", "cumsum"):
        case.scale = math.sqrt(max([1] + [size for view in views for size in view.shape]) * case.scale)
    leaves = [leaf for leaf in leaves if leaf.requires_grad]
    forward_only = case.special and row.special == "outputs"
    if leaves and not forward_only and any(output.requires_grad for output in outputs):
        draw = lambda like: torch.tensor(d.rng.normal(size=tuple(like.shape)), dtype=like.dtype)
        case.tensors["upstream"] = draw(in_one_row(outputs))
        case.tensors.update({f"direction{i}": draw(leaf) for i, leaf in enumerate(leaves)})
        case.order = 1 if case.special else 2
    case.expected = results(case, leaves, outputs, case.tensors)
    if not any(kind.startswith("second") for kind in case.expected):
        case.order = min(case.order, 1)


def forward(case, row, tensors):
    """PyTorch's leaves, operands and outputs, given the tensors of the file."""
    leaves = [tensors[f"in{i}"].clone().requires_grad_(operand.requires_grad)
              for i, operand in enumerate(case.operands)]
    views = [operand.view(leaf) for operand, leaf in zip(case.operands, leaves)]
    outputs = row.call(views, case.named)
    return leaves, views, outputs if isinstance(outputs, list) else [outputs]


def in_one_row(outputs):
    return torch.cat([output.reshape(-1) for output in outputs])


def results(case, leaves, outputs, tensors):
    """The outputs, and the gradients of the leaves up to the order of the case, by their names."""
    found = {f"out{i}": output.detach() for i, output in enumerate(outputs)}
    if case.order < 1:
        return found
    gradients = torch.autograd.grad((in_one_row(outputs) * tensors["upstream"]).sum(), leaves, create_graph=True,
                                    allow_unused=True)
    for i, gradient in enumerate(gradients):
        found[f"grad{i}"] = torch.zeros_like(leaves[i]) if gradient is None else gradient.detach()
    if case.order < 2:
        return found
    parts = [(gradient * tensors[f"direction{i}"]).sum() for i, gradient in enumerate(gradients)
             if gradient is not None and gradient.requires_grad]
    seconds = [None] * len(leaves)  # the gradient is constant: tenon's second gradients must be zeros or absent
    if parts:
        try:
            seconds = torch.autograd.grad(sum(parts), leaves, allow_unused=True)
        except RuntimeError:  # PyTorch has no derivative of this gradient
            return found
    for i, second in enumerate(seconds):
        found[f"second{i}"] = torch.zeros_like(leaves[i]) if second is None else second
    return found


def rounding_errors(case, row):
    """How far PyTorch's float32 is from its float64, in eps of float32: the largest error of each result.

    That is what rounding does to the results of a case, whose condition no formula gives. It is measured at the inputs
    of the case and at some very near them, as an error may be small by chance. Multiples of 1/32 stay, and so do ties.
    """
    rng, errors = np.random.default_rng(case.index), {}
    for nearby in range(4):
        inputs = {}
        for name, tensor in case.tensors.items():
            if tensor.is_floating_point():
                factor = 1 + 1e-5 * nearby * torch.tensor(rng.uniform(-1, 1, tuple(tensor.shape)))
                tensor = torch.where(tensor * 32 == torch.round(tensor * 32), tensor, tensor * factor).float()
            inputs[name] = tensor
        both = []
        for convert in (lambda t: t, lambda t: t.double() if t.is_floating_point() else t):
            tensors = {name: convert(tensor) for name, tensor in inputs.items()}
            leaves, _, outputs = forward(case, row, tensors)
            both.append(results(case, [leaf for leaf in leaves if leaf.requires_grad], outputs, tensors))
        for kind in both[0].keys() & both[1].keys():
            difference = (both[0][kind].double() - both[1][kind].double()).abs()
            largest = difference[difference.isfinite()].max().item() if difference.isfinite().any() else 0
            errors[kind] = max(errors.get(kind, 0), largest / torch.finfo(torch.float32).eps)
    return errors


def run(program, cases):
    """tenon's results by case: a dict of tensors, or the text of an error."""
    with tempfile.TemporaryDirectory() as directory:
        inputs, results = os.path.join(directory, "inputs"), os.path.join(directory, "results")
        tensors = {f"{case.index}.{name}": tensor.clone().contiguous()
                   for case in cases for name, tensor in case.tensors.items()}
        save_file(tensors, inputs, {"cases": "\n".join(case.line() for case in cases)})
        done = subprocess.run([program, inputs, results], capture_output=True, text=True)
        if done.returncode != 0:
            last = (done.stdout.splitlines() or ["before the first case"])[-1]
            sys.exit(f"{program}: status {done.returncode} {done.stderr}in the case\n{last}")
        found = {case.index: {} for case in cases}
        with safe_open(results, "pt") as file:
            for name in file.keys():
                index, kind = name.split(".")
                found[int(index)][kind] = file.get_tensor(name)
            found.update({int(index): error for index, error in (file.metadata() or {}).items()})
        return found


def compare(kind, ours, theirs, row, eps, scale, rounding=0):
    """The largest error in units of the tolerance, and what is wrong, if anything.

    `rounding` is what rounding_errors() says about the result: PyTorch's error, and tenon's may be 16 times as large.
    """
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return math.inf, f"{kind}: {ours.dtype} {list(ours.shape)}, PyTorch: {theirs.dtype} {list(theirs.shape)}"
    if not theirs.dtype.is_floating_point:
        wrong, ratio = (ours != theirs).numpy(force=True).reshape(-1), None
    else:
        a, b = ours.double().numpy(force=True).reshape(-1), theirs.double().numpy(force=True).reshape(-1)
        rel, absolute = row.rel, row.abs
        if not kind.startswith("out"):
            factor = 4 if kind.startswith("grad") else 16
            rel, absolute = max(4, factor * rel), max(4, factor * absolute)
        finite = np.isfinite(a) & np.isfinite(b)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        smallest = torch.finfo(theirs.dtype).smallest_normal
        with np.errstate(all="ignore"):
            tolerance = eps * (rel * np.abs(b) + absolute * scale + 16 * rounding)
            # The result may be denormal: no better than the smallest number.
            tolerance += (rel > 0) * smallest * eps
            ratio = np.where(same, 0, np.where(finite, np.abs(a - b) / tolerance, np.inf))
        wrong = ~(ratio <= 1)
        if row.signed_zeros and kind.startswith("out"):
            wrong |= (a == 0) & (b == 0) & (np.signbit(a) != np.signbit(b))
    worst = 0 if ratio is None else ratio.max(initial=0)
    if not wrong.any():
        return worst, ""
    at = int(np.flatnonzero(wrong)[0])
    ours, theirs = ours.reshape(-1)[at].item(), theirs.reshape(-1)[at].item()
    return max(worst, 1 + 1e-9), f"{kind}: element {at}: {ours!r}, PyTorch: {theirs!r}; {int(wrong.sum())} wrong"


@dataclasses.dataclass
class Summary:
    cases: int = 0
    gradients: int = 0
    seconds: int = 0
    refused: int = 0  # by both
    stricter: int = 0  # refused by tenon only, for a reason of differences.py
    worst: dict = dataclasses.field(default_factory=lambda: {"out": 0.0, "grad": 0.0, "second": 0.0})
    measured: int = 0  # cases whose rounding errors decided
    failed: int = 0


def judge(case, found, summary):
    """The mistakes of one case."""
    row = OPERATIONS[case.operation]
    summary.cases += 1
    if isinstance(found, str):
        if case.error:
            summary.refused += 1
            return []
        if any(re.search(reason, found) for reason, _ in differences.STRICTER):
            summary.stricter += 1
            return []
        return [f"tenon refuses: {found}"]
    if case.error:
        return [f"PyTorch refuses: {case.error}"]
    mistakes, rounding = [], None
    # float32 inside, if a float64 operand is copied into a float32 one
    eps = max([torch.finfo(t.dtype).eps for t in case.tensors.values() if t.is_floating_point()], default=0)
    # A small number may be a difference of larger ones. But a huge one must not hide the others.
    floats = [t.double().abs().max().item() for t in [*case.tensors.values(), *case.expected.values()]
              if t.is_floating_point() and t.numel()]
    magnitude = 1 if case.special else max([1, *floats])
    for kind, theirs in case.expected.items():
        ours = found.get(kind)
        if ours is None:
            ours = torch.zeros_like(theirs) if not kind.startswith("out") else torch.empty(0)
        worst, mistake = compare(kind, ours, theirs, row, eps, case.scale * magnitude)
        if mistake and math.isfinite(worst) and row.rel > 0:
            if rounding is None:
                rounding = rounding_errors(case, row)
                summary.measured += 1
            worst, mistake = compare(kind, ours, theirs, row, eps, case.scale * magnitude, rounding.get(kind, 0))
        name = kind.rstrip("0123456789")
        summary.worst[name] = max(summary.worst[name], worst)
        summary.gradients += name == "grad"
        summary.seconds += name == "second"
        if mistake:
            mistakes.append(mistake)
    extra = {kind for kind in found if kind.startswith("out")} - set(case.expected)
    return mistakes + ([f"more outputs than PyTorch: {sorted(extra)}"] if extra else [])


def without_row():
    """The operations that tenon's headers declare and the table does not have."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../autograd/ops")
    declared, declaration = set(), re.compile(r"^TENON_API [\w:<>, ]*(?:Tensor>?|Values|Indices) (\w+)\(", re.M)
    for name in os.listdir(folder):
        if name.endswith(".h") and name not in ("creation.h", "sampling.h"):  # their random numbers differ
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                declared |= set(declaration.findall(file.read()))
    return sorted(declared - {name.split(".")[0] for name in OPERATIONS})


def describe(case, mistakes, seed):
    lines = [f"--seed {seed} --only {case.index}: {case.line()}"]
    if case.spoiled:
        lines.append(f"  made wrong on purpose: {case.spoiled}")
    for name, tensor in case.tensors.items():
        values = f" {tensor.reshape(-1).tolist()}" if tensor.numel() <= 12 else ""
        lines.append(f"  {name}: {str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}{values}")
    return "\n".join(lines + [f"  {mistake}" for mistake in mistakes])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    parser.add_argument("--count", type=int, default=COUNT, help="cases per operation")
    parser.add_argument("--only", type=int, help="the number of the only case to run")
    parser.add_argument("--differences", action="store_true", help="print the deliberate differences")
    options = parser.parse_args()
    if options.differences:
        return differences.show()
    if not options.program:
        parser.error("the program pytorch_cases is missing")

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # losses that broadcast: tenon refuses them
    # oneDNN's convolution of PyTorch 2.15 reads beyond a weight [2, 1, 1, 3] that is the transpose of another.
    torch.backends.mkldnn.set_flags(False)
    with contextlib.suppress(FileNotFoundError):
        os.remove(FAILURES)
    print(f"PyTorch {torch.__version__}, seed {options.seed}")
    indices = [options.only] if options.only is not None else range(options.count * len(OPERATIONS))
    cases = [draw_case(options.seed, index) for index in indices]
    found = run(options.program, cases)
    summaries, failures = {name: Summary() for name in OPERATIONS}, []
    for case in cases:
        mistakes = judge(case, found[case.index], summaries[case.operation])
        if mistakes:
            summaries[case.operation].failed += 1
            failures.append(describe(case, mistakes, options.seed))

    print(f"\n{'':22}{'cases':>6}{'refused':>8}{'stricter':>9}{'gradients':>10}{'second':>7}"
          "   largest error in units of the tolerance: output, gradient, second")
    for name, each in summaries.items():
        if each.cases:
            errors = "".join(f"{each.worst[kind]:10.2f}" for kind in ("out", "grad", "second"))
            print(f"{name:22}{each.cases:6}{each.refused:8}{each.stricter:9}{each.gradients:10}{each.seconds:7}{errors}"
                  + (f"   {each.failed} FAILED" if each.failed else ""))
    total = lambda what: sum(getattr(each, what) for each in summaries.values())
    if options.only is None:
        failures += [f"operations.py has no row for {name}" for name in without_row()]
        failures += differences.check(lambda cases: run(options.program, cases), Case)
    print(f"\n{total('cases')} cases of {len(OPERATIONS)} operations, {total('gradients')} gradients, "
          f"{total('seconds')} second gradients, {len(differences.POINTS)} deliberate differences; "
          f"rounding errors measured in {total('measured')} cases; {len(failures)} failed")
    if failures:
        with open(FAILURES, "w", encoding="utf-8") as file:
            file.write("\n\n".join(failures) + "\n")
        print("\n\n".join(failures[:20]) + f"\n\nall failed cases: {os.path.abspath(FAILURES)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
