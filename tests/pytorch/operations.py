"""The table of the operations that tenon and PyTorch share: how to draw a case of each, PyTorch's call, the tolerance.

The files of the families add the rows: elementwise.py, reductions.py, shapes.py, indices.py, losses.py, layers.py and
modules.py. operations.cpp and modules.cpp have the same names, with tenon's calls; compare.py runs them.
"""

import dataclasses
from typing import Callable

import torch


@dataclasses.dataclass
class Op:
    """A row of the table."""

    draw: Callable  # Draw -> (operands, named arguments)
    call: Callable  # (tensors, named arguments) -> tensor or list of tensors, by PyTorch
    # The tolerance of outputs is eps (rel |PyTorch's| + abs S): S is at least 1 and the largest element of the case,
    # times the root of the number of elements that may have been added. 0, 0: the bits are the same. Gradients have
    # four times as much of both, and at least 4, second gradients sixteen times; they are products of several factors.
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
SUM = dict(rel=4, abs=4)  # the orders of the sums differ; the root of the count is a factor of S
REAL = ["real", "wide", "grid"]
