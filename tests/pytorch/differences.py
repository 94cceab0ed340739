"""Where tenon deliberately differs from PyTorch. compare.py checks each point, and prints them with --differences.

The generated cases avoid these points: see `avoid` in operations.py.
"""

import dataclasses

import torch

from draw import Operand
from operations import OPERATIONS

nan, inf = float("nan"), float("inf")

# Texts of errors with which tenon may refuse what PyTorch accepts, and why.
STRICTER = [
    ("dtypes differ|the mask must be boolean or float", "there is no type promotion: to(dtype) converts"),
    ("needs floating-point numbers", "a function of integers would have to choose a dtype"),
    ("needs numbers", "booleans are not ordered, and adding them would have to choose a dtype"),
    ("(gather|scatter\\w*|take_along_dim|index_select|index_add): the (index|source) (must|has)", "also if it is empty"),
    ("^load_state_dict: .* the module has", "a state dict is not converted"),
    ("is not a (boolean|whole number that an int64 tensor can hold)", "there is no type promotion for numbers either"),
    ("^(\\w+_loss|kl_div|binary_cross_entropy\\w*): shapes differ", "a loss does not broadcast: [n] against [n, 1] gives a plausible but wrong number"),
    ("^linear: the bias must be", "it is one number per output; a matrix would be added to the batch"),
    ("^adaptive_avg_pool2d: the images must be", "one window in all is an ordinary mean, of any dimensions"),
    ("^max_pool2d: a window could lie beside the image", "there the largest of no elements would be -inf"),
]


@dataclasses.dataclass
class Point:
    """One operation on a few elements, and what both return: a list, or REFUSED."""

    why: str
    operation: str
    operands: list  # of lists (float64) or tensors
    named: dict
    kind: str  # out0, grad0, grad1: for an upstream gradient of ones
    ours: object
    theirs: object

    def tensors(self):
        return [each if isinstance(each, torch.Tensor) else torch.tensor(each, dtype=torch.float64)
                for each in self.operands]

    def by_pytorch(self):
        leaves = [t.clone().requires_grad_(self.kind != "out0" and t.is_floating_point()) for t in self.tensors()]
        try:
            outputs = OPERATIONS[self.operation].call(leaves, self.named)
        except (RuntimeError, IndexError, ValueError, TypeError):
            return REFUSED
        output = outputs[0] if isinstance(outputs, list) else outputs
        if self.kind == "out0":
            return output.tolist()
        return torch.autograd.grad(output.sum(), leaves[int(self.kind[-1])])[0].tolist()

    def text(self):
        operands = ", ".join(str(t.tolist()) for t in self.tensors())
        named = "".join(f", {name} = {value}" for name, value in self.named.items())
        return f"{self.operation}({operands}{named}), {self.kind}"


REFUSED = "refused"
WIDE = 16  # elements, enough for PyTorch's vectorised code, which may differ from its code for a few
INTS, FLOAT32 = torch.tensor([1, 2]), torch.tensor([1.0, 2.0])

POINTS = [
    # NaN
    Point("a NaN is not hidden", "sign", [[nan]], {}, "out0", [nan], [0.0]),
    Point("a NaN is not hidden", "abs", [[nan]], {}, "grad0", [nan], [0.0]),
    Point("PyTorch's value depends on the length", "elu", [[nan] * WIDE], {"alpha": 2}, "grad0", [1.0] * WIDE,
          [nan] * WIDE),
    Point("PyTorch's value depends on the length", "hardtanh", [[nan] * WIDE], {"min": -1, "max": 1}, "grad0",
          [1.0] * WIDE, [0.0] * WIDE),
    Point("what is dropped leaves no trace", "dropout", [[nan, inf, -1.0]], {"p": 1, "training": 1}, "out0", [0.0] * 3,
          [nan, nan, -0.0]),
    # zeros
    Point("one formula, maximum(a, +0)", "relu", [[-0.0]], {}, "out0", [0.0], [-0.0]),
    Point("one formula, minimum(maximum(a, min), max)", "clamp", [[-0.0]], {"min": 0, "max": 1}, "out0", [0.0], [-0.0]),
    Point("+0 is larger than -0, so that the order of the elements does not matter", "amax", [[-0.0, 0.0]], {}, "out0",
          0.0, -0.0),
    Point("the mirror image of amax", "amin", [[0.0, -0.0]], {}, "out0", -0.0, 0.0),
    # bounds and ends
    Point("a clamped parameter at a bound can leave it (as in PyTorch before 2.15)", "clamp", [[-1.0, 2.0]],
          {"min": -1, "max": 2}, "grad0", [1.0, 1.0], [0.0, 0.0]),
    Point("C's pow, as with an exponent in a tensor", "pow.number", [[-0.0, -inf]], {"other": 0.5}, "out0", [0.0, inf],
          [-0.0, nan]),
    Point("C's pow, as with an exponent in a tensor", "pow.number", [[-0.0]], {"other": -0.5}, "out0", [inf], [-inf]),
    Point("the angle has no derivative at the origin", "atan2", [[0.0], [0.0]], {}, "grad0", [nan], [0.0]),
    Point("conversions saturate, and NaN becomes 0, on every machine", "to", [[nan, inf, -inf, 1e30]], {"dtype": 2},
          "out0", [0, 2**63 - 1, -(2**63), 2**63 - 1], [-(2**63)] * 4),
    # what tenon refuses
    Point("no type promotion", "add", [FLOAT32, [1.0, 2.0]], {}, "out0", REFUSED, [2.0, 4.0]),
    Point("no type promotion", "mul.number", [INTS], {"other": 0.5}, "out0", REFUSED, [0.5, 1.0]),
    Point("no type promotion", "div", [INTS, INTS], {}, "out0", REFUSED, [1.0, 1.0]),
    Point("no type promotion", "exp", [torch.tensor([0])], {}, "out0", REFUSED, [1.0]),
    Point("no type promotion", "cat", [FLOAT32, [1.0]], {"dim": 0}, "out0", REFUSED, [1.0, 2.0, 1.0]),
    Point("a loss does not broadcast", "mse_loss", [[1.0, 2.0], [[1.0], [2.0]]], {}, "out0", REFUSED, 0.5),
    Point("bounds out of order are a mistake", "clamp", [[0.0]], {"min": 2, "max": 1}, "out0", REFUSED, [1.0]),
    Point("a bound of NaN is a mistake", "clamp", [[0.0]], {"min": nan, "max": 1}, "out0", REFUSED, [nan]),
    Point("no mean of nothing", "mean", [[]], {}, "out0", REFUSED, nan),
    Point("no variance of one element", "var", [[1.0]], {"correction": 1}, "out0", REFUSED, nan),
    Point("no largest element of nothing", "softmax", [[]], {"dim": 0}, "out0", REFUSED, []),
    Point("no largest element of nothing", "logsumexp", [[]], {"dim": 0, "keepdim": 0}, "out0", REFUSED, -inf),
    Point("booleans are not ordered", "amax", [torch.tensor([True, False])], {}, "out0", REFUSED, True),
]


def check(run, make_case):
    """The texts of failures: tenon must do what POINTS says. Says so if PyTorch does not."""
    cases = []
    for index, point in enumerate(POINTS):
        operands = [Operand(t, [], point.kind != "out0" and t.is_floating_point()) for t in point.tensors()]
        case = make_case(index, point.operation, operands, point.named)
        case.order = int(point.kind != "out0")
        case.tensors = {f"in{i}": operand.base for i, operand in enumerate(operands)}
        if case.order:
            case.tensors["upstream"] = torch.ones_like(operands[0].base)
        cases.append(case)
    failures = []
    for point, (index, found) in zip(POINTS, sorted(run(cases).items())):
        ours = REFUSED if isinstance(found, str) else found[point.kind].tolist()
        if repr(ours) != repr(point.ours):
            failures.append(f"difference: {point.text()}: tenon {ours}, should be {point.ours}")
        theirs = point.by_pytorch()
        if repr(theirs) != repr(point.theirs):
            print(f"difference: {point.text()}: PyTorch {theirs}, in PyTorch 2.15 {point.theirs}")
    return failures


def show():
    for point in POINTS:
        print(f"{point.text()}\n    tenon {point.ours}, PyTorch {point.theirs}: {point.why}")
    print("\nErrors where PyTorch has none:")
    for text, why in STRICTER:
        print(f"    /{text}/: {why}")
    return 0
