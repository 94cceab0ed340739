"""Rows of operations.py: views, and copies with elements repeated, moved or replaced."""

import numpy as np
import torch

from draw import RANKS, SMALL
from operations import SUM, op


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


op("reshape", draw_shape(another_shape), lambda t, n: torch.reshape(t[0], n["shape"]))
op("view", draw_shape(another_shape), lambda t, n: t[0].view(n["shape"]))
op("flatten", draw_shape(flattened), lambda t, n: torch.flatten(t[0], n["start"], n["end"]))
op("narrow", draw_shape(narrowed, RANKS), lambda t, n: torch.narrow(t[0], n["dim"], n["start"], n["length"]))
op("select", draw_shape(lambda d, s: {"dim": (dim := d.dim(len(s))), "index": d.integer(-s[dim], s[dim] - 1)}, RANKS, 1),
   lambda t, n: torch.select(t[0], n["dim"], n["index"]))
op("slice", draw_shape(one_range, RANKS), lambda t, n: sliced(t[0], n))
op("expand", draw_shape(lambda d, s: {"shape": [d.integer(0, 3)] * d.integer(0, 2) + [-1] * len(s)}),
   lambda t, n: t[0].expand(n["shape"]))


def draw_like(reshaped):
    """Two operands; the second has the shape that `reshaped` makes of the first one's."""

    def draw(d):
        (first,), named = draw_shape(lambda d, s: {"shape": s})(d)
        shape = reshaped(d, named["shape"])
        return [first, d.operand(shape, grad=False)], {}

    return draw


op("expand_as", draw_like(lambda d, s: [d.integer(0, 3)] * d.integer(0, 2) + s), lambda t, n: t[0].expand_as(t[1]))
op("view_as", draw_like(lambda d, s: [size for size in s if size != 1] + [1] * d.integer(0, 1)),
   lambda t, n: t[0].view_as(t[1]))
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


op("split", draw_shape(split_sizes, RANKS),
   lambda t, n: list(torch.split(t[0], n.get("size", n.get("sizes")), n["dim"])))
op("chunk", draw_shape(lambda d, s: {"dim": d.dim(len(s)), "chunks": d.integer(1, 4)}, RANKS),
   lambda t, n: list(torch.chunk(t[0], n["chunks"], n["dim"])))
op("unbind", draw_shape(lambda d, s: {"dim": d.dim(len(s))}, [2, 2, 3], 1),
   lambda t, n: list(torch.unbind(t[0], n["dim"])))


def draw_cat(d):
    shape = d.shape(d.one_of(RANKS))
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


op("roll", draw_shape(rolled, RANKS), lambda t, n: torch.roll(t[0], n["shifts"], n["dims"] or None))
for each in ("tril", "triu"):
    op(each, draw_shape(lambda d, s: {"diagonal": d.integer(-4, 4)}, [2, 2, 3]),
       lambda t, n, each=each: getattr(torch, each)(t[0], n["diagonal"]))
op("diag", draw_shape(lambda d, s: {"diagonal": d.one_of([0, 0, 1, -1])}, [1, 2], 2),
   lambda t, n: torch.diag(t[0], n["diagonal"]))


def draw_slice_scatter(d):
    shape = d.shape(d.one_of(RANKS))
    named = one_range(d, shape)
    source = list(sliced(torch.empty(shape), named).shape)
    return [d.operand(shape), d.operand(source)], named


def draw_select_scatter(d):
    shape = d.shape(d.one_of(RANKS), 1)
    dim = d.dim(len(shape))
    index = d.integer(-shape[dim], shape[dim] - 1)
    source = list(shape)
    del source[dim]
    return [d.operand(shape), d.operand(source)], {"dim": dim, "index": index}


op("slice_scatter", draw_slice_scatter,
   lambda t, n: torch.slice_scatter(t[0], t[1], n["dim"], n["start"], n["stop"], n["step"]))
op("select_scatter", draw_select_scatter, lambda t, n: torch.select_scatter(t[0], t[1], n["dim"], n["index"]))
