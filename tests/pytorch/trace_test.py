#!/usr/bin/env python3
"""scripts/trace_pytorch.py against a page of the tape explorer: trace_test.py WEIGHT_DECAY

WEIGHT_DECAY is the example of that name. Its page shows all elements of its first batch and parameters, so PyTorch can run
the same pass.
"""
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts"))
import torch
from trace_pytorch import excerpt, trace

PROGRAM = os.path.abspath(sys.argv[1])


def recorded():
    """The recording on the page."""
    with tempfile.TemporaryDirectory() as folder:
        page = os.path.join(folder, "page.html")
        subprocess.run([PROGRAM, "--device", "cpu", "--epochs", "1", "--quiet", "--explore", page], check=True, cwd=folder)
        with open(page, encoding="utf-8") as file:
            return json.loads(file.read().split('id="recording">')[1].split("</script>")[0])


def traced(loss, named):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace.json")
        trace(loss, named, path)
        with open(path, encoding="utf-8") as file:
            return json.load(file)


def tensor_of(excerpt):
    return torch.tensor(excerpt["values"], dtype=getattr(torch, excerpt["dtype"])).reshape(excerpt["shape"])


class Trace(unittest.TestCase):
    def test_the_pass_of_weight_decay(self):
        page = recorded()
        nodes = {node["name"]: node for node in page["nodes"] if node["name"]}
        constants = {saved["name"]: saved["value"] for node in page["nodes"] for edge in node["edges"] for saved in edge["saved"]}
        weight, bias = (tensor_of(nodes[name]["value"]).requires_grad_() for name in ("weight", "bias"))
        x, y = tensor_of(constants["x"]), tensor_of(constants["y"])
        loss = (torch.nn.functional.linear(x, weight, bias) - y).square().mean()
        found = traced(loss, {"weight": weight, "bias": bias, "x": x})
        by_name = {node["name"]: node for node in found["nodes"] if node["name"]}
        self.assertEqual(set(by_name), {"weight", "bias"})
        for name, tensor in [("weight", weight), ("bias", bias)]:
            for key in ("shape", "dtype", "rows", "columns", "values", "hash"):
                expected = nodes[name]["value"][key]
                if key == "values":  # the page has the shortest texts of the same numbers
                    expected = tensor_of(nodes[name]["value"]).flatten().tolist()
                self.assertEqual(by_name[name]["value"][key], expected, (name, key))
            self.assertEqual(by_name[name]["gradient"]["hash"], excerpt(tensor.grad)["hash"])
            torch.testing.assert_close(tensor.grad, tensor_of(nodes[name]["gradient"]))
        loss_node = found["nodes"][found["root"]]
        self.assertEqual((loss_node["op"], loss_node["gradient"]["values"]), ("MeanBackward0", [1.0]))
        torch.testing.assert_close(tensor_of(loss_node["value"]), tensor_of(page["nodes"][page["root"]]["value"]))

    def test_the_graph(self):
        a, b = torch.ones(3, requires_grad=True), torch.tensor(2.0, requires_grad=True)
        middle = a * b
        found = traced((middle * middle).sum() + b, {"a": a, "b": b, "middle": middle})
        nodes = found["nodes"]
        self.assertEqual([node["op"] for node in nodes],
                         ["AddBackward0", "SumBackward0", "torch::autograd::AccumulateGrad", "MulBackward0", "MulBackward0",
                          "torch::autograd::AccumulateGrad"])
        self.assertEqual([[edge["to"] for edge in node["edges"]] for node in nodes], [[1, 2], [3], [], [4, 4], [5, 2], []])
        self.assertEqual([node["name"] for node in nodes], ["", "", "b", "", "middle", "a"])
        self.assertEqual([nodes[i]["gradient"]["values"] for i in (2, 4, 5)], [[13.0], [4.0] * 3, [8.0] * 3])

    def test_excerpts(self):
        # The hashes also stand in tests/autograd/explore_test.cpp.
        self.assertEqual(excerpt(torch.tensor([1.0, -0.0]))["hash"], "0979a9ee2da1bb98")
        self.assertEqual(excerpt(torch.tensor([True, False]))["hash"], "082f2207b4e88cc4")
        self.assertEqual(excerpt(torch.zeros(0, 3))["values"], [])
        odd = torch.tensor([math.nan, math.inf, -math.inf])
        self.assertEqual(excerpt(odd)["values"], ["NaN", "Infinity", "-Infinity"])
        self.assertEqual(excerpt(-odd[:1])["hash"], excerpt(odd[:1])["hash"])
        large = torch.arange(10000.0).reshape(100, 100)
        part = excerpt(large, 64)
        self.assertEqual((part["rows"], part["columns"], part["values"][4], part["values"][63]), (16, 4, 100.0, 1503.0))
        self.assertEqual(excerpt(large.T, 64)["hash"], excerpt(large.T.contiguous(), 64)["hash"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
