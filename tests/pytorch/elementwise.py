"""Rows of operations.py: elementwise functions and arithmetic."""

import torch
import torch.nn.functional as F

from draw import DTYPES
from operations import EXACT, FUNCTION, REAL, binary, number, op, other, unary

# ---- elementwise functions
for each in ("neg", "square", "reciprocal", "floor", "ceil", "round", "trunc"):
    unary(each, domain="nonzero" if each == "reciprocal" else REAL, **EXACT)
unary("sqrt", domain="positive", rel=1, **EXACT)  # PyTorch's vectorised one is not always rounded correctly
unary("abs", domain=REAL, avoid=("nan",), **EXACT)
unary("sign", domain=REAL, avoid=("nan",))
unary("relu", domain=REAL, avoid=("-0",), **EXACT)
for each in ("exp", "expm1", "exp2", "sin", "cos", "erf", "tanh", "sigmoid"):
    unary(each, domain=["real", "grid"], **FUNCTION)
for each in ("log", "log2", "rsqrt"):
    unary(each, domain="positive", **FUNCTION)
unary("log1p", domain=["real", "positive"], **FUNCTION)
for each in ("isnan", "isinf", "isfinite", "logical_not"):
    unary(each, domain=REAL, ints=True)
unary("clone", ints=True, **EXACT)
unary("contiguous", lambda t, n: t[0].contiguous(), ints=True, **EXACT)
BOUNDS = [(-1.25, 1.25), (0.25, 6.25), (1.25, 1.25), (-float("inf"), 2.25), (0.25, float("inf"))]  # no element is equal


def bounds(d):
    low, high = d.one_of(BOUNDS)
    return {"min": low, "max": high}


unary("clamp", lambda t, n: torch.clamp(t[0], n["min"], n["max"]), REAL, bounds, avoid=("inf",), **EXACT)
for each, bound in (("clamp_min", "min"), ("clamp_max", "max")):
    unary(each, lambda t, n, each=each, bound=bound: getattr(torch, each)(t[0], n[bound]), REAL,
          lambda d, bound=bound: {bound: d.one_of([-1.25, 0.25, 1.75])}, **EXACT)
unary("nan_to_num", lambda t, n: torch.nan_to_num(t[0], n.get("nan", 0), n.get("posinf"), n.get("neginf")), REAL,
      lambda d: {} if d.chance(0.5) else {"nan": 1.5, "posinf": 7, "neginf": d.one_of([-7, float("-inf")])}, **EXACT)
unary("to", lambda t, n: t[0].to(DTYPES[n["dtype"]]), ["real", "grid"], lambda d: {"dtype": d.integer(0, 3)}, ints=True,
      avoid=("nan", "inf", "huge"))

# ---- activations
unary("selu", lambda t, n: F.selu(t[0]), REAL, avoid=("nan",), **FUNCTION)
unary("silu", lambda t, n: F.silu(t[0]), ["real", "grid"], **FUNCTION)
# PyTorch's erf is an approximation, which with AVX-512 is NaN at infinities.
unary("gelu", lambda t, n: F.gelu(t[0]), ["real", "grid"], avoid=("inf",), rel=4, abs=16)
unary("gelu.tanh", lambda t, n: F.gelu(t[0], approximate="tanh"), ["real", "grid"], rel=8, abs=4)
unary("leaky_relu", lambda t, n: F.leaky_relu(t[0], n["slope"]), REAL,
      lambda d: {"slope": d.one_of([0.01, 0.25, 0, 1])}, **EXACT)
unary("elu", lambda t, n: F.elu(t[0], n["alpha"]), REAL, lambda d: {"alpha": d.one_of([1, 0.5, 2])},
      avoid=("nan",), **FUNCTION)
unary("softplus", lambda t, n: F.softplus(t[0], n["beta"], n["threshold"]), ["real", "grid"],
      lambda d: {"beta": d.one_of([1, 2, 0.5]), "threshold": d.one_of([20, 3])}, **FUNCTION)
unary("hardtanh", lambda t, n: F.hardtanh(t[0], n["min"], n["max"]), REAL,
      lambda d: dict(zip(("min", "max"), d.one_of([(-1.25, 1.25), (0.25, 6.25)]))), avoid=("nan",), **EXACT)

unary("dropout", lambda t, n: F.dropout(t[0], n["p"], bool(n["training"])), REAL,
      lambda d: {"p": d.integer(0, 1), "training": d.integer(0, 1)}, special=False)  # without random numbers



def draw_channels(d):
    shape = [d.integer(1, 5), d.integer(1, 5), *d.shape(d.integer(0, 2))]
    return [d.operand(shape, d.one_of(REAL))], {"p": d.integer(0, 1), "training": d.integer(0, 1)}


op("dropout2d", draw_channels, lambda t, n: F.dropout2d(t[0], n["p"], bool(n["training"])))

# ---- arithmetic
INTS = [torch.int64]
binary("add", ints=INTS, **EXACT)
binary("sub", ints=INTS, **EXACT)
binary("mul", ints=INTS, **EXACT)
binary("div", domain=("real", "nonzero"), **EXACT)
binary("pow", domain=("positive", "real"), **FUNCTION)
binary("maximum", domain=["real", "grid"], ints=INTS)
binary("minimum", domain=["real", "grid"], ints=INTS)
binary("hypot", domain=("nonzero", "nonzero"), avoid=("tiny",), **FUNCTION)
binary("atan2", domain=("nonzero", "nonzero"), **{**FUNCTION, "special": "outputs"})
# PyTorch's vectorised fmod is NaN where the quotient is huge.
binary("fmod", domain=("real", "nonzero"), special="outputs", avoid=("inf", "huge", "tiny"), **EXACT)
binary("remainder", domain=("real", "nonzero"), special="outputs", avoid=("inf", "huge", "tiny"), rel=4, abs=4)
NUMBERS = [0.0, 1.0, -1.0, 2.0, 0.5, -3.25, 0.1, 100.0]
number("add", NUMBERS, **EXACT)
number("sub", NUMBERS, first=lambda a, b: a - b, **EXACT)
number("mul", NUMBERS, **EXACT)
# PyTorch may multiply by the reciprocal of a number: one rounding more.
number("div", NUMBERS[1:], first=lambda a, b: a / b, domain="nonzero", rel=1)
number("pow", [0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, 1.5, -0.5, 2.25], domain="positive",
       avoid=("-0", "inf"), **FUNCTION)
unary("pow.number_first", lambda t, n: torch.pow(n["other"], t[0]), "real",
      lambda d: {"other": d.one_of([2.0, 0.5, 3.25, 1.0, 10.0])}, **FUNCTION)
number("fmod", [1.0, -2.0, 0.75], domain="wide", **EXACT)
number("remainder", [1.0, -2.0, 0.75], rel=4, abs=4)
for each in ("eq", "ne", "lt", "le", "gt", "ge"):
    binary(each, domain=["real", "grid"], ints=[torch.int64, torch.bool] if each in ("eq", "ne") else INTS)
    number(each, [0.0, 0.5, -1.0, 2.0], domain=["real", "grid"])
for each in ("logical_and", "logical_or", "logical_xor"):
    binary(each, domain=["real", "grid"], ints=[torch.int64, torch.bool])


def draw_three(d):
    shape = d.shape()
    shapes = [shape, d.broadcast(shape), d.broadcast(shape)]
    d.rng.shuffle(shapes)
    return [d.operand(s) for s in shapes], {}


op("lerp", draw_three, lambda t, n: torch.lerp(t[0], t[1], t[2]), rel=4, abs=4)
op("lerp.number", lambda d: (draw_three(d)[0][:2], {"weight": d.one_of([0, 1, 0.25, 0.5, 0.9, -1.5])}),
   lambda t, n: torch.lerp(t[0], t[1], n["weight"]), rel=4, abs=4)
op("addcmul", lambda d: (draw_three(d)[0], {"value": d.one_of([1, 0, -2.5, 0.1])}),
   lambda t, n: torch.addcmul(t[0], t[1], t[2], value=n["value"]), rel=4, abs=4)


def draw_where(d, operands):
    shape = d.shape()
    condition = d.operand(d.broadcast(shape), "real", torch.bool)
    return [condition] + [d.operand(d.broadcast(shape)) for _ in range(operands)]


op("where", lambda d: (draw_where(d, 2), {}), lambda t, n: torch.where(*t), special=True, **EXACT)
op("where.number", lambda d: (draw_where(d, 1), {"other": d.one_of(NUMBERS)}),
   lambda t, n: torch.where(t[0], t[1], other(t[1:], n)), special=True, **EXACT)
op("masked_fill", lambda d: (draw_where(d, 1)[::-1], {"value": d.one_of(NUMBERS)}),
   lambda t, n: torch.masked_fill(t[0], t[1], n["value"]), special=True, **EXACT)


def draw_in_place(d):
    shape = d.shape()
    return [d.operand(shape, "real", grad=True), d.operand(d.broadcast(shape), "nonzero")], {}


for each in ("add_", "sub_", "mul_", "div_", "copy_"):
    op(each, draw_in_place, lambda t, n, each=each: getattr(t[0].clone(), each)(t[1]), special=True, **EXACT)
