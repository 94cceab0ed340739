"""The character-level transformer, small.

usage: char_gpt_test.py PROGRAM Training|Devices
"""
import math
import os
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv[1]
SMALL = ["--channels", "16", "--heads", "2", "--context", "16", "--layers", "2", "--batch-size", "6", "--quiet"]
TEXT = "the cat sat on the mat. the dog sat on the log.\n" * 40


class Example(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.text = self.write("text", TEXT)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def run_program(self, *arguments, **environment):
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, env={**os.environ, **environment})
        return done.returncode, done.stdout, done.stderr

    def weights(self, name, *arguments, **environment):
        """What a short training prints, and the file of its weights."""
        status, out, err = self.run_program(
            self.text, *SMALL, "--steps", "5", "--write", "12", "--save", self.path(name), *arguments, **environment)
        self.assertEqual(status, 0, err)
        with open(self.path(name), "rb") as file:
            return out + err, file.read()


class Training(Example):
    def test_it_learns_and_writes_what_it_learned(self):
        status, out, err = self.run_program(
            self.text, *SMALL, "--steps", "200", "--dropout", "0", "--write", "40", "--device", "cpu")
        self.assertEqual(status, 0, err)
        different = len(set(TEXT))
        self.assertIn(f"{len(TEXT)} characters, {different} different; ", out)
        [(loss, held_back)] = re.findall(r"step +200: loss ([\d.]+), held back ([\d.]+)", out + err)
        self.assertLess(float(loss), math.log(different) / 3)
        self.assertLess(float(held_back), math.log(different) / 3)
        written = out.split("\n\n")[-1]
        self.assertGreater(sum(word in TEXT.split() for word in written.split()), len(written.split()) / 2, written)

    def test_the_bits_do_not_depend_on_the_number_of_threads(self):
        one = self.weights("one", "--device", "cpu", TENON_NUM_THREADS="1")
        self.assertEqual(one, self.weights("two", "--device", "cpu", TENON_NUM_THREADS="2"))
        self.assertNotEqual(one, self.weights("other", "--device", "cpu", "--seed", "1"))

    def test_mistakes(self):
        for arguments, status, text in [
                (["--steps", "0"], 2, "--steps"),
                (["--channels", "10", "--heads", "4"], 2, "it must be a multiple of --heads"),
                ([self.path("none")], 1, "cannot read any text from " + self.path("none")),
                ([self.write("short", "abc" * 9)], 1, "the text has 27 characters; --context 64 needs more than 640"),
                (["--save", self.path("no/such"), self.text, *SMALL, "--steps", "1"], 1, "no/such"),
        ]:
            with self.subTest(arguments):
                found, _, err = self.run_program(*arguments)
                self.assertEqual(found, status, err)
                self.assertIn(text, err)


class Devices(Example):
    def test_cuda_gives_the_bits_of_the_cpu(self):
        self.assertEqual(self.weights("cuda", "--device", "cuda"), self.weights("cpu", "--device", "cpu"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
