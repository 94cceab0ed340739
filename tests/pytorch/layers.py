"""Rows of operations.py: products, normalisation, attention, convolution and pooling."""

import torch
import torch.nn.functional as F

from operations import EXACT, SUM, op


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


def draw_conv_transpose(d):
    groups, inputs, outputs = d.one_of([1, 1, 1, 2, 3]), d.integer(1, 4), d.integer(1, 4)
    kernel, both = [d.integer(1, 4), d.integer(1, 4)], lambda low, high: [d.integer(low, high) for _ in range(2)]
    named = {"stride": both(1, 3), "padding": both(0, 1), "dilation": both(1, 2), "groups": groups}
    named["output_padding"] = [d.integer(0, max(sizes) - 1) for sizes in zip(named["stride"], named["dilation"])]
    images = d.operand(([] if d.chance(0.2) else [d.integer(1, 4)]) + [groups * inputs] + both(3, 6))
    bias = [d.operand([groups * outputs])] if d.chance(0.7) else []
    return [images, d.operand([groups * inputs, outputs] + kernel)] + bias, named


op("conv_transpose2d", draw_conv_transpose, rel=4, abs=4,
   call=lambda t, n: F.conv_transpose2d(t[0], t[1], t[2] if len(t) > 2 else None, n["stride"], n["padding"],
                                        n["output_padding"], n["groups"], n["dilation"]))


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


def draw_adaptive_pool(d):
    size = [d.integer(1, 12), d.integer(1, 12)]
    batch = [] if d.chance(0.2) else [d.integer(1, 4)]
    output = [d.one_of([1, n, d.integer(1, 12)]) for n in size]
    return [d.operand(batch + [d.integer(1, 4)] + size)], {"output_size": output}


op("adaptive_avg_pool2d", draw_adaptive_pool, rel=4, abs=4,
   call=lambda t, n: F.adaptive_avg_pool2d(t[0], n["output_size"]))
