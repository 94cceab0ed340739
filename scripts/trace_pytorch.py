"""Records a backward pass of PyTorch, to be compared with tenon's in the tape explorer.

    from trace_pytorch import trace
    trace(loss, dict(net.named_parameters()), "pytorch.json")

runs loss.backward() and writes the graph with the values and gradients of the named tensors, which may also be results of
operations. "Compare with …" on a page of autograd::explore() reads the file and compares the loss and the tensors that
have the same names there, bit by bit.
"""
import json
import math

import torch


def fnv1a(data):
    """The 64-bit hash of bytes that the explorer uses."""
    value = 14695981039346656037
    for byte in data:
        value = (value ^ byte) * 1099511628211 & (1 << 64) - 1
    return f"{value:016x}"


def number(x):
    """JSON has no NaN and no infinity."""
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
    return x


def excerpt(tensor, limit=1024):
    """The first rows and columns of the tensor as a matrix of its last dimension, and a hash of all elements."""
    dense = tensor.detach().cpu().contiguous()
    if dense.is_floating_point():
        dense = dense.masked_fill(dense.isnan(), math.nan)  # all NaNs count as the same
    out = {"shape": list(dense.shape), "dtype": str(dense.dtype).removeprefix("torch."), "rows": 0, "columns": 0, "values": [],
           "hash": fnv1a(dense.reshape(-1).view(torch.uint8).tolist())}
    if dense.numel():
        columns = dense.shape[-1] if dense.dim() else 1
        rows = dense.numel() // columns
        out["columns"] = min(columns, max(limit // min(rows, 16), 1))
        out["rows"] = min(rows, max(limit // out["columns"], 1))
        part = dense.reshape(rows, columns)[:out["rows"], :out["columns"]]
        out["values"] = [number(x) for x in part.reshape(-1).tolist()]
    return out


def trace(loss, named, path):
    """Runs loss.backward() and writes what it did; `named` are tensors by name."""
    named = {name: tensor for name, tensor in named.items() if tensor.requires_grad}
    functions, numbers = [loss.grad_fn], {loss.grad_fn: 0}  # breadth first
    for function in functions:
        for to, _ in function.next_functions:
            if to is not None and to not in numbers:
                numbers[to] = len(functions)
                functions.append(to)
    names = {id(tensor) if tensor.grad_fn is None else tensor.grad_fn: name for name, tensor in named.items()}
    values = {name: excerpt(tensor) for name, tensor in named.items()}
    gradients = {}
    hooks = [tensor.register_hook(lambda gradient, name=name: gradients.update({name: excerpt(gradient)}))
             for name, tensor in named.items()]
    value = excerpt(loss)
    loss.backward()
    for hook in hooks:
        hook.remove()

    def node(function):
        leaf = getattr(function, "variable", None)  # of an AccumulateGrad
        name = names.get(function if leaf is None else id(leaf), "")
        return {"op": function.name(), "name": name, "leaf": leaf is not None,
                "edges": [{"to": numbers[to]} for to, _ in function.next_functions if to is not None],
                "value": values.get(name), "gradient": gradients.get(name)}

    nodes = [node(function) for function in functions]
    nodes[0].update(value=value, gradient=excerpt(torch.ones_like(loss)))
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"root": 0, "nodes": nodes}, file)
