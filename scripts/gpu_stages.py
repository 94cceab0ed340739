"""Stages of scripts/gpu_check: programs with a time limit each; results are written after each stage."""

import os
import re
import shutil
import signal
import subprocess
import tarfile
import time
from typing import NamedTuple

import gpu_report


class Stage(NamedTuple):
    name: str
    limit: int  # seconds
    command: list
    environment: dict = {}
    program: str = ""  # the program that must exist, if not the command's first word


class Stages:
    """Runs stages, with logs and results in the folder `work` and reports in `out`. The whole run ends at `deadline`, and
    each stage at `limit`, both in seconds."""

    def __init__(self, work, out, deadline, limit):
        self.work, self.out, self.deadline, self.limit = work, out, deadline, limit
        self.begun = time.monotonic()
        self.count, self.running = 0, []
        self.reports = [out / "report"]
        if work.exists():
            shutil.rmtree(work)
        (work / "stages").mkdir(parents=True)
        out.mkdir(parents=True, exist_ok=True)
        for name in ("report.md", "report.json", "logs.tar.gz", "bits.md"):
            (out / name).unlink(missing_ok=True)

    def seconds(self):
        return time.monotonic() - self.begun

    def fact(self, name, value):
        with (self.work / "facts.tsv").open("a", encoding="utf-8") as file:
            print(name, value, sep="\t", file=file)

    def note(self, number, name, status, seconds, text):
        line = "\t".join((name, status, str(round(seconds)), re.sub(r"\s+", " ", text)))
        (self.work / "stages" / f"{number:02}-{name}").write_text(line + "\n", encoding="utf-8")
        if status != "unfinished":
            print(f"{name:<18} {status:<10} {round(seconds):4} s  {text}", flush=True)

    def report(self):
        return gpu_report.write(self.work, self.reports)

    def run(self, *stages):
        """Runs stages concurrently, each within its limit, and reports each when it has ended."""
        for stage in stages:
            self.count += 1
            left = self.deadline - self.seconds()
            program = stage.program or stage.command[0]
            if left <= 0 or not shutil.which(program):
                why = f"there is no {os.path.basename(program)}" if left > 0 else "no time left"
                self.note(self.count, stage.name, "not run", 0, why)
                continue
            self.note(self.count, stage.name, "unfinished", 0, "was running when this was written")
            with (self.work / f"{stage.name}.log").open("wb") as log:
                process = subprocess.Popen(list(map(str, stage.command)), stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=log, env={**os.environ, **stage.environment},
                                           start_new_session=True)
            now, limit = self.seconds(), min(stage.limit, self.limit, left)
            self.running.append((stage, self.count, process, now, limit))
        self.report()
        while self.running:
            time.sleep(0.05)
            for one in list(self.running):
                _, _, process, began, limit = one
                if process.poll() is None and self.seconds() < began + limit:
                    continue
                stopped = process.poll() is None
                stop(process)
                self.running.remove(one)
                self.judge(*one, stopped)
                self.report()

    def judge(self, stage, number, process, began, limit, stopped):
        status, text = gpu_report.judge(stage.name, self.work)
        log = (self.work / f"{stage.name}.log").read_text(encoding="utf-8", errors="replace").splitlines() or [""]
        if stopped:
            status, text = "failed", f"stopped after {round(limit)} s; {text}"
        elif process.returncode == 77 and status != "passed":  # some tests of a stage may have been skipped
            status, text = "not run", log[-1]
        elif process.returncode not in (0, 77) and status != "not run":
            said = log[-1] if text.startswith("no result") else text
            status, text = "failed", f"exit status {process.returncode}; {said}"
        self.note(number, stage.name, status, self.seconds() - began, text)

    def finish(self, complete):
        for _, _, process, _, _ in self.running:
            stop(process)
        if complete:
            self.fact("seconds", round(self.seconds()))
        else:
            self.fact("stopped", f"after {round(self.seconds())} s, before the end")
        with tarfile.open(self.out / "logs.tar.gz", "w:gz") as logs:
            logs.add(self.work, ".", filter=lambda info: None if info.name.startswith("./events") else info)
        report = self.report()
        return gpu_report.summarise(report, self.reports)


def stop(process):
    """Kills a process and all of its children; has no effect on ended processes."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
