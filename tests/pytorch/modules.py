"""Modules and optimizers that tenon and PyTorch share, as more rows of operations.py; modules.cpp has tenon's."""

import torch

from operations import op


def load(module, tensors):
    """Operand 0 is the input; the others replace the floating-point tensors of the state dict, in order."""
    module = module.to(tensors[1].dtype)
    operands = iter(tensors[1:])
    module.load_state_dict({name: next(operands) if value.is_floating_point() else value
                            for name, value in module.state_dict().items()})
    return module


def state_operands(d, module):
    """Operands for the state dict. Variances are positive."""
    return [d.operand(value.shape, "positive" if "var" in name else "real", grad=False)
            for name, value in module.state_dict().items() if value.is_floating_point()]


def add_module(name, make, draw, apply=lambda module, x: module(x)):
    """`draw` gives the input, a function of Draw, and the named arguments, from which `make` makes the module."""

    def draw_case(d):
        operand, named = draw(d)
        return [operand, *state_operands(d, make(named))], named

    def call(tensors, named):
        tensors = [tensor.detach().contiguous() for tensor in tensors]
        module = load(make(named), tensors)
        out = apply(module, tensors[0])
        out.square().sum().backward()
        results = [out.detach(), *(parameter.grad for parameter in module.parameters()),
                   *(value.clone() for value in module.state_dict().values())]
        return results + [apply(module.eval(), tensors[0]).detach()]

    op(name, draw_case, call, rel=8, abs=8)


def add_optimizer(name, draw_named):
    def network():
        return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))

    def draw(d):
        return [d.operand([5, 3], grad=False), *state_operands(d, network())], draw_named(d)

    def call(tensors, named):
        net = load(network(), tensors)
        named = {name: bool(value) if name in ("nesterov", "maximize", "amsgrad", "centered") else value
                 for name, value in named.items()}
        if "beta1" in named:
            named["betas"] = named.pop("beta1"), named.pop("beta2")
        optimizer = getattr(torch.optim, name)(net.parameters(), **named)
        for _ in range(4):
            optimizer.zero_grad()
            (net(tensors[0]) - 1).square().sum().backward()
            optimizer.step()
        return [parameter.detach() for parameter in net.parameters()]

    op(name, draw, call, rel=16, abs=16)


def draw_linear(d):
    named = {"inputs": d.integer(1, 20), "outputs": d.integer(1, 20), "bias": d.integer(0, 1)}
    return d.operand([d.integer(1, 9) for _ in range(d.integer(0, 2))] + [named["inputs"]], grad=False), named


def draw_norm(d, bias):
    shape = [d.integer(5, 20)]
    return d.operand([d.integer(1, 9)] + shape, grad=False, repeats=False), {"shape": shape,
                                                                             **({"bias": d.integer(0, 1)} if bias else {})}


def draw_batch_norm(d):
    features = d.integer(1, 9)
    named = {"features": features} if d.chance(0.3) else {"features": features, "momentum": d.one_of([0.1, 0.5])}
    shape = [d.integer(5, 9), features] + ([d.integer(1, 5)] if d.chance(0.5) else [])
    return d.operand(shape, grad=False, repeats=False), named


def draw_embedding(d):
    rows = d.integer(1, 9)
    named = {"rows": rows, "columns": d.integer(1, 9), **({"padding": d.integer(0, rows - 1)} if d.chance(0.5) else {})}
    index = d.indices([d.integer(0, 5), d.integer(1, 5)], rows)
    return d.operand(index.shape, index), named


def draw_attention(d):
    heads = d.integer(1, 3)
    named = {"channels": heads * d.integer(1, 4), "heads": heads, "bias": d.integer(0, 1), "batch_first": d.integer(0, 1)}
    return d.operand([d.integer(1, 5) for _ in range(d.integer(1, 2))] + [named["channels"]], grad=False), named


def attend(module, x):
    length = x.shape[1 if x.dim() == 3 and module.batch_first else 0]
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    return module(x, x, x, attn_mask=later)[0]


def draw_conv(d):
    groups, kernel = d.integer(1, 2), [d.integer(1, 3), d.integer(1, 3)]
    named = {"inputs": groups * d.integer(1, 3), "outputs": groups * d.integer(1, 3), "kernel_size": kernel,
             "stride": [d.integer(1, 2), d.integer(1, 2)], "padding": [d.integer(0, 1), d.integer(0, 1)],
             "groups": groups, "bias": d.integer(0, 1)}
    return d.operand([d.integer(1, 3), named["inputs"], d.integer(3, 7), d.integer(3, 7)], grad=False), named


def draw_conv_transpose(d):
    images, named = draw_conv(d)
    return images, {**named, "output_padding": [d.integer(0, size - 1) for size in named["stride"]]}


def image_net(n):
    return torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3, padding=1), torch.nn.BatchNorm2d(3), torch.nn.Tanh(),
                               torch.nn.MaxPool2d(2, ceil_mode=True), torch.nn.AvgPool2d(2, stride=1),
                               torch.nn.Flatten(), torch.nn.Linear(12, 2))


add_module("Conv2d", lambda n: torch.nn.Conv2d(n["inputs"], n["outputs"], n["kernel_size"], n["stride"], n["padding"],
                                               groups=n["groups"], bias=bool(n["bias"])), draw_conv)
add_module("ConvTranspose2d", lambda n: torch.nn.ConvTranspose2d(
    n["inputs"], n["outputs"], n["kernel_size"], n["stride"], n["padding"], n["output_padding"], n["groups"],
    bool(n["bias"])), draw_conv_transpose)
add_module("Conv2d.net", image_net, lambda d: (d.operand([d.integer(2, 4), 2, 5, 5], grad=False), {}))
add_module("Linear", lambda n: torch.nn.Linear(n["inputs"], n["outputs"], bool(n["bias"])), draw_linear)
add_module("LayerNorm", lambda n: torch.nn.LayerNorm(n["shape"], bias=bool(n["bias"])), lambda d: draw_norm(d, True))
add_module("MultiheadAttention", lambda n: torch.nn.MultiheadAttention(
    n["channels"], n["heads"], bias=bool(n["bias"]), batch_first=bool(n["batch_first"])), draw_attention, attend)
add_module("RMSNorm", lambda n: torch.nn.RMSNorm(n["shape"]), lambda d: draw_norm(d, False))
add_module("BatchNorm1d", lambda n: torch.nn.BatchNorm1d(n["features"], momentum=n.get("momentum")), draw_batch_norm)
add_module("Embedding", lambda n: torch.nn.Embedding(n["rows"], n["columns"], n.get("padding")), draw_embedding)

add_optimizer("SGD", lambda d: {
    "lr": d.one_of([0.01, 0.03]), "momentum": 0.9, "nesterov": (nesterov := d.integer(0, 1)),
    "dampening": 0 if nesterov else d.one_of([0, 0.25]), "weight_decay": d.one_of([0, 0.1]), "maximize": d.integer(0, 1)})
for each in ("Adam", "AdamW"):
    add_optimizer(each, lambda d: {
        "lr": d.one_of([0.001, 0.03]), "beta1": d.one_of([0.9, 0.5]), "beta2": d.one_of([0.999, 0.9]),
        "weight_decay": d.one_of([0, 0.1]), "amsgrad": d.integer(0, 1), "maximize": d.integer(0, 1)})
add_optimizer("RMSprop", lambda d: {
    "lr": d.one_of([0.001, 0.01]), "alpha": d.one_of([0.99, 0.9]), "weight_decay": d.one_of([0, 0.1]),
    "momentum": d.one_of([0, 0.9]), "centered": d.integer(0, 1), "maximize": d.integer(0, 1)})
add_optimizer("Adagrad", lambda d: {
    "lr": d.one_of([0.01, 0.1]), "lr_decay": d.one_of([0, 0.1]), "weight_decay": d.one_of([0, 0.1]),
    "initial_accumulator_value": d.one_of([0, 0.5]), "maximize": d.integer(0, 1)})
