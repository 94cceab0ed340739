"""Rows of operations.py: reductions, running sums, sorting, softmax."""

import math

import torch

from draw import DTYPES
from operations import EXACT, SUM, op


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
op("std", draw_spread, spread(torch.std), rel=8, abs=8)
for each in ("var_mean", "std_mean"):
    op(each, draw_spread, lambda t, n, each=each: list(spread(getattr(torch, each))(t, n)), rel=8, abs=8)
op("norm", draw_norm, rel=16, abs=8,
   call=lambda t, n: torch.linalg.vector_norm(t[0], n["p"], *((n["dims"], bool(n["keepdim"])) if "dims" in n else ())))


def draw_scan(d):
    shape = d.shape()
    dtype = d.one_of([torch.int64, torch.bool]) if d.chance(0.2) else d.dtype
    # The rounding errors of equal elements would all have the same sign.
    return [d.operand(shape, "real", dtype, repeats=False)], {"dim": d.dim(len(shape))}


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


op("cumsum", draw_scan, lambda t, n: torch.cumsum(t[0], n["dim"]), **SUM)
op("sort", draw_sort, sort, special=True)
op("argsort", draw_sort, lambda t, n: sort(t, n)[1], special=True)
# As integers, equal elements would be chosen in another order.
op("topk", draw_topk, spoilable=0, call=lambda t, n: list(torch.topk(t[0], n["k"], n["dim"], bool(n["largest"]))))
# PyTorch numbers several NaN in any order.
op("unique", lambda d: ([d.operand(d.shape(), "grid", d.one_of(DTYPES), grad=False)], {}), special=True, avoid=("nan",),
   call=lambda t, n: list(torch.unique(t[0], return_inverse=True, return_counts=True)))
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
