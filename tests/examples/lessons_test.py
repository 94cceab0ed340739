"""The lessons: the pages show what the programs print, and each exercise fails until it is solved.

usage: lessons_test.py PROGRAMS [--update]

PROGRAMS is the folder lessons of a build. With --update the pages get what the programs print and draw now.
"""
import functools
import glob
import os
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAMS = sys.argv[1]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGES = sorted(glob.glob(os.path.join(ROOT, "docs/lessons/[0-9]*.md")))
# A command that builds a program and runs it, and the block with what it prints.
SHOWN = re.compile(r"""(?P<before>```sh
cmake --build build --target (?P<program>\w+) && build/lessons/(?P=program)
```

```text
)(?P<output>.*?)(?P<after>```
)""", re.DOTALL)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def folder_of(page):
    return os.path.join(ROOT, "examples/lessons", os.path.basename(page).removesuffix(".md"))


def unindented(text):
    """Pages show parts of functions."""
    return re.sub(r"^ +", "", text, flags=re.MULTILINE)


@functools.cache
def run(program, *arguments):
    """The exit status and the output."""
    done = subprocess.run([os.path.join(PROGRAMS, program), *arguments], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


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
        text = SHOWN.sub(lambda found: found["before"] + run(found["program"])[1] + found["after"], read(page))
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
                self.assertEqual([found["program"] for found in shown], [f"lesson_{number}", f"exercise_{number}"])
                self.assertEqual(len(re.findall(r"^```(?:sh|text)$", read(page), re.MULTILINE)), 2 * len(shown),
                                 "a block of sh or text is not one of a command with its output")
                for found in shown:
                    self.assertEqual(run(found["program"])[1], found["output"])

    def test_the_pictures_are_what_the_programs_draw(self):
        with tempfile.TemporaryDirectory() as directory:
            for program, file in pictures():
                with self.subTest(file=file):
                    drawn = os.path.join(directory, os.path.basename(file))
                    run(program, drawn)
                    self.assertEqual(read(drawn), read(file))
        names = glob.glob(os.path.join(ROOT, "docs/lessons/images/*"))
        self.assertEqual(sorted(names), sorted(file for _, file in pictures()))

    def test_exercises_fail_before_and_pass_after(self):
        for page in PAGES:
            number = os.path.basename(page)[:2]
            with self.subTest(page=page):
                self.assertIn("// TODO", read(os.path.join(folder_of(page), "exercise.cpp")))
                status, output = run(f"exercise_{number}")
                self.assertEqual(status, 1, output)
                self.assertTrue(output.startswith("failed: "), output)
                self.assertEqual(run(f"solution_{number}"), (0, "passed\n"))
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
