"""The operations that tenon and PyTorch share: how to draw a case of each, PyTorch's call, and the tolerance.

tests/pytorch/operations.cpp has the same names, with tenon's calls. `Draw` makes the random parts of one case;
`OPERATIONS` is the table; compare.py runs it.
"""

import dataclasses
import math
from typing import Callable

import numpy as np
import torch
import torch.nn.functional as F

DTYPES = [torch.float32, torch.float64, torch.int64, torch.bool]  # a case's `dtype` is a position in this list

# Sizes of one dimension: none, one, and both sides of the widths of vectors (4 ... 16) and of chunks of sums (128).
SMALL = [0, 1, 1, 2, 2, 3, 3, 4, 5, 7]
WIDE = [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 128, 129, 1023, 1025, 2500]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, float("inf"), float("-inf"), float("nan")]


@dataclasses.dataclass
class Operand:
    """A tensor of the file, and the view steps (name, numbers) that make the operand from it."""

    base: torch.Tensor
    steps: list
    requires_grad: bool

    def text(self):
        steps = ["/" + ",".join(map(str, (name, *at))) for name, at in self.steps]
        return ("+" if self.requires_grad else "-") + "".join(steps)

    def view(self, leaf):
        for name, at in self.steps:
            if name == "transpose":
                leaf = leaf.transpose(*at)
            elif name == "slice":
                dim, start, step = at
                leaf = leaf[(slice(None),) * dim + (slice(start, None, step),)]
            elif name == "select":
                leaf = leaf.select(*at)
            elif name == "expand":
                leaf = leaf.expand(at)
        return leaf


class Draw:
    """The random parts of one case."""

    def __init__(self, seed, index, special, avoid=()):
        self.rng = np.random.default_rng([seed, index])
        self.dtype = DTYPES[int(self.rng.integers(2))]
        self.special = special  # whether elements are zeros, infinities, NaN, huge and tiny numbers
        self.avoid = avoid

    def one_of(self, values):
        return values[int(self.rng.integers(len(values)))]

    def chance(self, probability):
        return self.rng.random() < probability

    def integer(self, low, high):
        """Between low and high, both included."""
        return int(self.rng.integers(low, high + 1))

    def shape(self, rank=None, least=0):
        """Up to four dimensions, of `least` elements or more; a vector may be long."""
        if rank is None:
            rank = self.one_of([0, 1, 1, 2, 2, 3, 4])
        if rank == 1 and self.chance(0.7):
            return [max(least, self.one_of(WIDE))]
        sizes = [max(least, self.one_of(SMALL)) for _ in range(rank)]
        if rank and self.chance(0.2):
            sizes[self.integer(0, rank - 1)] = max(least, self.one_of(WIDE[:17]))
        return sizes

    def broadcast(self, shape):
        """A shape that broadcasts to this one: some sizes 1, some leading dimensions left out."""
        if self.special:
            return list(shape)  # a gradient would be a sum, in which huge elements hide the others
        sizes = [1 if self.chance(0.25) else size for size in shape]
        return sizes[self.integer(0, len(sizes)):] if self.chance(0.3) else sizes

    def numbers(self, shape, domain):
        """float64 numbers; `apart` are distinct, `grid` are halves, so that there are ties and kinks."""
        rng, size = self.rng, tuple(shape)
        if domain == "positive":
            out = rng.uniform(0.5, 2, size)
        elif domain == "nonzero":
            out = rng.uniform(0.5, 2, size) * rng.choice([-1, 1], size)
        elif domain == "wide":
            out = rng.normal(size=size) * 10 ** rng.uniform(-4, 2, size)
        elif domain == "grid":
            out = rng.integers(-6, 7, size) / 2
        elif domain == "apart":
            out = (rng.permutation(max(1, int(np.prod(size))))[: int(np.prod(size))].reshape(size) - 3.3) / 8
        else:
            out = rng.normal(size=size)
        if self.special and np.prod(size):
            huge, tiny = (1e30, 1e-40) if self.dtype == torch.float32 else (1e300, 1e-310)
            kinds = {"nan": math.isnan, "-0": lambda x: x == 0 and math.copysign(1, x) < 0, "inf": math.isinf,
                     "tiny": lambda x: 0 < abs(x) <= tiny, "huge": lambda x: huge <= abs(x) < math.inf}
            values = [x for x in SPECIAL + [huge, -huge, tiny, -tiny, 1 / huge]
                      if not any(kinds[kind](x) for kind in self.avoid)]
            chosen = rng.choice(values, size)
            out = np.where(rng.random(size) < 0.6, chosen, out)
        return out

    def elements(self, shape, domain, dtype):
        if dtype == torch.int64:
            return torch.tensor(self.rng.integers(-9, 10, tuple(shape)), dtype=dtype)
        if dtype == torch.bool:
            return torch.tensor(self.rng.random(tuple(shape)) < 0.5)
        return torch.tensor(self.numbers(shape, domain), dtype=dtype)

    def operand(self, shape, domain="real", dtype=None, grad=None, views=True, repeats=True):
        """A tensor of this shape; half of them are views, of repeated elements only with `repeats`.

        `domain` may be a tensor: the elements themselves.
        """
        dtype = dtype or (domain.dtype if isinstance(domain, torch.Tensor) else self.dtype)
        repeats = repeats and not self.special  # as in broadcast()
        steps, base = [], list(shape)
        while views and not isinstance(domain, torch.Tensor) and len(steps) < 2 and self.chance(0.5):
            before, step = self.before_view(base)
            if step is not None and (repeats or step[0] != "expand"):
                base = before
                steps.insert(0, step)
        if isinstance(domain, torch.Tensor):
            elements = domain
        else:
            elements = self.elements(base, domain, dtype)
        if grad is None:
            grad = dtype.is_floating_point and self.chance(0.85)
        return Operand(elements, steps, grad)

    def before_view(self, shape):
        """A shape and the view step that makes the given shape from it."""
        rank, kind = len(shape), self.one_of(["transpose", "slice", "select", "expand"])
        base = list(shape)
        if kind == "transpose" and rank > 1:
            a, b = self.rng.choice(rank, 2, replace=False).tolist()
            base[a], base[b] = base[b], base[a]
            return base, (kind, (a, b))
        if kind == "slice" and rank:
            dim, start, step = self.integer(0, rank - 1), self.integer(0, 2), self.integer(1, 3)
            base[dim] = start + (0 if shape[dim] == 0 else (shape[dim] - 1) * step + self.integer(1, step))
            return base, (kind, (dim, start, step))
        if kind == "select":
            dim, size = self.integer(0, rank), self.integer(1, 3)
            base.insert(dim, size)
            return base, (kind, (dim, self.integer(0, size - 1)))
        if kind == "expand" and rank and 0 not in shape:
            base[self.integer(0, rank - 1)] = 1
            return base[self.integer(0, 1) if base[0] == 1 else 0:], (kind, tuple(shape))
        return base, None

    def indices(self, shape, below):
        return torch.tensor(self.rng.integers(0, max(1, below), tuple(shape)), dtype=torch.int64)

    def dim(self, rank):
        """A dimension, which may count from the end."""
        return self.integer(-max(rank, 1), max(rank, 1) - 1)

    def dims(self, rank):
        """Some dimensions, each once."""
        count = self.integer(min(1, rank), rank)
        return [int(d) - (rank if self.chance(0.3) else 0) for d in self.rng.permutation(rank)[:count]]


@dataclasses.dataclass
class Op:
    """A row of the table."""

    draw: Callable  # Draw -> (operands, named arguments)
    call: Callable  # (tensors, named arguments) -> tensor or list of tensors, by PyTorch
    # The tolerance of outputs is eps (rel |PyTorch's| + abs S): S is at least 1 and the largest element of the case,
    # times the root of the number of elements that may have been added. 0, 0: the bits are the same. Gradients have four times
    # as much of both, and at least 4, second gradients sixteen times; they are products of several factors.
    rel: float = 0
    abs: float = 0
    special: bool | str = False  # whether there are cases with infinities and the like ("outputs": no gradients),
    avoid: tuple = ()  # but without these, where there is a difference that differences.py explains
    spoilable: int | None = None  # only so many operands are made wrong on purpose
    signed_zeros: bool = False  # whether a zero of the output must have PyTorch's sign


OPERATIONS = {}


def op(name, draw, call, **options):
    OPERATIONS[name] = Op(draw, call, **options)


def unary(name, call=None, domain="real", draw_named=lambda d: {}, ints=False, **options):
    """An elementwise operation of one tensor."""

    def draw(d):
        dtype = d.one_of([torch.int64, torch.bool]) if ints and d.chance(0.3) else d.dtype
        return [d.operand(d.shape(), domain if isinstance(domain, str) else d.one_of(domain), dtype)], draw_named(d)

    op(name, draw, call or (lambda t, n: getattr(torch, name)(t[0])), **{"special": True, **options})


def binary(name, call=None, domain=("real", "real"), ints=(), equal_shapes=False, **options):
    """An elementwise operation of two tensors that broadcast."""

    def draw(d):
        shape = d.shape()
        dtype = d.one_of(ints) if ints and d.chance(0.3) else d.dtype
        first, second = (d.broadcast(shape), shape) if d.chance(0.5) else (shape, d.broadcast(shape))
        if equal_shapes:
            first = second = shape
        domains = domain if isinstance(domain, tuple) else (d.one_of(domain),) * 2
        return [d.operand(first, domains[0], dtype), d.operand(second, domains[1], dtype)], {}

    op(name, draw, call or (lambda t, n: getattr(torch, name)(t[0], t[1])), **{"special": True, **options})


def other(t, n):
    """The number: whole ones next to integers are integers, as in tenon, whose numbers have no dtype."""
    whole = not t[0].is_floating_point() and n["other"] == int(n["other"])
    return int(n["other"]) if whole else n["other"]


def number(name, values, call=None, first=None, domain="real", **options):
    """The same with a number as one of the two."""
    call = call or getattr(torch, name)
    named = lambda d: {"other": d.one_of(values)}
    unary(name + ".number", lambda t, n: call(t[0], other(t, n)), domain, named, **options)
    if first:
        unary(name + ".number_first", lambda t, n: first(other(t, n), t[0]), domain, named, **options)


EXACT = dict(signed_zeros=True)
# Both sides promise a few ulp. 4 eps of the size of the numbers, where a small result is a difference of larger ones.
FUNCTION = dict(rel=4, abs=1)
REAL = ["real", "wide", "grid"]

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

# ---- reductions
SUM = dict(rel=4, abs=4)  # the orders of the sums differ; the root of the count is a factor of S


def draw_reduction(d, domain="real", ints=True, least=0):
    shape = d.shape(least=least)
    dtype = d.one_of([torch.int64, torch.bool]) if ints == "any" and d.chance(0.2) else d.dtype
    named = {} if d.chance(0.3) else {"dims": d.dims(len(shape)), "keepdim": d.integer(0, 1)}
    return [d.operand(shape, domain, dtype)], named


def reduce_by(function):
    def call(t, n):
        return function(t[0], n["dims"], bool(n["keepdim"])) if "dims" in n else function(t[0])
    return call


op("sum", lambda d: draw_reduction(d, ints="any"), reduce_by(torch.sum), **SUM)
op("mean", lambda d: draw_reduction(d, least=1), reduce_by(torch.mean), **SUM)
op("amax", lambda d: draw_reduction(d, d.one_of(["real", "grid"]), least=1), reduce_by(torch.amax), special=True)


op("amin", lambda d: draw_reduction(d, d.one_of(["real", "grid"]), least=1), reduce_by(torch.amin), special=True)


def draw_argmax(d, whole=0.3, ints=True):
    shape = d.shape(least=1)
    named = {} if d.chance(whole) else {"dim": d.dim(len(shape)), "keepdim": d.integer(0, 1)}
    return [d.operand(shape, d.one_of(["real", "grid"]), d.one_of([d.dtype, torch.int64]))], named


for each in ("argmax", "argmin"):
    op(each, draw_argmax, special=True,
       call=lambda t, n, f=getattr(torch, each): f(t[0], n["dim"], bool(n["keepdim"])) if "dim" in n else f(t[0]))
for each in ("max", "min"):
    op(each, lambda d: draw_argmax(d, whole=1), special=True, call=lambda t, n, f=getattr(torch, each): f(t[0]))
    # PyTorch's position among equal elements is any of them.
    op(each + ".dim", lambda d: draw_max(d), special="outputs", avoid=("nan", "inf", "-0"),
       call=lambda t, n, f=getattr(torch, each): list(f(t[0], n["dim"], bool(n["keepdim"]))))


def draw_max(d):
    shape = d.shape(least=1)
    return [d.operand(shape, "apart", d.dtype, repeats=False)], {
        "dim": d.dim(len(shape)), "keepdim": d.integer(0, 1)}


def draw_truth(d):
    shape = d.shape()
    named = {} if d.chance(0.3) else {"dims": d.dims(len(shape)), "keepdim": d.integer(0, 1)}
    return [d.operand(shape, "grid", d.one_of(DTYPES))], named


def draw_few(d, domain):
    """Few elements, so that a product stays in range."""
    shape = [d.one_of([1, 2, 3, 5, 7]) for _ in range(d.integer(0, 3))]
    named = {} if d.chance(0.3) else {"dims": d.dims(len(shape)), "keepdim": d.integer(0, 1)}
    dtype = d.one_of([torch.int64, torch.bool]) if d.chance(0.2) else d.dtype
    return [d.operand(shape, domain, dtype)], named


def all_dims(t, n):
    """PyTorch's all, any and prod take no empty list for all."""
    return n["dims"] or list(range(t.dim()))


def truth_by(function):
    def call(t, n):
        return function(t[0], all_dims(t[0], n), bool(n["keepdim"])) if "dims" in n and t[0].dim() else function(t[0])
    return call


def product(t, n):
    dims = all_dims(t[0], n) if "dims" in n else []
    if not dims:
        return torch.prod(t[0])
    torch.sum(t[0], dims)  # refuses wrong dimensions
    out = t[0]
    for dim in sorted((d % max(1, out.dim()) for d in dims), reverse=True):
        out = torch.prod(out, dim, bool(n["keepdim"]))
    return out


def spread(function):
    def call(t, n):
        dims, keep = (n["dims"], bool(n["keepdim"])) if "dims" in n else (None, False)
        return function(t[0], dims, correction=n["correction"], keepdim=keep)
    return call


def draw_spread(d):
    shape = [size + 2 for size in d.shape()]
    # Equal elements differ from PyTorch's mean of them by a rounding error, which its std divides by.
    operands, named = [d.operand(shape, repeats=False)], {"correction": d.one_of([0, 1, 1, 1.5])}
    if shape and d.chance(0.7):
        named.update(dims=d.dims(len(shape)), keepdim=d.integer(0, 1))
    elif not shape:
        named["correction"] = 0
    return operands, named


def draw_norm(d):
    p = d.one_of([2, 2, 1, 3, 1.5, 0.5, -2, 0, math.inf, -math.inf])
    # Where the norm, or what is raised to a power, is 0, PyTorch's second gradients are NaN.
    domain = d.one_of(["real", "grid"]) if p in (0, 1, math.inf, -math.inf) else "nonzero"
    operands, named = draw_reduction(d, domain, ints=False, least=1)
    return operands, {"p": p, **named}


for each in ("all", "any"):
    op(each, draw_truth, truth_by(getattr(torch, each)), special=True, **EXACT)
op("prod", lambda d: draw_few(d, d.one_of(["nonzero", "grid"])), product, rel=16, abs=1)
op("var", draw_spread, spread(torch.var), rel=8, abs=8)
op("std", draw_spread, spread(torch.std), rel=8, abs=256)  # a second gradient divides by the third power
op("norm", draw_norm, rel=16, abs=8,
   call=lambda t, n: torch.linalg.vector_norm(t[0], n["p"], *((n["dims"], bool(n["keepdim"])) if "dims" in n else ())))


def draw_scan(d):
    shape = d.shape()
    dtype = d.one_of([torch.int64, torch.bool]) if d.chance(0.2) else d.dtype
    return [d.operand(shape, "real", dtype)], {"dim": d.dim(len(shape))}


def draw_sort(d):
    shape = d.shape()
    return [d.operand(shape, "grid", d.one_of(DTYPES))], {
        "dim": d.dim(len(shape)), "descending": d.integer(0, 1)}


def sort(t, n):
    return list(torch.sort(t[0], dim=n["dim"], descending=bool(n["descending"]), stable=True))


def draw_topk(d):
    """Distinct elements: PyTorch's order of equal ones is any."""
    operands, named = draw_max(d)
    shape = operands[0].view(operands[0].base).shape
    size = shape[named["dim"]] if len(shape) else 1
    return operands, {"k": d.integer(0, size), "dim": named["dim"], "largest": d.integer(0, 1)}


# The partial sums exceed the elements that the tolerance of a sum is made of.
op("cumsum", draw_scan, lambda t, n: torch.cumsum(t[0], n["dim"]), rel=64, abs=64)
op("sort", draw_sort, sort, special=True)
op("argsort", draw_sort, lambda t, n: sort(t, n)[1], special=True)
# As integers, equal elements would be chosen in another order.
op("topk", draw_topk, spoilable=0, call=lambda t, n: list(torch.topk(t[0], n["k"], n["dim"], bool(n["largest"]))))
op("median", lambda d: draw_argmax(d, whole=1), lambda t, n: torch.median(t[0]), special=True)
op("median.dim", draw_max, lambda t, n: list(torch.median(t[0], n["dim"], bool(n["keepdim"]))))


def draw_softmax(d, keep=False):
    shape = d.shape(least=1)
    return [d.operand(shape, d.one_of(["real", "grid"]))], {
        "dim": d.dim(len(shape)), **({"keepdim": d.integer(0, 1)} if keep else {})}


op("softmax", draw_softmax, lambda t, n: torch.softmax(t[0], n["dim"]), rel=16, abs=1)
op("log_softmax", draw_softmax, lambda t, n: torch.log_softmax(t[0], n["dim"]), rel=8, abs=4)
op("logsumexp", lambda d: draw_softmax(d, True), lambda t, n: torch.logsumexp(t[0], n["dim"], bool(n["keepdim"])),
   rel=8, abs=4)

# ---- products
def draw_matmul(d):
    m, k, n = (d.one_of([0, 1, 2, 3, 5, 8, 17, 33]) for _ in range(3))
    batch = d.shape(d.integer(0, 2))[:2]
    batch = [size % 6 for size in batch]
    left, right = d.broadcast(batch) + [m, k], d.broadcast(batch) + [k, n]
    if d.chance(0.2):
        left = [k]
    if d.chance(0.2):
        right = [k]
    return [d.operand(left), d.operand(right)], {}


def draw_matrices(*shapes):
    """Operands of these shapes, whose letters stand for sizes: "mk" is a matrix."""

    def draw(d):
        sizes = {}
        for letter in "bmkn":
            sizes[letter] = d.one_of([0, 1, 2, 3, 7, 16, 33, 65]) if letter != "b" else d.integer(0, 4)
        return [d.operand([sizes[letter] for letter in shape]) for shape in shapes], {}

    return draw


for each, draw in (("matmul", draw_matmul), ("mm", draw_matrices("mk", "kn")), ("mv", draw_matrices("mk", "k")),
                   ("bmm", draw_matrices("bmk", "bkn")), ("dot", draw_matrices("k", "k"))):
    op(each, draw, lambda t, n, each=each: getattr(torch, each)(t[0], t[1]), **SUM)
op("outer", draw_matrices("m", "n"), lambda t, n: torch.outer(t[0], t[1]), **EXACT)


def draw_linear(d):
    batch = [size % 9 for size in d.shape(d.integer(0, 2))]
    inputs, outputs = d.integer(1, 40), d.integer(1, 40)
    bias = [d.operand([outputs])] if d.chance(0.7) else []
    return [d.operand(batch + [inputs]), d.operand([outputs, inputs])] + bias, {}


op("linear", draw_linear, lambda t, n: F.linear(*t), **SUM)


# ---- shapes
def draw_shape(named, rank=None, least=0):
    """One operand of any dtype, whose shape `named` needs to choose the other arguments."""

    def draw(d):
        shape = d.shape(d.one_of(rank) if rank else None, least)
        dtype = d.one_of([torch.int64, torch.bool]) if d.chance(0.15) else d.dtype
        return [d.operand(shape, "real", dtype)], named(d, shape)

    return draw


def another_shape(d, shape):
    """The same number of elements in other dimensions; sometimes one is -1."""
    left, sizes = int(np.prod(shape)), []
    for divisor in (2, 3, 5, 7):
        while left and left % divisor == 0 and d.chance(0.5) and len(sizes) < 4:
            left //= divisor
            sizes.append(divisor)
    sizes.insert(d.integer(0, len(sizes)), left)
    if left and d.chance(0.3):
        sizes[d.integer(0, len(sizes) - 1)] = -1
    return {"shape": sizes}


def one_range(d, shape):
    dim = d.dim(len(shape))
    return {"dim": dim, "start": d.integer(-3, 3), "stop": d.integer(-3, 9), "step": d.integer(1, 3)}


def sliced(a, n):
    a.size(n["dim"])  # throws if there is no such dimension
    return a[(slice(None),) * (n["dim"] % a.dim()) + (slice(n["start"], n["stop"], n["step"]),)]


def narrowed(d, shape):
    dim = d.dim(len(shape))
    start = d.integer(0, shape[dim])
    return {"dim": dim, "start": start, "length": d.integer(0, shape[dim] - start)}


def flattened(d, shape):
    start = d.integer(0, max(0, len(shape) - 1))
    return {"start": start, "end": d.one_of([-1, d.integer(start, max(start, len(shape) - 1))])}


def two_dims(d, shape):
    return {"dim0": d.dim(len(shape)), "dim1": d.dim(len(shape))}


some = [1, 1, 2, 3, 4]
op("reshape", draw_shape(another_shape), lambda t, n: torch.reshape(t[0], n["shape"]))
op("view", draw_shape(another_shape), lambda t, n: t[0].view(n["shape"]))
op("flatten", draw_shape(flattened), lambda t, n: torch.flatten(t[0], n["start"], n["end"]))
op("narrow", draw_shape(narrowed, some), lambda t, n: torch.narrow(t[0], n["dim"], n["start"], n["length"]))
op("select", draw_shape(lambda d, s: {"dim": (dim := d.dim(len(s))), "index": d.integer(-s[dim], s[dim] - 1)}, some, 1),
   lambda t, n: torch.select(t[0], n["dim"], n["index"]))
op("slice", draw_shape(one_range, some), lambda t, n: sliced(t[0], n))
op("expand", draw_shape(lambda d, s: {"shape": [d.integer(0, 3)] * d.integer(0, 2) + [-1] * len(s)}),
   lambda t, n: t[0].expand(n["shape"]))
op("unsqueeze", draw_shape(lambda d, s: {"dim": d.dim(len(s) + 1)}), lambda t, n: torch.unsqueeze(t[0], n["dim"]))
op("squeeze", draw_shape(lambda d, s: {} if d.chance(0.5) else {"dim": d.dim(len(s))}),
   lambda t, n: torch.squeeze(t[0], n["dim"]) if "dim" in n else torch.squeeze(t[0]))
op("transpose", draw_shape(two_dims), lambda t, n: torch.transpose(t[0], n["dim0"], n["dim1"]))
op("t", draw_shape(lambda d, s: {}, [0, 1, 2]), lambda t, n: torch.t(t[0]))
op("permute", draw_shape(lambda d, s: {"dims": d.rng.permutation(len(s)).tolist()}),
   lambda t, n: torch.permute(t[0], n["dims"]))


def split_sizes(d, shape):
    dim = d.dim(len(shape))
    if d.chance(0.5):
        return {"dim": dim, "size": d.integer(1, 4)}
    first = d.integer(0, shape[dim])
    return {"dim": dim, "sizes": [first, shape[dim] - first]}


op("split", draw_shape(split_sizes, some),
   lambda t, n: list(torch.split(t[0], n.get("size", n.get("sizes")), n["dim"])))
op("chunk", draw_shape(lambda d, s: {"dim": d.dim(len(s)), "chunks": d.integer(1, 4)}, some),
   lambda t, n: list(torch.chunk(t[0], n["chunks"], n["dim"])))
op("unbind", draw_shape(lambda d, s: {"dim": d.dim(len(s))}, [2, 2, 3], 1),
   lambda t, n: list(torch.unbind(t[0], n["dim"])))


def draw_cat(d):
    shape = d.shape(d.one_of(some))
    dim, operands = d.dim(len(shape)), []
    for _ in range(d.integer(1, 4)):
        shape[dim] = d.one_of(SMALL)
        operands.append(d.operand([0] if d.chance(0.1) else list(shape)))
    return operands, {"dim": dim}


def draw_stack(d):
    shape = d.shape()
    return [d.operand(shape) for _ in range(d.integer(1, 4))], {"dim": d.dim(len(shape) + 1)}


op("cat", draw_cat, lambda t, n: torch.cat(t, n["dim"]))
op("stack", draw_stack, lambda t, n: torch.stack(t, n["dim"]))

# ---- copies with elements repeated, moved or replaced
op("repeat", draw_shape(lambda d, s: {"repeats": [d.integer(0, 3) for _ in range(len(s) + d.integer(0, 1))]}),
   lambda t, n: t[0].repeat(n["repeats"]), **SUM)
op("flip", draw_shape(lambda d, s: {"dims": d.dims(len(s))}), lambda t, n: torch.flip(t[0], n["dims"]))


def rolled(d, shape):
    if d.chance(0.3):
        return {"shifts": [d.integer(-5, 5)], "dims": []}
    dims = d.dims(len(shape))
    return {"shifts": [d.integer(-9, 9) for _ in dims], "dims": dims}


op("roll", draw_shape(rolled, some), lambda t, n: torch.roll(t[0], n["shifts"], n["dims"] or None))
for each in ("tril", "triu"):
    op(each, draw_shape(lambda d, s: {"diagonal": d.integer(-4, 4)}, [2, 2, 3]),
       lambda t, n, each=each: getattr(torch, each)(t[0], n["diagonal"]))
op("diag", draw_shape(lambda d, s: {"diagonal": d.one_of([0, 0, 1, -1])}, [1, 2], 2),
   lambda t, n: torch.diag(t[0], n["diagonal"]))


def draw_slice_scatter(d):
    shape = d.shape(d.one_of(some))
    named = one_range(d, shape)
    source = list(sliced(torch.empty(shape), named).shape)
    return [d.operand(shape), d.operand(source)], named


def draw_select_scatter(d):
    shape = d.shape(d.one_of(some), 1)
    dim = d.dim(len(shape))
    index = d.integer(-shape[dim], shape[dim] - 1)
    source = list(shape)
    del source[dim]
    return [d.operand(shape), d.operand(source)], {"dim": dim, "index": index}


op("slice_scatter", draw_slice_scatter,
   lambda t, n: torch.slice_scatter(t[0], t[1], n["dim"], n["start"], n["stop"], n["step"]))
op("select_scatter", draw_select_scatter, lambda t, n: torch.select_scatter(t[0], t[1], n["dim"], n["index"]))


# ---- indices
def draw_index_select(d):
    shape = d.shape(d.one_of(some), 1)
    dim = d.dim(len(shape))
    index = d.indices([d.integer(0, 9)], shape[dim])
    return [d.operand(shape), d.operand(index.shape, index)], {"dim": dim}


def draw_gather(d):
    shape = d.shape(d.one_of(some), 1)
    dim = d.dim(len(shape))
    sizes = [d.integer(0, size) for size in shape]
    sizes[dim] = d.integer(0, 9)
    index = d.indices(sizes, shape[dim])
    return [d.operand(shape), d.operand(sizes, index)], {"dim": dim}


def draw_embedding(d):
    rows, columns = d.integer(1, 9), d.integer(1, 20)
    index = d.indices(d.shape(d.integer(0, 3)), rows)
    named = {"padding": d.integer(-rows, rows - 1)} if d.chance(0.4) else {}
    return [d.operand(index.shape, index), d.operand([rows, columns], grad=True)], named


def draw_one_hot(d):
    index = d.indices(d.shape(d.integer(0, 3), 1), 5)
    return [d.operand(index.shape, index)], {"classes": d.one_of([-1, 5, 8])}


op("index_select", draw_index_select, lambda t, n: torch.index_select(t[0], n["dim"], t[1]), **SUM)
op("gather", draw_gather, lambda t, n: torch.gather(t[0], n["dim"], t[1]), **SUM)
def draw_take_along_dim(d):
    shape = d.shape(d.one_of(some), 1)
    if d.chance(0.3):
        index = d.indices(d.shape(d.integer(0, 2)), math.prod(shape))
        return [d.operand(shape), d.operand(index.shape, index)], {}
    dim = d.dim(len(shape))
    sizes = [1 if d.chance(0.3) else size for size in shape]
    sizes[dim] = d.integer(0, 9)
    own = [1 if i != dim % len(shape) and d.chance(0.3) else size for i, size in enumerate(shape)]
    index = d.indices(sizes, shape[dim])
    return [d.operand(own), d.operand(sizes, index)], {"dim": dim}


def draw_index_add(d):
    shape = d.shape(d.one_of(some), 1)
    dim = d.dim(len(shape))
    index = d.indices([d.integer(0, 9)], shape[dim])
    source = list(shape)
    source[dim] = len(index)
    dtype = d.one_of([d.dtype, d.dtype, torch.int64])
    return ([d.operand(shape, dtype=dtype), d.operand(source, dtype=dtype), d.operand(index.shape, index)],
            {"dim": dim, "alpha": d.one_of([1, -2, 3] if dtype == torch.int64 else [1, -0.5, 3])})


def draw_scatter(distinct):
    def draw(d):
        shape = d.shape(d.one_of(some), 1)
        dim, dtype = d.dim(len(shape)), d.one_of([d.dtype, d.dtype, torch.int64])
        sizes = [d.integer(0, size) for size in shape]
        if not distinct:
            sizes[dim] = d.integer(0, 9)
            index = d.indices(sizes, shape[dim])
        else:  # PyTorch leaves open which of two positions with the same index is written
            order = torch.tensor(d.rng.random(tuple(shape))).argsort(dim)
            index = order[tuple(slice(size) for size in sizes)].contiguous()
            if d.chance(0.3):
                return [d.operand(shape), d.operand(sizes, index)], {"dim": dim, "value": d.integer(-4, 4) / 2}
        # Of a larger source PyTorch has no gradient.
        larger = d.chance(0.3)
        source = d.operand([size + 2 * larger for size in sizes], dtype=dtype, grad=False if larger else None)
        return [d.operand(shape, dtype=dtype), source, d.operand(sizes, index)], {"dim": dim}

    return draw


def scatter(t, n):
    if "value" in n:
        return torch.scatter(t[0], n["dim"], t[1], n["value"])
    return torch.scatter(t[0], n["dim"], t[2], t[1])


def draw_masked_select(d):
    shape = d.shape(d.one_of(some))
    mask = torch.tensor(d.rng.random(tuple(d.broadcast(shape))) < 0.5)
    return [d.operand(d.broadcast(shape)), d.operand(mask.shape, mask)], {}


INTEGER, SLICE, NONE, ELLIPSIS, TENSOR = range(5)
OPEN = 1000  # a bound that a slice does not have


def draw_indices(d, shape):
    """Indices of a tensor of this shape, coded as numbers, and their tensors."""
    numbers, tensors, dim, may_end = [], [], 0, True
    lengths, ellipsis = d.shape(d.integer(1, 2), 1), d.integer(0, len(shape)) if d.chance(0.4) else None
    while dim < len(shape):
        if len(shape) < 4 and d.chance(0.15):
            numbers += [NONE]
        if ellipsis == dim:
            numbers += [ELLIPSIS]
            dim, ellipsis = d.integer(dim, len(shape)), None
            may_end = False  # the ellipsis would stand for the rest, too
            continue
        kind, size = d.integer(0, 9), shape[dim]
        if kind < 2 and size:
            numbers += [INTEGER, d.integer(-size, size - 1)]
        elif kind < 4:
            bound = lambda: OPEN if d.chance(0.3) else d.integer(-size - 1, size + 1)
            numbers += [SLICE, bound(), bound(), d.integer(1, 3)]
        elif kind < 6 and lengths is not None:  # a mask, beside which no other tensor needs to broadcast
            if not tensors:
                rank = d.integer(1, min(2, len(shape) - dim))
                if ellipsis is not None:
                    rank = 1
                tensors.append(torch.tensor(d.rng.random(tuple(shape[dim:dim + rank])) < 0.5))
                numbers += [TENSOR]
                dim, lengths = dim + rank - 1, None
            else:
                numbers += [SLICE, OPEN, OPEN, 1]
        elif kind < 9 and lengths is not None and size:
            index = d.indices([1 if d.chance(0.2) else n for n in lengths][d.integer(0, len(lengths) - 1):], size)
            tensors.append(torch.where(torch.tensor(d.rng.random(tuple(index.shape)) < 0.3), index - size, index))
            numbers += [TENSOR]
        elif may_end and d.chance(0.5):
            break
        else:
            numbers += [SLICE, OPEN, OPEN, 1]
        dim += 1
    return numbers, tensors


def indices_of(numbers, tensors):
    """What draw_indices() coded."""
    numbers, tensors, out = list(map(int, numbers)), list(tensors), []
    while numbers:
        kind = numbers.pop(0)
        if kind == INTEGER:
            out.append(numbers.pop(0))
        elif kind == SLICE:
            start, stop, step = (None if numbers[i] == OPEN else numbers[i] for i in range(3))
            del numbers[:3]
            out.append(slice(start, stop, step))
        else:
            out.append(tensors.pop(0) if kind == TENSOR else None if kind == NONE else Ellipsis)
    return tuple(out)


def draw_index(d):
    shape = d.shape(d.integer(1, 4))
    numbers, tensors = draw_indices(d, shape)
    return [d.operand(shape)] + [d.operand(t.shape, t) for t in tensors], {"numbers": numbers}


def draw_index_put(d):
    shape = d.shape(d.integer(1, 4))
    numbers, tensors = draw_indices(d, shape)
    places = torch.arange(math.prod(shape)).reshape(shape)[indices_of(numbers, tensors)]
    accumulate = places.numel() != len(places.unique()) or d.chance(0.3)  # PyTorch leaves open which value is written
    values = d.broadcast(places.shape)
    return ([d.operand(shape), d.operand(values)] + [d.operand(t.shape, t) for t in tensors],
            {"numbers": numbers, "accumulate": int(accumulate)})


def index_put(t, n):
    at = torch.arange(t[0].numel()).reshape(t[0].shape)[indices_of(n["numbers"], t[2:])]
    return torch.index_put(t[0].reshape(-1), (at,), t[1], accumulate=bool(n["accumulate"])).reshape(t[0].shape)


def draw_searchsorted(d):
    lines = d.shape(d.integer(1, 3))
    values = lines[:-1] + [d.integer(0, 20)] if len(lines) > 1 else d.shape()
    dtype = d.one_of([d.dtype, torch.int64])
    line = d.elements(lines, "grid", dtype).sort().values
    return [d.operand(lines, line), d.operand(values, "grid", dtype)], {"right": d.integer(0, 1)}


op("take_along_dim", draw_take_along_dim,
   lambda t, n: torch.take_along_dim(t[0].contiguous(), t[1], n.get("dim")), **SUM)
op("index_add", draw_index_add,
   lambda t, n: torch.index_add(t[0], n["dim"], t[2], t[1], alpha=n["alpha"]), **SUM)
op("scatter", draw_scatter(True), scatter, **SUM)
op("scatter_add", draw_scatter(False), lambda t, n: torch.scatter_add(t[0], n["dim"], t[2], t[1]), **SUM)
op("nonzero", lambda d: ([d.operand(d.shape(), "grid", d.one_of(DTYPES), grad=False)], {}),
   lambda t, n: torch.nonzero(t[0]), special=True)
op("masked_select", draw_masked_select, lambda t, n: torch.masked_select(t[0], t[1]), **SUM)
# Another index may be right by chance, and name a place twice.
op("index", draw_index, lambda t, n: t[0][indices_of(n["numbers"], t[1:])], spoilable=1, **SUM)
op("index_put", draw_index_put, index_put, spoilable=2, **SUM)
op("searchsorted", draw_searchsorted,
   lambda t, n: torch.searchsorted(t[0].contiguous(), t[1].contiguous(), right=bool(n["right"])))
op("embedding", draw_embedding, lambda t, n: F.embedding(t[0], t[1], n.get("padding")), **SUM)
op("one_hot", draw_one_hot, lambda t, n: F.one_hot(t[0], n["classes"]))


# ---- losses
def reduction(d):
    return d.one_of([{}, {"sum": 1}, {"none": 1}])


def reduction_name(n):
    return "sum" if "sum" in n else "none" if "none" in n else "mean"


def draw_loss(d):
    shape = d.shape(least=1)
    domain = d.one_of(["real", "grid"])
    return [d.operand(shape, domain), d.operand(shape, domain)], reduction(d)


for each in ("mse_loss", "l1_loss"):
    op(each, draw_loss, lambda t, n, each=each: getattr(F, each)(t[0], t[1], reduction=reduction_name(n)), **SUM)


def draw_loss_with(d, name, values):
    operands, named = draw_loss(d)
    return operands, {**named, name: d.one_of(values)}


# At NaN, also that of inf - inf, PyTorch's second derivatives are 0, and with beta = 0 the first ones.
op("huber_loss", lambda d: draw_loss_with(d, "delta", [0.5, 1, 2.5]), special=True, avoid=("nan", "inf"), **SUM,
   call=lambda t, n: F.huber_loss(t[0], t[1], reduction=reduction_name(n), delta=n["delta"]))
op("smooth_l1_loss", lambda d: draw_loss_with(d, "beta", [0, 0.5, 1, 2.5]), special=True, avoid=("nan", "inf"), **SUM,
   call=lambda t, n: F.smooth_l1_loss(t[0], t[1], reduction=reduction_name(n), beta=n["beta"]))


def draw_kl_div(d):
    shape = d.shape(least=1)
    log_target = d.integer(0, 1)
    named = d.one_of([reduction(d), {"batchmean": 1}])
    target = d.operand(shape, "real" if log_target else "positive")
    return [d.operand(shape), target], {**named, "log_target": log_target}


def kl_div(t, n):
    name = "batchmean" if "batchmean" in n else reduction_name(n)
    return F.kl_div(t[0], t[1], reduction=name, log_target=bool(n["log_target"]))


op("kl_div", draw_kl_div, kl_div, special="outputs", **SUM)


def draw_probabilities(d, inputs):
    """PyTorch has no gradients for the weights."""
    if inputs == "probabilities":
        d.dtype = torch.float32  # in PyTorch's second derivatives 1e-12 is added to the input
    shape = d.shape(least=1)
    targets = torch.tensor(d.rng.choice([0, 1, 0.25], tuple(shape)), dtype=d.dtype)
    if inputs == "logits":
        operands, weights = [d.operand(shape)], 2
    else:
        probabilities = torch.tensor(d.rng.uniform(0.1, 0.9, tuple(shape)), dtype=d.dtype)
        operands, weights = [d.operand(shape, probabilities, grad=True)], 1
    factors = [d.chance(0.4) for _ in range(weights)]
    operands += [d.operand(shape, targets, grad=d.chance(0.5))]
    operands += [d.operand(d.broadcast(shape), "positive", grad=False) for chosen in factors if chosen]
    return operands, {**reduction(d), "weighted": int(factors[0])}


def bce_with_logits(t, n):
    weights = t[2:]
    weight = weights.pop(0) if n["weighted"] else None
    return F.binary_cross_entropy_with_logits(t[0], t[1], weight, reduction=reduction_name(n),
                                              pos_weight=weights[0] if weights else None)


op("binary_cross_entropy", lambda d: draw_probabilities(d, "probabilities"), **SUM,
   call=lambda t, n: F.binary_cross_entropy(t[0], t[1], t[2] if len(t) > 2 else None, reduction=reduction_name(n)))
op("binary_cross_entropy_with_logits", lambda d: draw_probabilities(d, "logits"), bce_with_logits, **SUM)


def draw_classes(d, probabilities):
    count = d.integer(1, 12)
    samples = d.one_of([[], [d.integer(1, 20)], [d.integer(1, 5), d.integer(1, 4)]])
    shape = samples[:1] + [count] + samples[1:]
    named = {**reduction(d), "ignore_index": d.one_of([-100, 0, -1])}
    scores = d.operand(shape, grad=True)
    if probabilities and d.chance(0.4):
        target = d.operand(shape, "positive")
        named["ignore_index"] = -100
    else:
        classes = d.indices(samples, count)
        if d.chance(0.3) and named["ignore_index"] < 0 and classes.numel() > 1:
            classes.view(-1)[0] = named["ignore_index"]
        target = d.operand(samples, classes)
    if probabilities:
        named["smoothing"] = d.one_of([0, 0, 0.1, 0.75])
    weight = [d.operand([count], "positive", grad=False)] if d.chance(0.4) else []
    return [scores, target] + weight, named


def class_loss(function):
    def call(t, n):
        smoothing = {"label_smoothing": n["smoothing"]} if "smoothing" in n else {}
        return function(t[0], t[1], t[2] if len(t) > 2 else None, ignore_index=n["ignore_index"],
                        reduction=reduction_name(n), **smoothing)
    return call


op("nll_loss", lambda d: draw_classes(d, False), class_loss(F.nll_loss), **SUM)
op("cross_entropy", lambda d: draw_classes(d, True), class_loss(F.cross_entropy), rel=16, abs=8)

# ---- normalisation: a small variance magnifies the rounding of the mean
NORM = dict(rel=8, abs=8)


def draw_norm(d, bias):
    inner = [d.integer(5, 20)] if d.chance(0.7) else [d.integer(3, 4), d.integer(2, 5)]
    shape = [d.integer(1, 5) for _ in range(d.integer(0, 2))] + inner
    affine = d.integer(0, 2 if bias else 1)
    named = {"shape": inner}
    if bias or d.chance(0.5):
        named["eps"] = d.one_of([1e-5, 1e-2])
    return [d.operand(shape, repeats=False)] + [d.operand(inner) for _ in range(affine)], named


op("layer_norm", lambda d: draw_norm(d, True), **NORM,
   call=lambda t, n: F.layer_norm(t[0], n["shape"], *(t[1:] + [None, None])[:2], n["eps"]))
op("rms_norm", lambda d: draw_norm(d, False), **NORM,
   call=lambda t, n: F.rms_norm(t[0], n["shape"], t[1] if len(t) > 1 else None, n.get("eps")))


def draw_batch_norm(d):
    channels = d.integer(1, 9)
    shape = [d.integer(5, 9), channels] + [d.integer(1, 5) for _ in range(d.integer(0, 2))]
    running = [d.operand([channels], grad=False, views=False), d.operand([channels], "positive", grad=False, views=False)]
    affine = [d.operand([channels]) for _ in range(d.one_of([0, 1, 2, 2]))]
    return [d.operand(shape, repeats=False)] + running + affine, {
        "training": d.integer(0, 1), "momentum": d.one_of([0.1, 0.5, 1]), "eps": d.one_of([1e-5, 1e-2])}


def batch_norm(t, n):
    mean, variance = t[1].clone(), t[2].clone()
    # PyTorch 2.15 has wrong gradients if the input or the weight is not contiguous.
    a, weight, bias = ([each.contiguous() for each in t[:1] + t[3:]] + [None, None])[:3]
    out = F.batch_norm(a, mean, variance, weight, bias, bool(n["training"]), n["momentum"], n["eps"])
    return [out, mean, variance]


op("batch_norm", draw_batch_norm, batch_norm, **NORM)

# ---- attention


def draw_attention(d):
    queries, keys, elements = d.integer(1, 9), d.integer(1, 9), d.integer(1, 9)
    batch = [d.integer(1, 4) for _ in range(d.integer(0, 2))]
    named = {"causal": 0, **({"scale": d.one_of([0.25, 1])} if d.chance(0.3) else {})}
    operands = [d.operand(batch + [queries, elements]), d.operand(batch + [keys, elements]),
                d.operand(batch + [keys, d.integer(1, 9)])]
    kind = d.one_of(["none", "causal", "boolean", "added"])
    named["causal"] = int(kind == "causal")
    shape = d.one_of([[queries, keys], batch + [queries, keys], [1, keys]])
    if kind == "boolean":
        operands.append(d.operand(shape, dtype=torch.bool))
    if kind == "added":
        operands.append(d.operand(shape))
    return operands, named


# Where a query repeats its elements, PyTorch 2.15 reads memory beyond it.
op("scaled_dot_product_attention", draw_attention, rel=16, abs=16,
   call=lambda t, n: F.scaled_dot_product_attention(t[0].contiguous(), t[1], t[2], t[3] if len(t) > 3 else None,
                                                    is_causal=bool(n["causal"]), scale=n.get("scale")))

# ---- convolution and pooling


def draw_windows(d, channels=None, least=1, domain="real"):
    """Images, and a kernel's size, stride and dilation, and a padding with which it fits."""
    kernel = [d.integer(1, 4), d.integer(1, 4)]
    named = {"kernel_size": kernel, "stride": [d.integer(1, 3), d.integer(1, 3)],
             "padding": [d.integer(0, k // 2) for k in kernel], "dilation": [d.integer(1, 2), d.integer(1, 2)]}
    extent = [max(least, dilation * (k - 1) + 1) for k, dilation in zip(kernel, named["dilation"])]
    size = [e + d.integer(0, 8) - (p if d.chance(0.3) else 0) for e, p in zip(extent, named["padding"])]
    size = [max(n, dilation) for n, dilation in zip(size, named["dilation"])]
    batch = [] if d.chance(0.2) else [d.integer(1, 4)]
    shape = batch + [channels or d.integer(1, 4)] + size
    return d.operand(shape, domain, repeats=domain != "apart"), named


def draw_conv(d):
    groups, inputs = d.one_of([1, 1, 1, 2, 3]), d.integer(1, 4)
    images, named = draw_windows(d, groups * inputs)
    kernel, outputs = named.pop("kernel_size"), groups * d.integer(1, 4)
    if d.chance(0.2):
        kernel, named = [1, 1], {**named, "stride": [1, 1], "padding": [0, 0]}
    bias = [d.operand([outputs])] if d.chance(0.7) else []
    return [images, d.operand([outputs, inputs] + kernel)] + bias, {**named, "groups": groups}


op("conv2d", draw_conv, rel=4, abs=4,
   call=lambda t, n: F.conv2d(t[0], t[1], t[2] if len(t) > 2 else None, n["stride"], n["padding"], n["dilation"],
                              n["groups"]))


def draw_unfold(d):
    images, named = draw_windows(d)
    return [images], named


def draw_fold(d):
    (images,), named = draw_unfold(d)
    size = list(images.view(images.base).shape)
    columns = F.unfold(torch.zeros(size), named["kernel_size"], named["dilation"], named["padding"], named["stride"])
    return [d.operand(list(columns.shape))], {**named, "output_size": size[-2:]}


op("unfold", draw_unfold, special="outputs",
   call=lambda t, n: F.unfold(t[0], n["kernel_size"], n["dilation"], n["padding"], n["stride"]))
op("fold", draw_fold, rel=4, abs=4,
   call=lambda t, n: F.fold(t[0], n["output_size"], n["kernel_size"], n["dilation"], n["padding"], n["stride"]))


def draw_max_pool(d):
    images, named = draw_windows(d, domain=d.one_of(["apart", "grid"]))
    return [images], {**named, "ceil_mode": d.integer(0, 1)}


op("max_pool2d", draw_max_pool, special="outputs",
   call=lambda t, n: F.max_pool2d(t[0], n["kernel_size"], n["stride"], n["padding"], n["dilation"],
                                  bool(n["ceil_mode"])))


def draw_avg_pool(d):
    images, named = draw_windows(d)
    if d.chance(0.3):
        named = {**named, "stride": named["kernel_size"], "padding": [0, 0]}
    del named["dilation"]
    return [images], {**named, "ceil_mode": d.integer(0, 1), "count_include_pad": d.integer(0, 1)}


op("avg_pool2d", draw_avg_pool, rel=4, abs=4,
   call=lambda t, n: F.avg_pool2d(t[0], n["kernel_size"], n["stride"], n["padding"], bool(n["ceil_mode"]),
                                  bool(n["count_include_pad"])))
