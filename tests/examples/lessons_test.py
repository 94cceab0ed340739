"""The lessons: the pages show what the programs print, and each exercise fails until it is solved.

usage: lessons_test.py PROGRAMS [--update]

PROGRAMS is the folder lessons of a build. With --update the pages get what the programs print and draw now.
"""
import functools
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAMS = sys.argv[1]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGES = sorted(glob.glob(os.path.join(ROOT, "docs/lessons/[0-9]*.md")))
# A command that builds a program and runs it, and the block with what it prints.
SHOWN = re.compile(r"""(?P<before>```sh
cmake --build build --target (?P<program>\w+) && build/lessons/(?P=program)(?P<arguments>[^\n]*)
```

```text
)(?P<output>.*?)(?P<after>```
)""", re.DOTALL)
# A session with gdb: the commands are the lines that begin with its prompt.
SESSION = re.compile(r"""(?P<before>```console
\$ gdb (?P<options>[-\w ]+) build/lessons/(?P<program>\w+)
)(?P<output>.*?)(?P<after>```
)""", re.DOTALL)
PROMPT = "(gdb) "
ENVIRONMENT = {**os.environ, "TERM": "dumb", "DEBUGINFOD_URLS": ""}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def folder_of(page):
    return os.path.join(ROOT, "examples/lessons", os.path.basename(page).removesuffix(".md"))


def exercises(page):
    """The exercises of a page, each with its solution."""
    all_of_them = {"exercise": "solution", "bug": "bug_solution"}
    return {name: solution for name, solution in all_of_them.items()
            if os.path.exists(os.path.join(folder_of(page), name + ".cpp"))}


def unindented(text):
    """Pages show parts of functions."""
    return re.sub(r"^ +", "", text, flags=re.MULTILINE)


@functools.cache
def run(program, *arguments):
    """The exit status and the output."""
    done = subprocess.run([os.path.join(PROGRAMS, program), *arguments], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def shown_output(found):
    return run(found["program"], *found["arguments"].split())[1]


def session_output(page, found):
    """What gdb prints for the commands that a page shows. It gets the folder of the source, since ccache may have compiled
    the program in another clone, which need not be there any more."""
    commands = [line.removeprefix(PROMPT) for line in found["output"].splitlines() if line.startswith(PROMPT)]
    arguments = [part for command in commands for part in ("-ex", f"echo {PROMPT}{command}\\n", "-ex", command)]
    done = subprocess.run(["gdb", "-nx", "-batch", "-d", folder_of(page), *arguments, os.path.join(PROGRAMS, found["program"])],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, env=ENVIRONMENT)
    # What gdb says of the machine and of the end of a batch, addresses, folders
    text = done.stdout[done.stdout.index(PROMPT):]
    text = re.sub(r"^(?:warning: |\[Thread debugging|Using host libthread_db|\[Inferior).*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"0x[0-9a-f]+", "0x...", text)
    return re.sub(r"\S*/(?=[\w.]+\.(?:cpp|h)\b)", "", text)


def gdb_works():
    """Where a process may not trace another, gdb cannot run a program."""
    if not shutil.which("gdb"):
        return False
    done = subprocess.run(["gdb", "-nx", "-batch", "-ex", "run", "/bin/true"], capture_output=True, text=True,
                          timeout=120, env=ENVIRONMENT)
    return "exited normally" in done.stdout


def links(path):
    """The files that a page links to."""
    prose = re.sub(r"^```.*?^```$", "", read(path), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", prose)
    return [os.path.normpath(os.path.join(os.path.dirname(path), target))
            for target in targets if not target.startswith("http")]


def pictures():
    """The (lesson's program, file) of each picture of the lessons; with a file as its argument a program draws it."""
    for page in PAGES:
        for name in re.findall(r"\]\((images/[^)]+)\)", read(page)):
            yield f"lesson_{os.path.basename(page)[:2]}", os.path.join(os.path.dirname(page), name)


def update():
    for program, file in pictures():
        run(program, file)
    for page in PAGES:
        text = SHOWN.sub(lambda found: found["before"] + shown_output(found) + found["after"], read(page))
        text = SESSION.sub(lambda found: found["before"] + session_output(page, found) + found["after"], text)
        with open(page, "w", encoding="utf-8") as file:
            file.write(text)


class Lessons(unittest.TestCase):
    maxDiff = None

    def test_every_folder_has_a_page(self):
        folders = glob.glob(os.path.join(ROOT, "examples/lessons/[0-9]*"))
        self.assertEqual(sorted(folders), [folder_of(page) for page in PAGES])
        self.assertTrue(PAGES)

    def test_the_pages_show_what_the_programs_print(self):
        for page in PAGES:
            number = os.path.basename(page)[:2]
            with self.subTest(page=page):
                shown = list(SHOWN.finditer(read(page)))
                programs = [found["program"] for found in shown if found["program"] != "compare_rungs"]
                self.assertEqual(programs, [f"{name}_{number}" for name in ["lesson", *exercises(page)]])
                self.assertEqual(len(re.findall(r"^```(?:sh|text)$", read(page), re.MULTILINE)), 2 * len(shown),
                                 "a block of sh or text is not one of a command with its output")
                for found in shown:
                    self.assertEqual(shown_output(found), found["output"])

    def test_gdb_prints_what_the_pages_show(self):
        if not gdb_works():
            self.skipTest("there is no gdb that can run a program")
        sessions = [(page, found) for page in PAGES for found in SESSION.finditer(read(page))]
        self.assertTrue(sessions)
        for page, found in sessions:
            self.assertEqual(session_output(page, found), found["output"])

    def test_the_pictures_are_what_the_programs_draw(self):
        with tempfile.TemporaryDirectory() as directory:
            for program, file in pictures():
                with self.subTest(file=file):
                    drawn = os.path.join(directory, os.path.basename(file))
                    run(program, drawn)
                    self.assertEqual(read(drawn), read(file))
        names = glob.glob(os.path.join(ROOT, "docs/lessons/images/*"))
        self.assertEqual(sorted(names), sorted(file for _, file in pictures()))

    def test_compare_rungs(self):
        for arguments in ([], ["naive"], ["naive", "slow"], ["naive", "coalesced", "--size", "0"]):
            status, output = run("compare_rungs", *arguments)
            self.assertEqual(status, 2, output)
            self.assertIn("usage: compare_rungs", output)
        rungs = re.search(r"one of (.*)$", output).group(1).split()
        self.assertIn("warp_tile", rungs)
        for rung in rungs:  # each compares the product
            self.assertEqual(run("compare_rungs", "naive", rung, "--size", "30")[0], 0, rung)

    def test_exercises_fail_before_and_pass_after(self):
        for page in PAGES:
            number = os.path.basename(page)[:2]
            with self.subTest(page=page):
                self.assertIn("// TODO", read(os.path.join(folder_of(page), "exercise.cpp")))
                for exercise, solution in exercises(page).items():
                    status, output = run(f"{exercise}_{number}")
                    self.assertEqual(status, 1, output)
                    self.assertTrue(output.startswith("failed: "), output)
                    self.assertEqual(run(f"{solution}_{number}"), (0, "passed\n"))
                self.assertEqual(run(f"lesson_{number}")[0], 0)

    def test_code_on_the_pages_is_in_the_programs(self):
        for page in PAGES:
            sources = [unindented(read(path)) for path in links(page) if path.endswith((".cpp", ".h"))]
            for block in re.findall(r"^```cpp\n(.*?)^```$", read(page), re.MULTILINE | re.DOTALL):
                with self.subTest(page=page):
                    self.assertTrue(any(unindented(block) in source for source in sources),
                                    "not in a file that the page links to:\n" + block)

    def test_links_lead_to_files(self):
        for path in [*PAGES, os.path.join(ROOT, "docs/lessons/README.md"), os.path.join(ROOT, "docs/glossary.md")]:
            with self.subTest(path=path):
                self.assertEqual([target for target in links(path) if not os.path.exists(target)], [])

    def test_the_contents_list_every_page(self):
        contents = links(os.path.join(ROOT, "docs/lessons/README.md"))
        self.assertEqual([page for page in PAGES if page not in contents], [])

    def test_names_of_the_glossary_are_in_the_files_that_it_names(self):
        path = os.path.join(ROOT, "docs/glossary.md")
        rows = [line for line in read(path).splitlines() if line.startswith("| ") and "](" in line]
        self.assertTrue(rows)
        for row in rows:
            with self.subTest(row=row):
                _, ours, where = [cell.strip() for cell in row.strip("|").split(" | ")]
                names = re.findall(r"`(?:\w+::)*(\w+)", ours)
                files = re.findall(r"\]\(([^)]+)\)", where)
                self.assertTrue(names and files)
                text = "".join(read(os.path.join(ROOT, "docs", file)) for file in files)
                self.assertEqual([name for name in names if not re.search(rf"\b{name}\b", text)], [])


if __name__ == "__main__":
    if "--update" in sys.argv:
        update()
    else:
        unittest.main(argv=sys.argv[:1] + sys.argv[2:])
