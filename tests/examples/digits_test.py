"""The recognition of handwritten digits.

usage: digits_test.py PROGRAM Accuracy|Training|Devices...
"""
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv[1]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.join(ROOT, "examples/digits/data/digits.csv")


class Example(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, lines):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        return self.path(name)

    def few(self, count):
        """A file of the first images."""
        with open(DATA, encoding="utf-8") as file:
            return self.write("few", [next(file).rstrip("\n") for _ in range(count)])

    def run_program(self, *arguments, **environment):
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, env={**os.environ, **environment})
        return done.returncode, done.stdout, done.stderr

    def weights(self, name, *arguments, **environment):
        """What a training prints, and a hash of its weights' file."""
        status, out, err = self.run_program("--quiet", "--save", self.path(name), *arguments, **environment)
        self.assertEqual(status, 0, err)
        with open(self.path(name), "rb") as file:
            return out + err, hashlib.sha256(file.read()).hexdigest()


class Accuracy(Example):
    def right(self, *arguments):
        status, out, err = self.run_program("--device", "cpu", *arguments)
        self.assertEqual(status, 0, err)
        self.assertIn("1437 images to learn from, 360 to test with; ", out)
        [right] = re.findall(r"^(\d+) of 360 test images right", out, re.MULTILINE)
        table = [line.split() for line in out.splitlines()[-10:]]
        self.assertEqual([row[0] for row in table], list("0123456789"))
        counts = [[0 if count == "." else int(count) for count in row[1:]] for row in table]
        self.assertEqual(sum(map(sum, counts)), 360)
        self.assertEqual(sum(counts[i][i] for i in range(10)), int(right))
        return int(right), err

    def test_the_mlp_recognises_most(self):
        self.assertGreaterEqual(self.right("--model", "mlp", "--quiet")[0], 0.97 * 360)

    def test_convolutions_recognise_nearly_all(self):
        right, err = self.right("--plot", self.path("plot.svg"), "--logdir", self.path("runs"))
        self.assertGreaterEqual(right, 0.985 * 360)
        self.assertRegex(err, r"conv: 15/15 .*, loss 0\.\d+, test 9\d\.\d%")
        with open(self.path("plot.svg"), encoding="utf-8") as file:
            self.assertIn("mean cross entropy", file.read())
        self.assertEqual(len(os.listdir(self.path("runs"))), 1)


class Training(Example):
    def test_the_bits_do_not_depend_on_the_number_of_threads(self):
        arguments = ["--device", "cpu", "--epochs", "2", self.few(64)]
        one = self.weights("one", *arguments, TENON_NUM_THREADS="1")
        self.assertEqual(one, self.weights("two", *arguments, TENON_NUM_THREADS="2"))
        self.assertNotEqual(one, self.weights("other", *arguments, "--seed", "1"))

    def test_the_explorer_changes_no_bits(self):
        for model, name in (("mlp", "1.weight"), ("conv", "0.weight")):
            arguments = ["--device", "cpu", "--model", model, "--epochs", "1", self.few(40)]
            plain = self.weights("plain", *arguments)
            self.assertEqual(plain, self.weights("explored", *arguments, "--explore", self.path("page.html")))
            with open(self.path("page.html"), encoding="utf-8") as file:
                self.assertIn(f'"name":"{name}"', file.read())

    def test_mistakes(self):
        image = ",".join(["16"] * 64)
        wrong = "is not 64 numbers from 0 to 16 and a digit, separated by commas"
        for arguments, status, text in [
                (["--epochs", "0"], 2, "--epochs"),
                (["--model", "rnn"], 2, "--model"),
                ([self.path("none")], 1, "cannot read " + self.path("none")),
                ([self.write("empty", [])], 1, "0 images cannot be split into two parts"),
                ([self.write("no_class", [image + ",1", image])], 1, "line 2 of " + self.path("no_class") + " " + wrong),
                ([self.write("class", [image + ",10"])], 1, wrong),
                ([self.write("pixel", [image.replace("16", "17", 1) + ",1"])], 1, wrong),
                ([self.write("text", [image + ",x"])], 1, wrong),
                ([self.write("empty_field", [image + ",1,"] * 2 + [image + ",,1"])], 1, wrong),
                (["--save", self.path("no/such"), self.few(20), "--epochs", "1", "--quiet"], 1, "no/such"),
        ]:
            with self.subTest(arguments):
                found, _, err = self.run_program(*arguments)
                self.assertEqual(found, status, err)
                self.assertIn(text, err)


class Devices(Example):
    def test_cuda_gives_the_bits_of_the_cpu(self):
        for model in ("conv", "mlp"):
            arguments = ["--model", model, "--epochs", "1", "--batch-size", "8", self.few(20)]
            self.assertEqual(self.weights("cuda", *arguments, "--device", "cuda"),
                             self.weights("cpu", *arguments, "--device", "cpu"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
