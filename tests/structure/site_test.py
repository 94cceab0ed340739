#!/usr/bin/env python3
"""The documentation's web site (scripts/site): site_test.py PYTHON WEIGHT_DECAY ROOT

PYTHON is one with the packages that the site needs. Without them the exit status is 77, or 1 where CI is set.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PYTHON, PROGRAM, ROOT = sys.argv.pop(1), sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))


def make(root, output):
    return subprocess.run([root / "scripts/site", "--python", PYTHON, "--program", PROGRAM, "--output", output],
                          capture_output=True, text=True, check=False)


class Site(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_the_site_is_complete_and_needs_no_network(self):
        site = self.folder / "site"
        done = make(ROOT, site)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        pages = {str(page.relative_to(site)): page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
        for name in ("index.html", "search.html", "docs/lessons/00_pullbacks.html", "docs/errors.html",
                     "core/tensor.h.html", "explorer.html", "explorer_page.html"):
            self.assertIn(name, pages)
        self.assertTrue((site / "searchindex.js").stat().st_size > 10_000)
        for name, page in pages.items():
            with self.subTest(page=name):
                loaded = re.findall(r"<(?:script|img|iframe|link)\b[^>]*(?:src|href)=\"([^\"]*)", page)
                self.assertEqual([path for path in loaded if re.match(r"(https?:)?//", path)], [])
                for path in loaded:
                    self.assertTrue((site / name).parent.joinpath(re.sub(r"[?#].*", "", path)).exists(), path)

    def test_links_that_lead_nowhere_are_found(self):
        (self.folder / "scripts").mkdir()
        (self.folder / "docs").mkdir()
        shutil.copy(ROOT / "scripts/site", self.folder / "scripts")
        for text, words in (("[a](docs/none.md)", "README.md: the link to docs/none.md leads nowhere"),
                            ("[a](docs/some.md#nowhere)", "nowhere")):
            (self.folder / "README.md").write_text(f"# tenon\n\n{text}\n", encoding="utf-8")
            (self.folder / "docs/some.md").write_text("# Some\n", encoding="utf-8")
            done = make(self.folder, self.folder / "site")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, words)


if __name__ == "__main__":
    if subprocess.run([PYTHON, "-c", "import sphinx, myst_parser, furo, sphinx_copybutton"], capture_output=True,
                      check=False).returncode:
        print("skipped: sphinx, myst-parser, furo or sphinx-copybutton is missing", file=sys.stderr)
        sys.exit(1 if os.environ.get("CI") else 77)
    unittest.main()
