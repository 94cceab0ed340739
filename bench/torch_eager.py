#!/usr/bin/env python3
"""Times PyTorch, eager on CUDA, in cases of tenon_bench: torch_eager.py [--json FILE]

The names of the rows are the same. As there, a row has two times: that of the device, for queued calls, and that of
one synchronised call including its host side, which comes first for steps. Exit status 77 without PyTorch or a CUDA device.
"""

import argparse
import json
import math
import os
import statistics
import sys
import time

os.environ.pop("NVIDIA_TF32_OVERRIDE", None)  # before cuBLAS reads it
try:
    import torch
except ImportError:
    print("torch_eager: there is no PyTorch")
    sys.exit(77)

ROUNDS = 21
MOST_COPIES = 64


def spread(values):
    values = sorted(values)
    return {"median_seconds": statistics.median(values), "p10_seconds": values[(len(values) - 1) * 10 // 100],
            "p90_seconds": values[(len(values) - 1) * 90 // 100]}


class Stopwatch:
    def __init__(self):
        self.source = torch.randn(1 << 28, device="cuda")  # 1 GiB
        self.target = torch.empty_like(self.source)
        self.copy_seconds = 1e-3  # an initial guess; the calls queued behind it are copies too
        self.copy_seconds = self.time([self.copy])[0]["median_seconds"]

    def copy(self):
        self.target.copy_(self.source)

    def time(self, calls):
        """Seconds per call, cycling through `calls`: on the device, and including the host. The third value says
        whether the first includes pauses of the host."""
        turn = 0

        def run(count):
            nonlocal turn
            for _ in range(count):
                calls[turn % len(calls)]()
                turn += 1

        run(max(3, len(calls)))
        torch.cuda.synchronize()
        tries, start = 10, time.perf_counter()
        run(tries)
        host = (time.perf_counter() - start) / tries
        torch.cuda.synchronize()
        each = (time.perf_counter() - start) / tries
        count = int(min(max(1e-3 / each, 1), 100))
        copies = min(1 + math.ceil(1.5 * host * count / self.copy_seconds), MOST_COPIES)
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))

        def in_line(lined_up, copies):  # see bench/cuda/clock.h
            for _ in range(copies):
                self.copy()
            begin.record()
            run(lined_up)
            end.record()
            busy = not begin.query()
            torch.cuda.synchronize()
            return busy

        lined_up, host_bound = count, False
        on_device, with_host = [], []
        for _ in range(ROUNDS):
            while not in_line(lined_up, copies):
                host_bound = copies == MOST_COPIES
                if host_bound:
                    break
                copies, lined_up = min(2 * copies, MOST_COPIES), max(1, lined_up // 2)
            on_device.append(begin.elapsed_time(end) * 1e-3 / lined_up)
            start = time.perf_counter()
            run(count)
            torch.cuda.synchronize()
            with_host.append((time.perf_counter() - start) / count)
        return spread(on_device), spread(with_host), host_bound


def sets(byte_count):
    """The number of sets of inputs, at most 32, with which none is found in the L2 cache."""
    cache = getattr(torch.cuda.get_device_properties(0), "L2_cache_size", 50 << 20)
    return range(min(max(math.ceil(2 * cache / byte_count), 1), 32))


def product(m, k, n, transposed=False):
    def one():
        a = torch.randn(m, k, device="cuda")
        b = torch.randn(n, k, device="cuda").t() if transposed else torch.randn(k, n, device="cuda")
        return lambda: torch.mm(a, b)

    return [one() for _ in sets(4 * (m * k + k * n + m * n))]


def gradient(shape, high, index_shape, op):
    """The backward pass of one operation with indices below `high`, for a given gradient."""

    def one():
        x = torch.randn(shape, device="cuda", requires_grad=True)
        y = op(x, torch.randint(high, index_shape, device="cuda"))
        upstream = torch.randn_like(y)
        return lambda: torch.autograd.grad(y, x, upstream, retain_graph=True)

    return [one() for _ in sets(4 * math.prod(shape))]


def squared_error(n):
    x = torch.randn(n, device="cuda", requires_grad=True)
    y = torch.randn(n, device="cuda")

    def call():
        x.grad = None
        torch.nn.functional.mse_loss(x, y).backward()

    return [call]


def sgd(count, n, **options):
    def one():
        parameters = [torch.randn(n, device="cuda", requires_grad=True) for _ in range(count)]
        for parameter in parameters:
            parameter.grad = torch.randn(n, device="cuda")
        return torch.optim.SGD(parameters, lr=1e-4, momentum=0.9, weight_decay=0.01, **options).step

    return [one() for _ in sets(20 * count * n)]


def training_step(**options):
    x, y = torch.randn(5, 200, device="cuda"), torch.randn(5, 1, device="cuda")
    net = torch.nn.Linear(200, 1, device="cuda")
    groups = [{"params": [net.weight], "weight_decay": 3}, {"params": [net.bias]}]
    optimizer = torch.optim.SGD(groups, lr=0.003, **options)

    def call():
        loss = torch.nn.functional.mse_loss(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return [call]


def graph_of(calls):
    """The same step as a CUDA graph, as in PyTorch's documentation: warmed up on a side stream, then captured."""
    call, = calls
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call()
    return [graph.replay]


def cases():
    """(case, contender, a function that makes its calls, whether the time of waited calls counts)"""
    fused = {"fused": True}
    step = "step/mlp/5x200x1"
    yield step, "PyTorch", training_step, True
    yield step, "PyTorch fused", lambda: training_step(**fused), True
    for name in (step, "step/mlp_graph/5x200x1"):
        yield name, "PyTorch graph", lambda: graph_of(training_step(**fused)), True
    for layout, nt in (("", False), ("_nt", True)):
        for n in (128, 512, 1024, 2048, 4096):
            yield f"matmul/square{layout}/{n}x{n}x{n}", "PyTorch", lambda n=n, nt=nt: product(n, n, n, nt), False
    for name, m, k, n in (("few_columns", 4096, 4096, 1), ("few_columns", 4096, 4096, 8), ("few_rows", 8, 4096, 4096),
                          ("few_rows_nt", 8, 4096, 4096), ("layer", 5, 200, 1), ("deep", 64, 8192, 64)):
        transposed = name in ("few_rows_nt", "layer")
        yield (f"matmul/{name}/{m}x{k}x{n}", "PyTorch",
               lambda m=m, k=k, n=n, nt=transposed: product(m, k, n, nt), False)
    yield ("index/select_rows_gradient/65536x256", "PyTorch",
           lambda: gradient((65536, 256), 65536, (65536,), lambda x, index: x.index_select(0, index)), False)
    yield ("index/gather_labels_gradient/4096x1000", "PyTorch",
           lambda: gradient((4096, 1000), 1000, (4096, 1), lambda x, index: x.gather(1, index)), False)
    yield f"loss/mse_with_gradient/{1 << 24}", "PyTorch", lambda: squared_error(1 << 24), False
    for count, n in ((1, 1 << 24), (100, 10000)):
        name = f"optimizer/sgd_momentum/{count}x{n}"
        yield name, "PyTorch", lambda c=count, n=n: sgd(c, n), False
        yield name, "PyTorch fused", lambda c=count, n=n: sgd(c, n, **fused), False


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--json", metavar="FILE", help="write the results into this file")
    path = parser.parse_args().json
    if not torch.cuda.is_available():
        print("torch_eager: there is no CUDA device")
        return 77
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.manual_seed(0)
    print(f"PyTorch {torch.__version__} on {torch.cuda.get_device_name(0)}\n")
    stopwatch, results, failed = Stopwatch(), [], 0
    print("| Case | | time [10th, 90th percentile], us | other, us |\n| --- | --- | --- | --- |")
    for name, who, make, whole_calls in cases():
        try:
            on_device, with_host, host_bound = stopwatch.time(make())
        except (RuntimeError, TypeError, ValueError) as error:  # an older PyTorch has no fused SGD
            failed += 1
            print(f"| {name} | {who} | failed | {str(error).splitlines()[0]} |")
        else:
            main_times, others = (with_host, on_device) if whole_calls else (on_device, with_host)
            results.append({"name": name, "peer": who, **main_times,
                            "other_median_seconds": others["median_seconds"], "host_bound": host_bound})
            median, low, high = (1e6 * main_times[key] for key in ("median_seconds", "p10_seconds", "p90_seconds"))
            print(f"| {name} | {who} | {median:.2f} [{low:.2f}, {high:.2f}]{' host-bound' * host_bound} | "
                  f"{1e6 * others['median_seconds']:.2f} |", flush=True)
        if path:  # after every case, so that an interrupted run keeps its results
            report = {"torch": torch.__version__, "card": torch.cuda.get_device_name(0), "failed": failed,
                      "rows": results}
            with open(path, "w", encoding="utf-8") as file:
                json.dump(report, file, indent=2)
                file.write("\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
