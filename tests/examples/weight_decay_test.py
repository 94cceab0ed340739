"""The flagship as its users run it: results, files, options and failures.

usage: weight_decay_test.py PROGRAM
"""
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

PROGRAM = os.path.abspath(sys.argv.pop(1))


class Case(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def run_program(self, *arguments, expect=0, environment=None, **options):
        run = subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.directory.name, capture_output=True, text=True, timeout=120,
                             env={**os.environ, **(environment or {})}, **options)
        self.assertEqual(run.returncode, expect, run.stderr)
        return run

    def result(self, *arguments, **options):
        self.run_program("--quiet", "--json", "result.json", *arguments, **options)
        with open(self.path("result.json")) as file:
            return json.load(file)

    def one_line(self, text):
        self.assertEqual(text.count("\n"), 1, text)
        self.assertTrue(text.startswith("weight_decay: "), text)


class Results(Case):
    def test_weight_decay_wins_for_ten_seeds(self):
        outside = 0
        for seed in range(10):
            without, with_decay = self.result("--seed", seed)["runs"]
            with self.subTest(seed=seed):
                self.assertLess(without["train_loss"], 1e-9)
                self.assertTrue(90 <= without["test_loss"] <= 300, without["test_loss"])
                self.assertTrue(0.3 <= with_decay["weight_norm"] <= 0.45, with_decay["weight_norm"])
                outside += not 0.08 <= with_decay["test_loss"] <= 0.45
        self.assertLessEqual(outside, 1)

    def test_the_layers_own_initialisation(self):
        for seed in range(3):
            without, with_decay = self.result("--seed", seed, "--init", "default")["runs"]
            self.assertTrue(0.2 < without["test_loss"] < 0.45, without["test_loss"])
            self.assertTrue(0.012 < with_decay["test_loss"] < 0.03, with_decay["test_loss"])

    def test_decaying_the_bias_moves_the_bias(self):
        free = self.result("--weight-decay", 3)["runs"][0]["bias"]
        decayed = self.result("--weight-decay", 3, "--decay-bias")["runs"][0]["bias"]
        self.assertLess(abs(decayed), abs(free))

    def test_gradients_agree_with_the_closed_form(self):
        verify = self.result("--verify", "--momentum", 0.5, "--batch-size", 7)["verify"]
        self.assertEqual(verify["steps"], 600)
        self.assertTrue(verify["passed"])
        self.assertTrue(0 < verify["largest_relative"] < 1e-6)
        self.assertNotIn("verify", self.result())

    def test_same_bits_with_any_instruction_set_and_thread_count(self):
        def curves(**environment):
            result = self.result("--seed", 4, environment=environment)
            for run in result["runs"]:
                del run["seconds"]
            return result

        expected = curves()
        self.assertEqual(curves(), expected)
        self.assertEqual(curves(TENON_NUM_THREADS="3"), expected)
        self.assertEqual(curves(TENON_ISA="baseline"), expected)
        with open("/proc/cpuinfo") as file:
            flags = file.read().split()
        for isa, needed in (("avx2", "avx2"), ("avx512", "avx512f")):
            if needed in flags:
                self.assertEqual(curves(TENON_ISA=isa), expected, isa)


class Files(Case):
    def test_json(self):
        result = self.result("--epochs", 3, "--weight-decay", 0, 0.5, 3, "--seed", 9)
        self.assertEqual(list(result), ["device", "seed", "runs"])
        self.assertEqual((result["device"], result["seed"], len(result["runs"])), ("cpu", 9, 3))
        for run, decay in zip(result["runs"], (0, 0.5, 3)):
            self.assertEqual(list(run), ["weight_decay", "train_loss", "test_loss", "weight_norm", "bias", "steps", "seconds",
                                         "train_curve", "test_curve"])
            self.assertEqual((run["weight_decay"], run["steps"]), (decay, 12))
            self.assertEqual((len(run["train_curve"]), len(run["test_curve"])), (3, 3))
            self.assertEqual(run["train_curve"][-1], run["train_loss"])

    def test_runs_count_up(self):
        for _ in range(3):
            self.run_program("--epochs", 1, "--quiet", "--logdir", "logs/deep")
        self.assertEqual(sorted(os.listdir(self.path("logs/deep"))), ["exp1", "exp2", "exp3"])
        self.assertEqual(sorted(name for name in os.listdir(self.path("logs/deep/exp1")) if "tfevents" not in name),
                         ["wd=0_test_loss", "wd=0_train_loss", "wd=3_test_loss", "wd=3_train_loss"])

    def test_plot_is_a_picture_of_every_curve(self):
        self.run_program("--epochs", 5, "--quiet", "--plot", "plot.svg")
        root = xml.etree.ElementTree.parse(self.path("plot.svg")).getroot()
        self.assertTrue(root.tag.endswith("svg"))
        text = " ".join(root.itertext())
        for name in ("decay 0, train", "decay 0, test", "decay 3, train", "decay 3, test"):
            self.assertIn(name, text)

    def test_what_it_prints(self):
        run = self.run_program("--verify")
        self.assertNotIn("\x1b", run.stdout + run.stderr)
        self.assertIn("wd=0: 100/100", run.stderr)
        self.assertIn("weight decay", run.stdout)
        self.assertIn("Weight decay 3 brings the test loss from 117 (with 0) to 0.145", run.stdout)
        self.assertIn("The gradients of 800 steps", run.stdout)
        quiet = self.run_program("--quiet")
        self.assertEqual(quiet.stdout + quiet.stderr, "")


class Failures(Case):
    def test_a_bad_option_is_one_line_and_status_2(self):
        for arguments in (["--nonsense"], ["--epochs", "0"], ["--epochs", "-3"], ["--epochs", "many"], ["--epochs", "1.5"], ["--lr", "-1"],
                          ["--lr", "nan"], ["--lr", "inf"], ["--weight-decay", "-3"], ["--weight-decay", "x"], ["--weight-decay", "nan"],
                          ["--weight-decay"], ["--momentum", "-0.5"], ["--batch-size", "0"], ["--seed", "-1"], ["--seed", "1e3"], ["--init", "zero"],
                          ["--device", "gpu"], ["--plot"], ["positional"], ["--epochs", "99999999999999999999"],
                          ["--seed", "99999999999999999999"]):
            with self.subTest(arguments=arguments):
                self.one_line(self.run_program(*arguments, expect=2).stderr)
                self.assertEqual(os.listdir(self.directory.name), [])

    def test_help(self):
        self.assertIn("--weight-decay", self.run_program("--help").stdout)

    def test_cuda_where_there_is_none(self):
        if os.path.exists("/dev/nvidiactl"):
            self.skipTest("this machine has a GPU")
        self.one_line(self.run_program("--device", "cuda", expect=1).stderr)
        self.assertEqual(os.listdir(self.directory.name), [])

    def test_a_log_directory_that_cannot_be_made(self):
        with open(self.path("file"), "w"):
            pass
        self.one_line(self.run_program("--quiet", "--logdir", "file/runs", expect=1).stderr)
        self.assertEqual(os.listdir(self.directory.name), ["file"])

    def test_a_plot_or_result_that_cannot_be_written_leaves_nothing_half_done(self):
        for option in ("--plot", "--json"):
            with self.subTest(option=option):
                self.one_line(self.run_program("--quiet", "--epochs", 2, "--logdir", "runs", option, "missing/file", expect=1).stderr)
                self.assertEqual(os.listdir(self.directory.name), ["runs"])

    def test_a_full_disk(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

        run = self.run_program("--quiet", "--epochs", 500, expect=1, preexec_fn=limit)
        self.one_line(run.stderr)
        self.assertIn("File too large", run.stderr)
        self.one_line(self.run_program("--quiet", "--epochs", 40, "--json", "big.json", expect=1, preexec_fn=limit).stderr)
        self.assertNotIn("big.json", " ".join(os.listdir(self.directory.name)))

    def test_a_diverging_run_says_so(self):
        run = self.run_program("--lr", 10)
        self.assertIn("diverged", run.stdout)
        self.assertIsNone(self.result("--lr", 10)["runs"][0]["train_loss"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
