"""The weight-decay example as users run it: results, files, options and failures.

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

# Refused with a one-line error even among valid options; scripts/weight_decay refuses them before building the program.
BAD_OPTIONS = [["--nonsense"], ["--epochs", "0"], ["--epochs", "-3"], ["--epochs", "many"], ["--epochs", "1.5"], ["--lr", "-1"],
               ["--lr", "nan"], ["--lr", "inf"], ["--weight-decay", "-3"], ["--weight-decay", "x"], ["--weight-decay", "nan"],
               ["--weight-decay"], ["--momentum", "-0.5"], ["--batch-size", "0"], ["--seed", "-1"], ["--seed", "1e3"],
               ["--init", "zero"], ["--device", "gpu"], ["--optimizer", "rmsprop"], ["--penalty", "l3"], ["--plot"], ["positional"], ["--epochs", "99999999999999999999"],
               ["--seed", "99999999999999999999"], ["--lr", "1e400"], ["--lr", "0x1"], ["--lr", "-0"], ["--logdir", ""],
               ["--plot", ""], ["--plot", "--quiet"], ["--lr", "1", "--lr", "2"], ["--weight-decay", "0", "-1"],
               ["--weight-decay", "3", "0", "3"], ["--seed", "18446744073709551616"], ["--quiet", ""]]


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

    def test_every_optimizer_and_penalty_has_the_gradients_of_the_closed_form(self):
        for optimizer in ("sgd", "adam", "adamw"):
            for penalty in ("l2", "l1"):
                with self.subTest(optimizer=optimizer, penalty=penalty):
                    result = self.result("--verify", "--decay-bias", "--optimizer", optimizer, "--penalty", penalty)
                    self.assertTrue(result["verify"]["passed"])
                    self.assertLess(result["runs"][1]["test_loss"], result["runs"][0]["test_loss"])

    def test_adamw_decays_as_sgd_does_and_adam_does_not(self):
        def shrunk(optimizer):
            without, with_decay = self.result("--optimizer", optimizer)["runs"]
            return with_decay["weight_norm"] / without["weight_norm"]

        self.assertAlmostEqual(shrunk("adamw"), shrunk("sgd"), delta=0.005)
        self.assertGreater(shrunk("adam"), 0.5)

    def test_an_l1_penalty_selects_weights_and_an_l2_penalty_spreads_them(self):
        l1 = self.result("--penalty", "l1", "--weight-decay", 1)["runs"][0]
        l2 = self.result("--penalty", "l2", "--weight-decay", 1.3)["runs"][0]
        self.assertAlmostEqual(l1["weight_norm"], l2["weight_norm"], delta=0.1)
        self.assertGreater(l1["small_weights"], 150)
        self.assertLess(l2["small_weights"], 20)

    def test_gradients_that_are_no_longer_finite_cannot_be_verified(self):
        run = self.run_program("--verify", "--lr", 10, expect=1)
        self.assertEqual(run.stderr.splitlines()[-1],
                         "weight_decay: a gradient is no longer finite, and the closed form cannot be compared with it")
        self.assertNotIn("gradients", run.stdout)

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
            self.assertEqual(list(run), ["weight_decay", "train_loss", "test_loss", "weight_norm", "small_weights", "bias", "steps", "seconds",
                                         "train_curve", "test_curve"])
            self.assertEqual((run["weight_decay"], run["steps"]), (decay, 12))
            self.assertEqual((len(run["train_curve"]), len(run["test_curve"])), (3, 3))
            self.assertEqual(run["train_curve"][-1], run["train_loss"])

    def test_runs_count_up(self):
        for _ in range(3):
            self.run_program("--epochs", 1, "--quiet", "--logdir", "logs/deep")
        self.assertEqual(sorted(os.listdir(self.path("logs/deep"))), ["exp1", "exp2", "exp3"])
        self.assertEqual(sorted(name for name in os.listdir(self.path("logs/deep/exp1")) if "tfevents" not in name),
                         ["wd=0", "wd=0_test_loss", "wd=0_train_loss", "wd=3", "wd=3_test_loss", "wd=3_train_loss"])

    def test_runs_are_named_by_what_tells_them_apart(self):
        decays = (0.1, 3, 3.0000001, 100000.0, 1e-07)
        result = self.result("--epochs", 1, "--weight-decay", *map(repr, decays), "--plot", "plot.svg")
        self.assertEqual([run["weight_decay"] for run in result["runs"]], list(decays))
        names = ["0.1", "3", "3.0000001", "100000", "1e-07"]
        self.assertEqual(sorted(name for name in os.listdir(self.path("runs/exp1")) if "=" in name and "_" not in name),
                         sorted("wd=" + name for name in names))
        self.assertEqual(set(names), {text.split()[1].rstrip(",") for text in self.texts("plot.svg") if text.startswith("decay ")})
        table = self.run_program("--epochs", 1, "--weight-decay", "0.1234567890123456", "3").stdout.split("\n\n")[0].strip("\n").split("\n")
        self.assertTrue(table[1].startswith("0.1234567890123456  "), table)
        self.assertEqual(len({len(line) for line in table}), 1, table)

    def texts(self, name):
        root = xml.etree.ElementTree.parse(self.path(name)).getroot()
        self.assertTrue(root.tag.endswith("svg"))
        return ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]

    def test_plot_is_a_picture_of_every_curve(self):
        self.run_program("--epochs", 5, "--quiet", "--plot", "plot.svg")
        texts = self.texts("plot.svg")
        self.assertEqual([text for text in texts if text.startswith("decay")],
                         ["decay 0, train", "decay 0, test", "decay 3, train", "decay 3, test"])
        self.assertEqual([text for text in texts if text.isdigit() and int(text) <= 5], ["0", "1", "2", "3", "4", "5"])

    def test_the_weights_are_drawn_too(self):
        self.run_program("--epochs", 5, "--quiet", "--plot-weights", "weights.svg", "--weight-decay", "0", "1000", "--lr", "0.01")
        self.assertEqual([text for text in self.texts("weights.svg") if text.startswith("decay")], ["decay 0"])
        self.run_program("--epochs", 5, "--quiet", "--plot-weights", "weights.svg", "--penalty", "l1")
        self.assertEqual([text for text in self.texts("weights.svg") if text.startswith("L1")], ["L1 0", "L1 3"])

    def test_the_epochs_of_a_plot_end_with_the_last(self):
        for epochs, last in ((1, "1"), (3, "3"), (100, "100")):
            self.run_program("--epochs", epochs, "--quiet", "--plot", "plot.svg")
            root = xml.etree.ElementTree.parse(self.path("plot.svg")).getroot()
            axis = root.findall("{http://www.w3.org/2000/svg}path[@class='axis']")[-1]
            end = float(axis.get("d").split("L")[1].split()[0])
            labels = {float(text.get("x")): "".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")
                      if text.get("text-anchor") == "middle"}
            self.assertEqual(labels[end], last)

    def test_a_run_that_diverged_leaves_the_plot(self):
        self.run_program("--quiet", "--plot", "plot.svg", "--weight-decay", "0", "1000")
        texts = self.texts("plot.svg")
        self.assertEqual([text for text in texts if text.startswith("decay")],
                         ["decay 0, train", "decay 0, test", "decay 1000, train (diverged)", "decay 1000, test (diverged)"])
        self.assertIn("10\u221210", texts)  # the axis still fits the run that converged
        self.assertNotIn("1010", texts)

    def test_more_than_seven_runs_look_different(self):
        self.run_program("--quiet", "--epochs", 2, "--plot", "plot.svg", "--weight-decay", *range(20))
        root = xml.etree.ElementTree.parse(self.path("plot.svg")).getroot()
        looks, texts = set(), []
        paths = [element for element in root if element.tag.endswith("path") or element.get("class") == "name"]
        for i, element in enumerate(paths):
            if element.get("class") == "name":
                mark = paths[i - 1].get("d").split("m")[1] if paths[i - 1].get("fill") else ""
                line = paths[i - 2] if mark else paths[i - 1]
                looks.add((line.get("class"), line.get("stroke"), mark))
                texts.append(element)
        self.assertEqual((len(texts), len(looks)), (40, 40))
        heights = sorted(float(text.get("y")) for text in texts)
        self.assertGreaterEqual(min(b - a for a, b in zip(heights, heights[1:])), 19)

    def test_what_it_prints(self):
        run = self.run_program("--verify")
        self.assertNotIn("\x1b", run.stdout + run.stderr)
        self.assertIn("wd=0: 100/100", run.stderr)
        self.assertIn("weight decay", run.stdout)
        self.assertRegex(run.stdout, r"\A\nweight decay  .*  time\n           0  .* -0\.3593 +\d+\.\d\d m?s\n           3  ")
        self.assertNotIn("0.000", run.stdout)
        self.assertIn("The gradients of 800 steps", run.stdout)
        quiet = self.run_program("--quiet")
        self.assertEqual(quiet.stdout + quiet.stderr, "")


class Conclusions(Case):
    def test_it_says_what_the_numbers_say(self):
        for arguments, expected in {
                "": "Weight decay 3 brings the test loss from 117 (with 0) to 0.145: of the random initial weights in the 180 "
                    "directions that 20 samples do not span, 0.027 is left after 400 steps.",
                "--epochs 1 --batch-size 20 --lr 0.02": "Weight decay 3 brings the test loss from 125 (with 0) to 110: of the random "
                    "initial weights in the 180 directions that 20 samples do not span, 0.94 is left after 1 step.",
                "--weight-decay 0 30": "Weight decay 30 brings the test loss from 117 (with 0) to 0.0167: of the random initial weights "
                    "in the 180 directions that 20 samples do not span, less than 1e-06 is left after 400 steps.",
                # One run, and runs with equal results.
                "--weight-decay 3": "The loss is 0.00137 on the 20 training samples and 0.145 on new ones.",
                "--lr 0": "The test loss is 136 with weight decay 0 and 3.",
                "--lr 0 --weight-decay 0 1 3": "The test loss is 136 with weight decay 0, 1 and 3.",
                "--weight-decay 0 1e-9": "The test loss is 117 with weight decay 0 and 1e-09.",
                # The smaller decay is better.
                "--weight-decay 30 600": "Weight decay 600 raises the test loss from 0.0167 (with 30) to 0.0181.",
                # Weights that change sign in each step, or shrink too little to explain the loss; momentum.
                "--weight-decay 0 500": "Weight decay 500 brings the test loss from 117 (with 0) to 0.018.",
                "--weight-decay 0 0.005": "Weight decay 0.005 brings the test loss from 117 (with 0) to 116.",
                "--weight-decay 0 3 --momentum 0.9": "Weight decay 3 brings the test loss from 117 (with 0) to 0.0153.",
                # All runs diverged, though the last losses are finite; only some diverged.
                "--lr 0.8 --epochs 1 --batch-size 20": "With weight decay 0 and 3 the training diverged: the train loss went from 173 to "
                    "4.44e+04 and 5.81e+04. A smaller --lr keeps it stable.",
                "--lr 1e30": "With weight decay 0 and 3 the training diverged: the train loss went from 173 to nan and nan. "
                    "A smaller --lr keeps it stable.",
                "--weight-decay 0 660": "With weight decay 0 the loss is 4.85e-11 on the 20 training samples and 117 on new ones.\n"
                    "With weight decay 660 the training diverged: the train loss went from 173 to 2.14e+26. "
                    "A smaller --lr or weight decay keeps it stable.",
                "--weight-decay 0 3 1000": "Weight decay 3 brings the test loss from 117 (with 0) to 0.145: of the random initial weights in "
                    "the 180 directions that 20 samples do not span, 0.027 is left after 400 steps.\n"
                    "With weight decay 1000 the training diverged: the train loss went from 173 to nan. "
                    "The decay alone makes the weights grow if --lr times it is above 2; with 1000 it is 3.",
                "--weight-decay 1300 --momentum 0.9": "With weight decay 1300 the training diverged: the train loss went from 173 to nan. "
                    "The decay alone makes the weights grow if --lr times it is above 3.8; with 1300 it is 3.9.",
                "--momentum 1": "With weight decay 0 and 3 the training diverged: the train loss went from 173 to 8.03e+08 and 1.3e+08. "
                    "The steps do not decay unless --momentum is below 1.",
                # An L1 penalty, and optimizers that decay does not simply scale the weights of.
                "--penalty l1": "An L1 penalty of 3 brings the test loss from 117 (with 0) to 0.0193.",
                "--penalty l1 --weight-decay 3": "The loss is 0.0227 on the 20 training samples and 0.0193 on new ones.",
                "--optimizer adamw": "Weight decay 3 brings the test loss from 117 (with 0) to 0.118.",
                "--optimizer adam --lr 1000 --epochs 1": "With weight decay 0 and 3 the training diverged: the train loss went from "
                    "173 to 3.28e+09 and 2.04e+09. A smaller --lr keeps it stable.",
                "--penalty l1 --weight-decay 0 1e6": "With an L1 penalty of 0 the loss is 4.85e-11 on the 20 training samples and 117 on "
                    "new ones.\nWith an L1 penalty of 1000000 the training diverged: the train loss went from 173 to 4.55e+09. A smaller --lr "
                    "or penalty keeps it stable.",
        }.items():
            with self.subTest(arguments=arguments):
                parts = self.run_program(*arguments.split()).stdout.split("\n\n")
                self.assertEqual(parts[1].rsplit("\nCurves:")[0], expected)


class Failures(Case):
    def test_a_bad_option_is_one_line_and_status_2(self):
        for arguments in BAD_OPTIONS:
            with self.subTest(arguments=arguments):
                self.one_line(self.run_program(*arguments, expect=2).stderr)
                self.assertEqual(os.listdir(self.directory.name), [])

    def test_options_that_exclude_each_other(self):
        os.mkdir(self.path("a"))
        for arguments, expected in {
                "--weight-decay 3 0 3": "--weight-decay: 3 is given twice",
                "--weight-decay 3 3.0 0.5": "--weight-decay: 3 is given twice",
                "--plot x --json x": "--json: x is also the file of --plot",
                "--plot x --json ./a/../x": "--json: ./a/../x is also the file of --plot",
                "--plot x --plot-weights x": "--plot-weights: x is also the file of --plot",
                "--plot y --plot-weights x --json x": "--json: x is also the file of --plot-weights",
                "--explore x --json x": "--json: x is also the file of --explore",
                "--optimizer adam --momentum 0.9": "--momentum: it is an option of sgd; --optimizer is adam",
        }.items():
            with self.subTest(arguments=arguments):
                self.assertEqual(self.run_program(*arguments.split(), expect=2).stderr, f"weight_decay: {expected}\n")
                self.assertEqual(os.listdir(self.directory.name), ["a"])
        self.run_program("--quiet", "--epochs", 1, "--plot", "/dev/null", "--json", "/dev/null")

    def test_help_and_version(self):
        self.assertIn("--weight-decay", self.run_program("--help").stdout)
        self.assertRegex(self.run_program("--version").stdout, r"\Aweight_decay \d+\.\d+\.\d+\n\Z")

    def test_a_device_that_is_unknown_or_not_there(self):
        self.assertEqual(self.run_program("--device", "foo", expect=2).stderr,
                         "weight_decay: --device: foo is not one of auto, cpu, cuda\n")
        if os.path.exists("/dev/nvidiactl"):
            self.skipTest("this machine has a GPU")
        error = self.run_program("--device", "cuda", expect=2).stderr
        self.one_line(error)
        self.assertTrue(error.startswith("weight_decay: --device: cuda:0 was requested, but "), error)
        self.assertEqual(os.listdir(self.directory.name), [])

    def test_output_that_cannot_be_written(self):
        for arguments in (["--epochs", "2", "--json", "result.json", "--plot", "plot.svg"], ["--help"], ["--version"]):
            with self.subTest(arguments=arguments):
                with open("/dev/full", "w") as full:
                    run = subprocess.run([PROGRAM, *arguments], cwd=self.directory.name, stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertEqual((run.returncode, run.stderr.splitlines()[-1]),
                                 (1, "weight_decay: cannot write to standard output: No space left on device"))
                run = self.run_program(*arguments, expect=1, preexec_fn=lambda: os.close(1))
                self.assertEqual(run.stderr.splitlines()[-1], "weight_decay: cannot write to standard output: Bad file descriptor")
        self.assertEqual(sorted(os.listdir(self.directory.name)), ["plot.svg", "result.json", "runs"])

    def test_closed_streams_do_not_end_up_in_files(self):
        def close_all():
            for descriptor in (0, 1, 2):
                os.close(descriptor)

        self.run_program("--epochs", 2, "--json", "result.json", "--verify", expect=1, preexec_fn=close_all)
        for directory, _, names in os.walk(self.directory.name):
            for name in names:
                with open(os.path.join(directory, name), "rb") as file:
                    content = file.read()
                self.assertNotIn(b"weight_decay: ", content)
                self.assertNotIn(b"2/2", content)
                self.assertNotIn(b"Curves", content)
        self.run_program("--quiet", "--epochs", 1, preexec_fn=close_all)

    def test_a_log_directory_that_cannot_be_made(self):
        with open(self.path("file"), "w"):
            pass
        self.one_line(self.run_program("--quiet", "--logdir", "file/runs", expect=1).stderr)
        self.assertEqual(os.listdir(self.directory.name), ["file"])

    def test_places_are_checked_before_the_training(self):
        os.mkdir(self.path("directory"))
        for option in ("--plot", "--plot-weights", "--explore", "--json"):
            for path, reason in {"missing/file": "cannot create missing/file: No such file or directory",
                                 "directory": "cannot write directory: Is a directory"}.items():
                with self.subTest(option=option, path=path):
                    run = self.run_program("--logdir", "logs/deep", option, path, expect=1)
                    self.assertEqual((run.stdout, run.stderr), ("", f"weight_decay: check_writable: {reason}\n"))
                    self.assertEqual(os.listdir(self.directory.name), ["directory"])
        self.run_program("--quiet", "--epochs", 1, "--logdir", "directory")
        self.run_program("--quiet", "--logdir", "directory", "--plot", "missing/file", expect=1)
        self.assertEqual(os.listdir(self.path("directory")), ["exp1"])

    def test_files_may_go_to_the_log_directory(self):
        self.run_program("--quiet", "--epochs", 1, "--plot", "runs/plot.svg", "--json", "runs/exp1/result.json")
        self.assertEqual(sorted(os.listdir(self.path("runs"))), ["exp1", "plot.svg"])

    def test_what_can_be_written_is_written(self):
        run = self.run_program("--epochs", 2, "--plot", "plot.svg", "--json", "/dev/full", expect=1)
        self.assertIn("weight_decay: write_file_atomically: cannot write /dev/full: No space left on device\n", run.stderr)
        self.assertIn("Weight decay 3 brings", run.stdout)
        self.assertTrue(os.path.exists(self.path("plot.svg")))

    def test_a_diverged_run_is_written_too(self):
        run = self.run_program("--lr", "1e30", "--plot", "plot.svg", "--json", "result.json")
        self.assertIn("diverged", run.stdout)
        self.assertTrue(os.path.exists(self.path("plot.svg")))
        with open(self.path("result.json")) as file:
            self.assertEqual(json.load(file)["runs"][0]["train_curve"], [None] * 100)

    def test_a_full_disk(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

        run = self.run_program("--epochs", 500, expect=1, preexec_fn=limit)
        self.assertRegex(run.stderr.splitlines()[-1], r"\Aweight_decay: SummaryWriter: cannot write .*: File too large\Z")
        self.assertIn("Weight decay 3 brings", run.stdout)
        errors = self.run_program("--quiet", "--epochs", 40, "--json", "big.json", expect=1, preexec_fn=limit).stderr.splitlines()
        self.assertEqual(errors[-1], "weight_decay: write_file_atomically: cannot write big.json: File too large")
        self.assertNotIn("big.json", " ".join(os.listdir(self.directory.name)))

    def test_a_diverging_run_says_so(self):
        run = self.run_program("--lr", 10)
        self.assertIn("diverged", run.stdout)
        self.assertIsNone(self.result("--lr", 10)["runs"][0]["train_loss"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
