#!/usr/bin/env python3
"""Checks that the emulator reports all errors and nothing else: semantics.py PROGRAM plain|asan|tsan

Runs each case of PROGRAM in its own process. Races are expected only under ThreadSanitizer, reports of AddressSanitizer
or UndefinedBehaviorSanitizer only under those, and errors that a sanitizer hides only without one. Exit status 1 if a
case has another outcome.
"""

import concurrent.futures
import os
import subprocess
import sys

ONLY_IN = {"race": "tsan", "asan": "asan", "plain": "plain"}


def outcome(run):
    """The outcome of a process, in the form used by the cases."""
    text = run.stdout + run.stderr
    if "WARNING: ThreadSanitizer: data race" in text:
        return "race"
    if "ERROR: AddressSanitizer: " in text or "runtime error: " in text:
        return "asan: " + text
    if run.returncode == 0 and run.stdout.startswith("REPORTED "):
        return "error: " + run.stdout
    if run.returncode == 0 and text == "":
        return "fine"
    return f"exit status {run.returncode}: {text}"


def check(program, name, want):
    environment = {**os.environ, "TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "") + ":halt_on_error=1"}
    try:
        got = outcome(subprocess.run([program, name], env=environment, capture_output=True, text=True, check=False,
                                     timeout=120))
    except subprocess.TimeoutExpired:
        got = "no end"
    kind, _, text = want.partition(": ")
    if kind == "plain":
        kind = "error"
    right = got.partition(": ")[0] == kind and text in got
    return right, f"ok     {name}: {want}" if right else f"WRONG  {name}: {want}\n       but got: {got}"


def main(program, flavour):
    listed = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    cases = [line.split(" ", 1) for line in listed]
    cases = [case for case in cases if ONLY_IN.get(case[1].partition(":")[0], flavour) == flavour]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda case: check(program, *case), cases))
    for _, line in results:
        print(line)
    wrong = sum(not right for right, _ in results)
    print(f"{flavour}: {len(results)} cases, {wrong} wrong")
    return 1 if wrong or not results else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
