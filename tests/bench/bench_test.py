#!/usr/bin/env python3
"""tenon_bench as its users run it: bench_test.py PROGRAM"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

PROGRAM = sys.argv.pop(1)
QUICK = ["--rounds", "3", "--min-time", "1e-5"]


def run(*options):
    return subprocess.run([PROGRAM, *options], capture_output=True, text=True, timeout=250, check=False)


class Bench(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_every_case_passes_its_check(self):
        names = run("--list", "--cache", "warm").stdout.split()
        small = self.folder / "small.json"
        # The smallest size of each case.
        first = {}
        for name in names:
            first.setdefault(name.rpartition("/")[0], name)
        done = run("--filter", f"^({'|'.join(first.values())})$", "--cache", "warm", *QUICK, "--json", small)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        report = json.loads(small.read_text())
        self.assertEqual([row["name"] for row in report["rows"]], list(first.values()))
        self.assertGreater(len(report["rows"]), 80)
        for row in report["rows"]:
            self.assertNotIn("failure", row)
            self.assertEqual(row["contenders"][0]["name"], "tenon")
        self.assertGreater(report["roofs"]["flops_per_second"], 1e8)
        for key in ("commit", "date", "processor", "isa", "threads", "compiler", "peers"):
            self.assertIn(key, report["context"])
        sizes = report["context"]["library_bytes"]
        self.assertGreater(sizes.pop("tenon"), 1e6)
        self.assertEqual(set(sizes), set(report["context"]["peers"]) - {"Eigen"})
        self.assertTrue(all(size > 1e6 for size in sizes.values()), sizes)

    def test_files_and_thread_counts(self):
        files = [self.folder / f"report.{kind}" for kind in ("json", "csv", "svg")]
        done = run("--filter", "^(matmul/square/64x|reduce/sum/100000$|overhead/add/)", *QUICK, "--threads", "1,2",
                   "--json", files[0], "--csv", files[1], "--plot", files[2])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        report = json.loads(files[0].read_text())
        self.assertEqual(report["context"]["threads"], [1, 2])
        self.assertEqual([row["threads"] for row in report["rows"]], [1] * 3 + [2] * 3)
        self.assertEqual(len(files[1].read_text().splitlines()),
                         1 + sum(len(row["contenders"]) for row in report["rows"]))
        svg = xml.etree.ElementTree.parse(files[2]).getroot()
        self.assertTrue(svg.tag.endswith("svg"))
        self.assertIn("matmul/square/64x64x64", files[2].read_text())

    def test_the_instruction_set_can_be_chosen(self):
        report = self.folder / "isa.json"
        done = run("--filter", "overhead/add/", *QUICK, "--isa", "baseline", "--json", report)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(report.read_text())["context"]["isa"], "baseline")

    def test_mistakes_are_named(self):
        for options, status, text in (
                (["--filter", "nothing like it"], 2, "tenon_bench: no row matches nothing like it; --list prints all of them\n"),
                (["--size", "3xx"], 2, "tenon_bench: --size: 3xx is not a size; write it as in 1000 or 64x784x256\n"),
                (["--rounds", "0"], 2, "tenon_bench: --rounds: Value 0 not in range 1 to 1000000\n"),
                (["--no-such-option"], 2, "tenon_bench: The following argument was not expected: --no-such-option\n"),
                (["--isa", "sse9", "--filter", "overhead/add/"], 2, None)):
            done = run(*options)
            self.assertEqual(done.returncode, status, options)
            if text:
                self.assertEqual(done.stderr, text)
            else:
                self.assertIn("sse9", done.stderr)

    def test_help_names_every_option(self):
        text = run("--help").stdout
        for option in ("list", "filter", "size", "rounds", "min-time", "threads", "isa", "device", "json", "csv", "plot",
                       "cache", "roofs", "profile"):
            self.assertIn(f"--{option}", text)


if __name__ == "__main__":
    unittest.main()
