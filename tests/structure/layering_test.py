#!/usr/bin/env python3
"""Checks that layering.py finds each kind of violation, and none in a correct tree."""

import os
import tempfile
import unittest

import layering

SOUND = {
    "core/tensor.h": "#include <vector>\n#include <tenon/core/shape.h>\n",
    "core/shape.h": "",
    "kernels/update.h": "#include <tenon/core/stream.h>\n",
    "kernels/cpu/isa/sum.cpp": "#include <immintrin.h>\n#include <tenon/kernels/cpu/isa/vec.h>\n",
    "kernels/cpu/isa/vec.h": "#include <stdint.h>\n#include <tenon/core/dtype_list.h>\n",
    "core/dtype_list.h": "",
    "autograd/ops.h": "#include <tenon/core/tensor.h>\n#include <tenon/kernels/update.h>\n",
    "nn/module.h": "#include <tenon/autograd/ops.h>\n",
    "optim/sgd.h": "#include <tenon/kernels/update.h>\n",
    "io/event.h": "#include <tenon/autograd/ops.h>\n",
}


class Layering(unittest.TestCase):
    def violations(self, path=None, text=None):
        with tempfile.TemporaryDirectory() as root:
            for name, content in {**SOUND, **({path: text} if path else {})}.items():
                os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
                with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                    file.write(content)
            return layering.violations(root)

    def test_a_sound_tree(self):
        self.assertEqual(self.violations(), [])

    def test_violations(self):
        for path, text, message in [
            ("core/shape.h", "#include <tenon/kernels/update.h>", "core/shape.h:1: core must not include kernels/update.h"),
            ("core/shape.h", "\n#include <tenon/tenon.h>", "core/shape.h:2: core includes all of tenon"),
            ("kernels/update.h", "#include <tenon/core/tensor.h>", "kernels/update.h:1: kernels must not include core/tensor.h"),
            ("kernels/update.h", " # include <tenon/autograd/grad.h>",
             "kernels/update.h:1: kernels must not include autograd/grad.h"),
            ("autograd/ops/sum.cpp", "#include <tenon/nn/module.h>",
             "autograd/ops/sum.cpp:1: autograd/ops must not include nn/module.h"),
            ("nn/module.h", "#include <tenon/optim/sgd.h>", "nn/module.h:1: nn must not include optim/sgd.h"),
            ("nn/module.h", "#include <tenon/kernels/update.h>", "nn/module.h:1: nn must not include kernels/update.h"),
            ("optim/sgd.h", "#include <tenon/nn/module.h>", "optim/sgd.h:1: optim must not include nn/module.h"),
            ("optim/sgd.h", "#include <tenon/kernels/random.h>", "optim/sgd.h:1: optim must not include kernels/random.h"),
            ("io/event.h", '#include "crc32c.h"', 'io/event.h:1: "crc32c.h" is spelled <tenon/folder/name.h>'),
            ("kernels/cpu/isa/vec.h", "#include <algorithm>",
             "kernels/cpu/isa/vec.h:1: what kernels/cpu/isa reaches must not include <algorithm>"),
            ("core/dtype_list.h", "#include <string>",
             "core/dtype_list.h:1: what kernels/cpu/isa reaches must not include <string>"),
            ("kernels/arith/math.h", "#include <tenon/kernels/update.h>",
             "kernels/arith/math.h:1: kernels/arith must not include kernels/update.h"),
            ("autograd/tape/node.h", "#include <tenon/autograd/ops/unary.h>",
             "autograd/tape/node.h:1: autograd/tape must not include autograd/ops/unary.h"),
            ("autograd/tape/node.h", "#include <tenon/kernels/update.h>",
             "autograd/tape/node.h:1: autograd/tape must not include kernels/update.h"),
            ("autograd/ops/sum.cpp", "#include <tenon/autograd/grad.h>",
             "autograd/ops/sum.cpp:1: autograd/ops must not include autograd/grad.h"),
            ("autograd/ops.h", "#include <tenon/autograd/grad.h>",
             "autograd/ops.h:1: autograd/ops must not include autograd/grad.h"),
            ("core/shape.h", "#include <tenon/core/tensor.h>",
             "core/shape.h: includes itself by way of core/tensor.h"),
        ]:
            with self.subTest(path=path, text=text):
                self.assertEqual(self.violations(path, text), [message])


if __name__ == "__main__":
    unittest.main()
