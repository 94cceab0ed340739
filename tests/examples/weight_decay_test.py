#!/usr/bin/env python3
"""The flagship tells its story and refuses what it cannot do: weight_decay_test.py PROGRAM"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

PROGRAM = os.path.abspath(sys.argv.pop())


class WeightDecay(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = scratch.name

    def run_program(self, *options, **environment):
        return subprocess.run([PROGRAM, *options], cwd=self.directory, capture_output=True, text=True, check=False,
                              env={**os.environ, **environment})

    def curves(self, *options, **environment):
        done = self.run_program("--quiet", "--json", "result.json", *options, **environment)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        with open(os.path.join(self.directory, "result.json"), encoding="utf-8") as file:
            return json.load(file)["runs"]

    def test_decay_gives_up_training_loss_for_test_loss(self):
        for seed in ("0", "1", "2"):
            without, with_decay = self.curves("--seed", seed, "--verify")
            self.assertLess(without["train_loss"], 1e-8)
            self.assertGreater(without["test_loss"], 50)
            self.assertGreater(with_decay["train_loss"], 1e-4)
            self.assertLess(with_decay["test_loss"], 1)

    def test_the_numbers_depend_on_the_seed_alone(self):
        def numbers(runs):
            return [{key: value for key, value in run.items() if key != "seconds"} for run in runs]
        first = numbers(self.curves("--epochs", "5"))
        self.assertEqual(numbers(self.curves("--epochs", "5", TENON_NUM_THREADS="2", TENON_ISA="baseline")), first)
        self.assertNotEqual(numbers(self.curves("--epochs", "5", "--seed", "1")), first)

    def test_the_plot_is_well_formed(self):
        self.curves("--epochs", "5", "--plot", "curves.svg")
        root = xml.etree.ElementTree.parse(os.path.join(self.directory, "curves.svg")).getroot()
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")

    def test_runs_are_numbered(self):
        self.curves("--epochs", "1")
        self.curves("--epochs", "1")
        self.assertEqual(sorted(os.listdir(os.path.join(self.directory, "runs"))), ["exp1", "exp2"])

    def test_bad_options_and_failures_have_their_own_status(self):
        self.assertEqual(self.run_program("--epochs", "0").returncode, 2)
        failed = self.run_program("--logdir", "/dev/null/runs")
        self.assertEqual((failed.returncode, failed.stdout), (1, ""))
        self.assertTrue(failed.stderr.startswith("weight_decay: "), failed.stderr)


if __name__ == "__main__":
    unittest.main()
