"""Rows of operations.py: losses."""

import torch
import torch.nn.functional as F

from operations import SUM, op


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
