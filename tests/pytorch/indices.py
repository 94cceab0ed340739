"""Rows of operations.py: indexing with tensors."""

import math

import torch
import torch.nn.functional as F

from draw import DTYPES, RANKS
from operations import SUM, op


def draw_index_select(d):
    shape = d.shape(d.one_of(RANKS), 1)
    dim = d.dim(len(shape))
    index = d.indices([d.integer(0, 9)], shape[dim])
    return [d.operand(shape), d.operand(index.shape, index)], {"dim": dim}


def draw_gather(d):
    shape = d.shape(d.one_of(RANKS), 1)
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


def draw_take_along_dim(d):
    shape = d.shape(d.one_of(RANKS), 1)
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
    shape = d.shape(d.one_of(RANKS), 1)
    dim = d.dim(len(shape))
    index = d.indices([d.integer(0, 9)], shape[dim])
    source = list(shape)
    source[dim] = len(index)
    dtype = d.one_of([d.dtype, d.dtype, torch.int64])
    return ([d.operand(shape, dtype=dtype), d.operand(source, dtype=dtype), d.operand(index.shape, index)],
            {"dim": dim, "alpha": d.one_of([1, -2, 3] if dtype == torch.int64 else [1, -0.5, 3])})


def draw_scatter(distinct):
    def draw(d):
        shape = d.shape(d.one_of(RANKS), 1)
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
    shape = d.shape(d.one_of(RANKS))
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


op("index_select", draw_index_select, lambda t, n: torch.index_select(t[0], n["dim"], t[1]), **SUM)
op("gather", draw_gather, lambda t, n: torch.gather(t[0], n["dim"], t[1]), **SUM)
op("take_along_dim", draw_take_along_dim,
   lambda t, n: torch.take_along_dim(t[0].contiguous(), t[1], n.get("dim")), **SUM)
op("index_add", draw_index_add,
   lambda t, n: torch.index_add(t[0], n["dim"], t[2], t[1], alpha=n["alpha"]), **SUM)
op("scatter", draw_scatter(True), scatter, **SUM)
op("scatter_add", draw_scatter(False), lambda t, n: torch.scatter_add(t[0], n["dim"], t[2], t[1]), **SUM)
op("nonzero", lambda d: ([d.operand(d.shape(), "grid", d.one_of(DTYPES), grad=False)], {}),
   lambda t, n: torch.nonzero(t[0]), special=True)
op("masked_select", draw_masked_select, lambda t, n: torch.masked_select(t[0], t[1]), **SUM)
# Of another tensor the indices may name a place twice, or be out of range, which PyTorch does not notice if they select
# nothing.
op("index", draw_index, lambda t, n: t[0][indices_of(n["numbers"], t[1:])], spoilable=0, **SUM)
op("index_put", draw_index_put, index_put, spoilable=0, **SUM)
op("searchsorted", draw_searchsorted,
   lambda t, n: torch.searchsorted(t[0].contiguous(), t[1].contiguous(), right=bool(n["right"])))
op("embedding", draw_embedding, lambda t, n: F.embedding(t[0], t[1], n.get("padding")), **SUM)
op("one_hot", draw_one_hot, lambda t, n: F.one_hot(t[0], n["classes"]))
