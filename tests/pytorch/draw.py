"""The random parts of one case: operands, their views, and numbers."""

import dataclasses
import math

import numpy as np
import torch

DTYPES = [torch.float32, torch.float64, torch.int64, torch.bool]  # a case's `dtype` is a position in this list

# Sizes of one dimension: none, one, and both sides of the widths of vectors (4 ... 16) and of chunks of sums (128).
SMALL = [0, 1, 1, 2, 2, 3, 3, 4, 5, 7]
WIDE = [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 128, 129, 1023, 1025, 2500]
RANKS = [1, 1, 2, 3, 4]  # of an operand that needs a dimension
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

    def __init__(self, seed, special, avoid=()):
        self.rng = np.random.default_rng(seed)
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
            out = (rng.permutation(max(1, int(np.prod(size))))[: int(np.prod(size))].reshape(size) - 3.25) / 8
        else:
            out = rng.normal(size=size)
        if self.special and np.prod(size):
            if domain != "apart":
                # Halves, so that no result comes near the largest number, where the order of a product decides whether
                # it overflows: 1e30 to the power of 1.28.
                out = np.copysign(np.ceil(np.abs(out) * 2) / 2, out)
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
