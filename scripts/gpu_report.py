#!/usr/bin/env python3
"""The report of scripts/gpu_check: judge() for one stage, write() and summarise() for all."""

import json
import os
import pathlib
import re


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


# ---- judging a stage: each returns (passed, a one-line summary)


class NotRun(Exception):
    """The stage cannot run on this machine."""


def log_of(folder, stage):
    return (folder / f"{stage}.log").read_text(encoding="utf-8", errors="replace")


def summaries(log):
    """Catch's summary lines, one per program in the log."""
    return re.findall(r"^(All tests passed.*|test cases: .*|No tests ran)", log, re.MULTILINE)


def judge_tests(folder, stage):
    log = log_of(folder, stage)
    skipped = re.findall(r"^skipped: .*", log, re.MULTILINE)
    failed = re.findall(r"^-{79}\n(.+)\n-{79}\n", log, re.MULTILINE)
    found = summaries(log)
    good = bool(found) and all(line.startswith("All tests passed") for line in found)
    return good, "; ".join(found + skipped + [f"failed: {name}" for name in failed[:5]]) or "no result"


def judge_flagship(folder):
    verify = load(folder / "flagship.json")["verify"]
    bits = verify.get("bits", {})
    compared, different = bits.get("compared", 0), bits.get("different", -1)
    text = f"{verify['steps']} steps, largest relative difference {verify['largest_relative']:.2g}; "
    text += f"{different} of {compared} tensors differ from the CPU" if bits else "no bits were compared"
    return verify["passed"] and compared > 0 and different == 0, text


def judge_sanitizer(folder, stage):
    text = log_of(folder, stage)
    unsupported = re.search(r"^=+ (?!Program hit)(.*device.*not supported.*|.*unsupported device.*)", text,
                            re.MULTILINE | re.IGNORECASE)
    summary = re.findall(r"(?:ERROR|RACECHECK) SUMMARY: (.*)", text)
    tests = summaries(text)
    clean = bool(summary) and all(re.match(r"0 (errors|hazards)", line) for line in summary)
    if unsupported:
        raise NotRun(unsupported.group(1))
    line = "; ".join(summary + tests) or "no summary"
    return clean and bool(tests) and tests[-1].startswith("All"), line


def judge_roofs(folder):
    roofs = load(folder / "roofs.json")["roofs"]
    launch = [seconds(roofs[name]) for name in ("launch_seconds", "waited_launch_seconds")]
    return True, (f"copies at {roofs['memory_bytes_per_second'] * 1e-9:.0f} GB/s, float32 at "
                  f"{roofs['flops_per_second'] * 1e-12:.1f} TFLOP/s, a launch takes {launch[0]} in a queue, {launch[1]} "
                  "if it is waited for")


def judge_kernels(folder):
    rows = load(folder / "kernels.json")["rows"]
    bad = [row["name"] for row in rows if "failure" in row]
    text = f"{len(rows) - len(bad)} of {len(rows)} cases have the bits of the CPU"
    return bool(rows) and not bad, text + (f"; not {', '.join(bad)}" if bad else "")


def judge_pytorch(folder):
    report = load(folder / "pytorch.json")
    return not report["failed"], f"PyTorch {report['torch']}, {len(report['rows'])} cases, {report['failed']} failed"


def judge_ncu(folder):
    log = log_of(folder, "ncu")
    if "ERR_NVGPUCTRPERM" in log:
        raise NotRun("this user may not read the performance counters (ERR_NVGPUCTRPERM)")
    profiled = re.findall(r'^==PROF== Profiling "', log, re.MULTILINE)
    return bool(profiled), f"{len(profiled)} launches profiled; see ncu.log for the results"


def slowest_cases(folder, most=4):
    """The names of the cases with the smallest share of their roof, of those above 10 us (below, a launch dominates)."""
    try:
        rows = [row for row in load(folder / "kernels.json")["rows"]
                if "roof" in row and row["contenders"][0]["median_seconds"] > 1e-5]
    except (OSError, ValueError, KeyError):
        return []
    return [row["name"] for row in sorted(rows, key=lambda row: row["roof"]["share"])[:most]]


def judge(stage, folder):
    if stage == "build":
        return "passed", ""
    try:
        kind = stage.partition("-")[0]
        if kind in ("memcheck", "racecheck", "initcheck", "synccheck"):
            good, text = judge_sanitizer(folder, stage)
        elif kind in ("tests", "bits"):
            good, text = judge_tests(folder, stage)
        else:
            good, text = globals()[f"judge_{stage}"](folder)
        return "passed" if good else "failed", text
    except NotRun as why:
        return "not run", str(why)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        return "failed", f"no result: {error}"


# ---- the report


def seconds(value):
    for unit, scale in (("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3)):
        if value < 1e3 * scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value:.3g} s"


def spread(times):
    return f"{seconds(times['median_seconds'])} [{seconds(times['p10_seconds'])}, {seconds(times['p90_seconds'])}]"


def table(head, rows):
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    return ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head)] + cells] + [""]


def join(rows, pytorch):
    """Adds PyTorch's times to the rows with the same name; a peer's ratio is its time divided by ours."""
    for row in rows:
        for found in pytorch:
            if found["name"] == row["name"] and "failure" not in row:
                ratio = found["median_seconds"] / row["contenders"][0]["median_seconds"]
                row["contenders"].append({**found, "name": found["peer"], "ratio": ratio})


def host_bound(times):
    return " host-bound" if times.get("host_bound") else ""


def peer_cell(row, pytorch):
    """NVIDIA's libraries, or PyTorch's ways."""
    cells = [f"{peer['name'].removeprefix('PyTorch ')}: " * (peer["name"] != "PyTorch") +
             f"{seconds(peer['median_seconds'])} ({peer['ratio']:.2f})" + host_bound(peer)
             for peer in row["contenders"][1:] if peer["name"].startswith("PyTorch") == pytorch]
    return "; ".join(cells)


def rate(row):
    times = row["contenders"][0]["median_seconds"]
    if row["flops"] > 0:
        return f"{row['flops'] / times * 1e-12:.2f} TFLOP/s"
    return f"{row['bytes'] / times * 1e-9:.0f} GB/s"


def kernel_rows(rows):
    for row in rows:
        if "failure" in row:
            yield [row["name"], "**failed**", row["failure"], "", "", "", ""]
            continue
        own = row["contenders"][0]
        share = f"{100 * row['roof']['share']:.0f}% ({row['roof']['limit']})" if "roof" in row else ""
        yield [row["name"], spread(own) + host_bound(own), seconds(own["other_median_seconds"]), rate(row), share,
               peer_cell(row, False), peer_cell(row, True)]


def excerpt(path):
    """The lines of a log that are most likely about a failure, and its end."""
    if not path.exists():
        return []
    lines = [line[:300] for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    end = max(len(lines) - 30, 0)
    found = [line for line in lines[:end] if re.search(r"error|fail|=========", line, re.IGNORECASE)]
    return found[:30] + ["..."] * (end > 0) + lines[end:]


def verdict(report):
    passed = sum(stage["status"] == "passed" for stage in report["stages"])
    text = f"{passed} of {len(report['stages'])} stages passed"
    return f"{text} in {report['facts']['seconds']} s" if report["complete"] else f"incomplete, {text} so far"


def markdown(report):
    facts = report["facts"]
    lines = [f"# {facts['card']}", "", f"Written by `scripts/gpu_check`: {verdict(report)}.", ""]
    if not report["complete"]:
        lines += ["**Incomplete: gpu_check was stopped or is still running. Stages that are not listed have not run.**", ""]
    lines += table(["", ""], facts.items()) + ["## Stages", ""]
    lines += table(["Stage", "", "Seconds", ""],
                   [[s["name"], s["status"], s["seconds"], s["text"]] for s in report["stages"]])
    if "kernels" in report:
        roofs = report["kernels"]["roofs"]
        lines += ["## Kernels", "",
                  "Every case was first compared with the bits of the CPU.",
                  "Time: the median [10th, 90th percentile] of 21 rounds, or of 5 for long cases, of one of many calls queued "
                  "on the device; other: the median of one call that is waited for, host time included. For steps "
                  "it is the other way round. Host-bound: the host could not keep the queue filled.",
                  "The roof is the minimum amount of data to be moved, at the "
                  f"{roofs['memory_bytes_per_second'] * 1e-9:.0f} GB/s of a large copy in the same run (a kernel that "
                  "mostly reads can exceed it; cases that fit into the cache have none), or computed, at the "
                  f"{roofs['flops_per_second'] * 1e-12:.1f} TFLOP/s of a loop of multiply-adds in the same run.",
                  "A peer's number in brackets is its time divided by ours: above 1 tenon is faster. NVIDIA's libraries, in "
                  "float32 throughout, alternated with tenon; PyTorch ran in a separate process.", ""]
        lines += table(["Case", "Time", "Other", "Rate", "Of the roof", "NVIDIA", "PyTorch"],
                       kernel_rows(report["kernels"]["rows"]))
    for stage in report["stages"]:
        if "log" in stage:
            lines += [f"## From the log of {stage['name']}", "", "````", *stage["log"], "````", ""]
    return "\n".join(lines)


def write(folder, bases):
    def split(line):
        return line.rstrip("\n").split("\t")

    facts = dict(split(line) for line in (folder / "facts.tsv").open(encoding="utf-8"))
    report = {"facts": facts, "complete": "seconds" in facts, "stages": []}
    for path in sorted((folder / "stages").iterdir()):
        stage = dict(zip(("name", "status", "seconds", "text"), split(path.read_text(encoding="utf-8"))))
        stage["seconds"] = int(stage["seconds"])
        if stage["status"] in ("failed", "unfinished"):
            stage["log"] = excerpt(folder / f"{stage['name']}.log")
        report["stages"].append(stage)
    for part in ("flagship", "kernels", "pytorch"):
        try:
            report[part] = load(folder / f"{part}.json")
        except (OSError, ValueError):
            pass  # missing or incomplete
    if "flagship" in report:
        report["flagship"] = {key: report["flagship"][key] for key in ("device", "verify") if key in report["flagship"]}
    if "kernels" in report:
        join(report["kernels"]["rows"], report.get("pytorch", {}).get("rows", []))
    for base in bases:
        for path, text in ((f"{base}.json", json.dumps(report, indent=2) + "\n"), (f"{base}.md", markdown(report))):
            pathlib.Path(f"{path}.new").write_text(text, encoding="utf-8")
            os.replace(f"{path}.new", path)  # complete at any time
    return report


def summarise(report, bases):
    """Prints a summary; returns true if every stage has passed."""
    print("\n" + "\n".join(f"{base}.md" for base in bases))
    for stage in report["stages"]:
        print(f"  {stage['name']:<18} {stage['status']:<10} {stage['seconds']:>4} s  {stage['text']}")
    if "warning" in report["facts"]:
        print(f"warning: {report['facts']['warning']}")
    print(verdict(report))
    return report["complete"] and all(stage["status"] == "passed" for stage in report["stages"])
