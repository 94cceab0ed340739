#!/usr/bin/env python3
"""Checks how tenon and a project that contains it as a subdirectory affect each other when CMake configures them:
parent_test.py SOURCE_DIR CXX
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import unittest

CXX, SOURCE = sys.argv.pop(), sys.argv.pop()
if platform.machine() == "x86_64":  # where hardly any machine runs the baseline
    KERNELS = {"baseline": {"-Os"}, "avx2": {"-O3"}, "avx512": {"-O3"}}
else:
    KERNELS = {"baseline": {"-O3"}}
PARENT = """cmake_minimum_required(VERSION 3.25)
project(parent LANGUAGES CXX)
{before}
if(TENON)
  add_subdirectory({source} tenon)
endif()
{after}
"""


class Parent(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.build = os.path.join(self.place.name, "build")

    def cmake(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if name not in ("CXXFLAGS", "CMAKE_BUILD_TYPE")}
        done = subprocess.run(["cmake", *arguments], capture_output=True, text=True, check=False, env=environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def configure(self, *options, before="", after="", source=None):
        if source is None:
            source = self.place.name
            with open(os.path.join(source, "CMakeLists.txt"), "w", encoding="utf-8") as file:
                file.write(PARENT.format(source=SOURCE, before=before, after=after))
        return self.cmake("-S", source, "-B", self.build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={CXX}", "-DTENON=ON",
                          "-DTENON_CUDA=OFF", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *options)

    def commands(self):
        with open(os.path.join(self.build, "compile_commands.json"), encoding="utf-8") as file:
            return json.load(file)

    def optimisations(self):
        """The last -O options of all commands: {instruction set of kernels, or "" for the rest of tenon: options}."""
        options = {}
        for command in self.commands():
            isa = re.search(r" -DTENON_ISA=(\w+)", command["command"]) if "/kernels/cpu/isa/" in command["file"] else None
            found = re.findall(r" (-O\S*)", command["command"])
            options.setdefault(isa[1] if isa else "", set()).add(found[-1] if found else None)
        return options

    def cache(self):
        with open(os.path.join(self.build, "CMakeCache.txt"), encoding="utf-8") as file:
            return dict(re.findall(r"^([^#/\s][^:\n]*):\w+=(.*)$", file.read(), re.MULTILINE))

    def test_tenon_is_optimised_where_the_parent_chose_nothing(self):
        self.configure()
        self.assertEqual(self.optimisations(), KERNELS | {"": {"-O2"}})

    def test_the_parent_chooses_otherwise(self):
        for options, rest in [(["-DCMAKE_BUILD_TYPE=Debug"], None), (["-DCMAKE_BUILD_TYPE=MinSizeRel"], "-Os"),
                              (["-DCMAKE_CXX_FLAGS=-g -Og"], "-Og")]:
            with self.subTest(options=options):
                self.configure("--fresh", *options)
                self.assertEqual(self.optimisations(), KERNELS | {"": {rest}})

    def test_the_parent_decides_later_about_shared_libraries(self):
        said = self.configure(after='option(BUILD_SHARED_LIBS "Shared libraries" ON)\nadd_library(mine empty.cpp)\n'
                              "foreach(library tenon mine)\n  get_target_property(type ${library} TYPE)\n"
                              "  message(STATUS ${type})\nendforeach()\nfile(TOUCH empty.cpp)\n")
        self.assertEqual(re.findall(r"-- (\w+_LIBRARY)", said), ["STATIC_LIBRARY", "SHARED_LIBRARY"])

    def test_the_parent_decided_before_about_shared_libraries(self):
        said = self.configure(before="set(BUILD_SHARED_LIBS ON)",
                              after="get_target_property(type tenon TYPE)\nmessage(STATUS ${type})")
        self.assertEqual(re.findall(r"-- (\w+_LIBRARY)", said), ["SHARED_LIBRARY"])

    def test_only_names_of_tenon_and_of_what_it_looks_for_are_added(self):
        self.configure("-DTENON=OFF")
        before = self.cache()
        self.configure("-DTENON_CUDA=AUTO")
        ours = re.compile(r"TENON_|tenon_|(tenon|fmt|CUDAToolkit|Threads)_|FIND_PACKAGE_MESSAGE_DETAILS_|CUDA|"
                          r"CMAKE_(CUDA_(?!ARCHITECTURES)|HAVE_LIBC_PTHREAD|.*CUDA)|_CUDA|CMAKE_PROJECT_VERSION")
        self.assertEqual([name for name in self.cache() if name not in before and not ours.match(name)], [])

    def test_the_parent_installs_tenon_only_if_it_says_so(self):
        self.configure()
        self.cmake("--install", self.build, "--prefix", os.path.join(self.place.name, "prefix"))
        self.assertFalse(os.path.exists(os.path.join(self.place.name, "prefix")))
        self.configure("-DTENON_INSTALL=ON")
        with open(os.path.join(self.build, "tenon", "cmake_install.cmake"), encoding="utf-8") as file:
            self.assertIn("tenonTargets.cmake", file.read())

    def test_the_parent_brings_fmt(self):
        self.configure("-DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON",
                       before="add_library(mine INTERFACE)\nadd_library(fmt::fmt-header-only ALIAS mine)")

    def test_files_of_tenon_are_not_joined(self):
        self.configure("-DCMAKE_UNITY_BUILD=ON")
        self.assertEqual([command["file"] for command in self.commands() if "unity_" in command["file"]], [])

    def test_the_package_names_what_is_installed_only(self):
        self.configure("-DCMAKE_INSTALL_INCLUDEDIR=include/deep", "-DTENON_TESTS=OFF", source=SOURCE)
        exported = ""
        for directory, _, names in os.walk(os.path.join(self.build, "CMakeFiles", "Export")):
            for name in names:
                with open(os.path.join(directory, name), encoding="utf-8") as file:
                    exported += file.read()
        self.assertIn('INTERFACE_INCLUDE_DIRECTORIES "${_IMPORT_PREFIX}/include/deep"', exported)
        # Whole paths only: with the sources in /tenon, share/tenon does not count.
        self.assertEqual([path for path in (SOURCE, self.build)
                          if re.search(rf"((?<![\w}}/.-])|(?<=-[IL])){re.escape(path)}(?![\w.-])", exported)], [])


if __name__ == "__main__":
    unittest.main()
