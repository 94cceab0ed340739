"""scripts/weight_decay before the program is built: it checks the options, builds once, and shows its progress.

usage: weight_decay_script_test.py PROGRAM
"""
import os
import pty
import re
import shutil
import subprocess
import tempfile
import unittest

from weight_decay_test import BAD_OPTIONS, PROGRAM

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Replacements for the real tools: each records its call. Concurrent installs or builds fail.
ALONE = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
mkdir "$CALLS.busy" || exit 8
sleep 0.2
rmdir "$CALLS.busy"
"""
INSTALL = ALONE + "exit ${INSTALL_STATUS:-0}\n"
CMAKE = ALONE + """
[ "$1" != -S ] || { mkdir -p "$2/build/release" && : > "$2/build/release/build.ninja"; exit; }
echo "[1/2] Building CXX object"
[ -z "$BUILD_STATUS" ] || { echo "error: no" >&2; exit "$BUILD_STATUS"; }
mkdir -p "$2/examples/weight_decay"
printf '#!/bin/sh\\necho "ran $*"\\n' > "$2/examples/weight_decay/weight_decay"
chmod +x "$2/examples/weight_decay/weight_decay"
"""


class Script(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        for name in ("scripts/weight_decay", "examples/weight_decay/help.txt", "CMakeLists.txt"):
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, name), self.path(name))
        for name, text in (("scripts/install_dependencies", INSTALL), ("bin/cmake", CMAKE)):
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            with open(self.path(name), "w") as file:
                file.write(text)
            os.chmod(self.path(name), 0o755)

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, *arguments, stderr=subprocess.PIPE, **environment):
        paths = {"PATH": self.path("bin") + ":" + os.environ["PATH"], "CALLS": self.path("calls")}
        return subprocess.Popen([self.path("scripts/weight_decay"), *arguments], cwd=self.directory, stdout=subprocess.PIPE, stderr=stderr,
                                text=True, env={**os.environ, **paths, **environment})

    def run_script(self, *arguments, **environment):
        run = self.start(*arguments, **environment)
        out, err = run.communicate(timeout=60)
        return run.returncode, out, err

    def calls(self):
        try:
            with open(self.path("calls")) as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def test_help_and_version_are_the_programs(self):
        for option in ("--help", "-h", "--version"):
            said = subprocess.run([PROGRAM, option], capture_output=True, text=True, check=True).stdout
            self.assertEqual(self.run_script(option), (0, said, ""), "after a change: weight_decay --help > examples/weight_decay/help.txt")
        self.assertEqual(self.calls(), [])

    def test_the_page_lists_the_options(self):
        with open(os.path.join(ROOT, "examples/weight_decay/help.txt")) as file:
            helped = re.findall(r"^  (--[a-z-]+)(?: ([A-Z]+)(?:\S*?\})?(?:=\[?([^\s\]]+)\]?)?)?", file.read(), re.MULTILINE)
        with open(os.path.join(ROOT, "examples/weight_decay/README.md")) as file:
            listed = re.findall(r"^\| `(--[a-z-]+)(?: ([A-Z]+)[ .]*)?` \| *(?:off|`?([^|`]*?)`?) *\|", file.read(), re.MULTILINE)
        self.assertEqual([(name, kind, default.replace(" ", ",")) for name, kind, default in listed], helped)

    def test_wrong_options_are_refused_as_the_program_does(self):
        for arguments in BAD_OPTIONS:
            with self.subTest(arguments=arguments):
                said = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
                if arguments == ["--lr", "1e400"]:  # needs arithmetic
                    self.assertEqual(self.run_script(*arguments, INSTALL_STATUS="9")[0], 9)
                    os.remove(self.path("calls"))
                else:
                    self.assertEqual(self.run_script(*arguments), (said.returncode, said.stdout, said.stderr))
                self.assertEqual(sorted(os.listdir(self.directory)),
                                 ["CMakeLists.txt", "bin"] + ["build"] * os.path.exists(self.path("build")) + ["examples", "scripts"])

    def test_right_options_are_passed_on(self):
        for arguments in ("", "--weight-decay 0 3 1e-5 .5 5. --epochs 1", "--weight-decay=0 3 --weight-decay 4", "--weight-decay [0,3]",
                          "--seed 18446744073709551615 --epochs=007", "--quiet --quiet --device cpu --init default --",
                          "--plot a,b --json - --logdir x --verify --decay-bias --momentum 1E+0 --batch-size 1000000000 --lr 00"):
            with self.subTest(arguments=arguments):
                options = ["--epochs", "1", *arguments.split()] if "--epochs" not in arguments else arguments.split()
                self.assertEqual(subprocess.run([PROGRAM, *options], cwd=self.directory, capture_output=True).returncode, 0)
                self.assertEqual(self.run_script(*options)[:2], (0, f"ran {' '.join(options)}\n"))

    def test_two_first_runs_wait_for_each_other(self):
        runs = [self.start("--quiet") for _ in range(2)]
        results = [(run.communicate(timeout=60), run.returncode) for run in runs]
        self.assertEqual([(out, status) for (out, _), status in results], [("ran --quiet\n", 0)] * 2)
        self.assertEqual(sorted("Waiting for another weight_decay that is building\n" in err for (_, err), _ in results), [False, True])
        self.assertEqual(sum("-S" in call for call in self.calls()), 1)

    def test_a_terminal_shows_the_build(self):
        leader, terminal = pty.openpty()
        run = self.start(stderr=terminal)
        os.close(terminal)
        self.assertEqual(run.communicate(timeout=60)[0], "ran \n")
        shown = os.read(leader, 10000).decode()
        os.close(leader)
        self.assertRegex(shown, r"\ABuilding tenon, once: about \d+ min \(cores: \d+\)\r\n\[1/2\] Building CXX object\r\n\Z")

    def test_a_log_gets_what_went_wrong_only(self):
        status, out, err = self.run_script(BUILD_STATUS="3")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err, r"\ABuilding tenon, once: about \d+ min \(cores: \d+\)\n\[1/2\] Building CXX object\nerror: no\n\Z")
        status, out, err = self.run_script()
        self.assertEqual((status, out), (0, "ran \n"))
        self.assertNotIn("[1/2]", err)
        self.assertEqual(self.run_script(), (0, "ran \n", ""))


if __name__ == "__main__":
    unittest.main(verbosity=1)
