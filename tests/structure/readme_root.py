#!/usr/bin/env python3
"""Runs the commands of README.md in a bare Debian 12: readme_root.py SOURCE_DIR [--all]

debootstrap creates the system with this machine's package sources, proxies and certificates. Each ```sh block is run
unchanged in a copy of the source tree. Each ```cmake block becomes a project around the ```cpp program, which is
configured without options, built and run; an archive named there is made from the copy. CXXFLAGS=-O0 makes that faster,
as a project that contains tenon compiles all of it.

scripts/test is skipped unless --all is given: CI runs all tests anyway.

Needs root and debootstrap; without them exit status 77, or 1 where CI is set. This machine's ccache is shared if there
is one: that saves minutes, and tools missing in the bare system are still missing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

LEFT_TO_CI = "scripts/test"
INSIDE = "TENON_README_ROOT"  # set inside the bare system
UNSHARED = "TENON_README_UNSHARED"  # path of the bare system; set in its mount namespace
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(app LANGUAGES CXX)
add_executable(app app.cpp)
{}"""
BUILD = "CXXFLAGS=-O0 cmake -S . -B build -G Ninja && cmake --build build && build/app"
COPIED = ["etc/apt", "etc/pip.conf", "etc/resolv.conf", "etc/hosts", "etc/ssl/certs", "usr/share/keyrings",
          "usr/share/ca-certificates", "usr/local/share/ca-certificates"]
MOUNTED = {"proc": "proc", "sys": "sysfs", "dev/pts": "devpts", "dev/shm": "tmpfs"}


def blocks(readme):
    """The (language, text) of every block."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)


def steps(readme, everything):
    """The steps in the order of the page: (name, folder or None for the source tree, command, files)."""
    found = blocks(readme)
    [program] = [text for language, text in found if language == "cpp"]
    projects = 0
    for language, text in found:
        if language == "sh":
            lines = [line for line in text.splitlines(keepends=True) if everything or line.strip() != LEFT_TO_CI]
            yield "".join(lines), None, "set -e\n" + "".join(lines), {}
        elif language == "cmake":
            projects += 1
            yield text, f"user{projects}", BUILD, {"CMakeLists.txt": PROJECT.format(text), "app.cpp": program}
        elif language != "cpp":
            raise ValueError(f"README.md has a block of {language}, which nobody runs")


def skip(reason):
    print(f"readme_root: {reason}")
    return 1 if os.environ.get("CI") else 77


def mirror():
    """This machine's mirror of Debian 12, as a list; empty if unknown, which selects debootstrap's default."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.findall(r"^(\S+) bookworm main$", listed, re.MULTILINE)
    return found[:1]


def environment():
    """The environment of the bare system, with this machine's proxies."""
    kept = {name: value for name, value in os.environ.items() if re.fullmatch(r"(?i)\w*_proxy|PIP_\w+|SSL_CERT_\w+", name)}
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {**kept, "PATH": path, "HOME": "/root", "LANG": "C.UTF-8", INSIDE: "1"}


def unpack(here, there, *arguments):
    """Copies files with tar, which keeps their attributes and overwrites existing files."""
    with subprocess.Popen(["tar", "-C", here, "-cf", "-", *arguments], stdout=subprocess.PIPE) as packed:
        subprocess.run(["tar", "-C", there, "--no-same-owner", "-xf", "-"], stdin=packed.stdout, check=True)
    if packed.returncode:
        raise OSError(f"tar could not read all of {here}")


def make_system(root, env):
    os.chmod(root, 0o755)  # becomes / of a system, which every user must be able to enter
    packages = "ca-certificates"
    if ccache := shutil.which("ccache"):
        packages += ",ccache"
    for kind in ("http", "https"):
        shown = subprocess.run(["apt-config", "shell", "proxy", f"Acquire::{kind}::Proxy"], capture_output=True, text=True,
                               check=False).stdout
        if proxy := re.fullmatch(r"proxy='(.+)'\n", shown):
            env.setdefault(f"{kind}_proxy", proxy[1])
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={packages}", "bookworm", root, *mirror()], check=True,
                   env={**os.environ, **env}, stdout=subprocess.DEVNULL)
    unpack("/", root, *(path for path in COPIED if os.path.exists(os.path.join("/", path))))
    # Hooks of this machine's apt may call programs that the bare system lacks.
    subprocess.run(f"sed -i -E '/(Invoke|Pkgs)/d' {root}/etc/apt/apt.conf.d/* 2> /dev/null || true", shell=True, check=True)
    for place, kind in MOUNTED.items():
        os.makedirs(os.path.join(root, place), exist_ok=True)
        subprocess.run(["mount", "-t", kind, kind, os.path.join(root, place)], check=True)
    if ccache:
        here, size = (subprocess.run([ccache, "--get-config", name], capture_output=True, text=True, check=True).stdout.strip()
                      for name in ("cache_dir", "max_size"))
        for place in (here, f"{root}/ccache"):
            os.makedirs(place, exist_ok=True)
        subprocess.run(["mount", "--bind", here, f"{root}/ccache"], check=True)
        # As in scripts/test.
        env.update(CMAKE_CXX_COMPILER_LAUNCHER="ccache", CCACHE_DIR="/ccache", CCACHE_MAXSIZE=size, CCACHE_BASEDIR="/tenon",
                   CCACHE_DEPEND="1", CCACHE_SLOPPINESS="pch_defines,time_macros")


def run(root, env, folder, command):
    script = f"cd /{folder} || exit 1\n{command}"
    return subprocess.run(["chroot", root, "bash", "-c", script], env=env, stdin=subprocess.DEVNULL, check=False).returncode


def run_blocks(root, source, everything):
    with open(os.path.join(source, "README.md"), encoding="utf-8") as file:
        todo = list(steps(file.read(), everything))
    env = environment()
    make_system(root, env)
    os.makedirs(f"{root}/tenon")
    unpack(source, f"{root}/tenon", "--exclude=./build*", "--exclude=./runs", "--exclude=./.git", ".")
    subprocess.run(["tar", "-C", root, "-czf", f"{root}/tenon.tar.gz", "tenon"], check=True)
    for text, folder, command, files in todo:
        print(f"== {text}", flush=True)
        if folder:
            os.makedirs(f"{root}/{folder}")
            shutil.copy(f"{root}/tenon.tar.gz", f"{root}/{folder}")
        for name, content in files.items():
            with open(f"{root}/{folder}/{name}", "w", encoding="utf-8") as file:
                file.write(content)
        if status := run(root, env, folder or "tenon", command):
            print(f"README.md: exit status {status} of\n{text}")
            return 1
    print("README.md: every block has run" + ("" if everything else f", but for {LEFT_TO_CI}"))
    return 0


def main():
    """Runs itself in its own mount namespace, so that all mounts in the bare system, above all this machine's ccache,
    are gone before the folder is removed."""
    with tempfile.TemporaryDirectory(prefix="tenon_readme_") as root:
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", sys.executable, "-B", *sys.argv]
        return subprocess.run(command, env={**os.environ, UNSHARED: root}, check=False).returncode


if __name__ == "__main__":
    if os.environ.get(INSIDE):
        sys.exit(skip("this is the bare system already"))
    if os.geteuid() != 0:
        sys.exit(skip("needs root"))
    for tool in ("debootstrap", "unshare", "chroot"):
        if not shutil.which(tool):
            sys.exit(skip(f"needs {tool}"))
    if UNSHARED in os.environ:
        sys.exit(run_blocks(os.environ[UNSHARED], sys.argv[1], "--all" in sys.argv[2:]))
    sys.exit(main())
