"""Writes tests/data/optimizer_traces.json, which tests/optim/traces_test.cpp reads: optimizer_traces.py

200 steps of PyTorch's optimizers on three numbers, in float64; of each, the parameter after some of the steps.
"""

import json
import os

import torch

STEPS = [1, 2, 3, 10, 50, 100, 200]
CASES = [
    ("Adam", {"lr": 0.1, "amsgrad": True}),
    ("Adam", {"lr": 0.03, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.3, "amsgrad": True, "maximize": True}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.05, "amsgrad": True}),
    ("RMSprop", {"lr": 0.01}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.3, "maximize": True}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.9, "centered": True}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.8, "eps": 1e-2, "momentum": 0.5, "centered": True}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.3, "lr_decay": 0.1, "weight_decay": 0.2, "initial_accumulator_value": 0.5, "eps": 1e-3}),
    ("Adagrad", {"lr": 0.05, "maximize": True}),
]


def trace(kind, options):
    parameter = torch.tensor([1, -2, 0.5], dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, kind)([parameter], foreach=False, **options)
    found = []
    for step in range(1, max(STEPS) + 1):
        parameter.grad = torch.tensor([0.3, -0.1, 0.2], dtype=torch.float64) * (step % 7 - 2.5)
        optimizer.step()
        if step in STEPS:
            found.append(parameter.tolist())
    return found


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data/optimizer_traces.json")
    rows = [json.dumps({"kind": kind, "options": options, "steps": STEPS, "parameter": trace(kind, options)})
            for kind, options in CASES]
    with open(path, "w", encoding="utf-8") as file:
        file.write("[" + ",\n".join(rows) + "]\n")


if __name__ == "__main__":
    main()
