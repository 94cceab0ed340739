#!/usr/bin/env python3
"""Checks that snippets.py runs marked blocks and reports errors: snippets_test.py COMPILER"""

import os
import sys
import tempfile
import unittest

import snippets

COMPILER = [sys.argv.pop(), "-std=c++20", "{}"]


class Snippets(unittest.TestCase):
    def check(self, text):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "page.md")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            count, mistakes = snippets.check(COMPILER, [path])
            return count, [mistake.replace(path, "page.md") for mistake in mistakes]

    def test_programs_run(self):
        self.assertEqual(self.check("Words\n```cpp\nint main() {}\n```\n```sh\nfalse\n```\n"), (1, []))

    def test_a_status_other_than_0_is_a_mistake(self):
        self.assertEqual(self.check("```cpp\nint main() { return 3; }\n```\n"), (1, ["page.md:2: exit status 3\n"]))

    def test_the_compiler_names_the_line_of_the_page(self):
        count, [mistake] = self.check("# Title\n\n```cpp\nint main() {\n  nonsense();\n}\n```\n")
        self.assertEqual(count, 1)
        self.assertIn("page.md:5:3: error: ", mistake)

    def test_an_excerpt_is_left_alone(self):
        self.assertEqual(self.check("<!-- compile: no -->\n\n```cpp\nnonsense\n```\n"), (0, []))

    def test_a_body_becomes_a_program(self):
        self.assertEqual(snippets.program("page.md", 7, "zeros({2});\n", "body"),
                         "#include <tenon/tenon.h>\n\nusing namespace tenon;\n\nint main() {\n"
                         '#line 7 "page.md"\nzeros({2});\n}\n')

    def test_a_mark_counts_for_the_next_block_only(self):
        text = "<!-- compile: no -->\n```cpp\nnonsense\n```\n```cpp\nnonsense\n```\n"
        message = "page.md:6: a cpp block with neither a main function nor a mark (it has: None)"
        self.assertEqual(self.check(text), (0, [message]))

    def test_a_block_without_an_end(self):
        message = "page.md:2: a cpp block with neither a main function nor a mark (it has: without an end)"
        self.assertEqual(self.check("```cpp\nint main() {}\n"), (0, [message]))


if __name__ == "__main__":
    unittest.main()
