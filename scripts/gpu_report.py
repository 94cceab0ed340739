#!/usr/bin/env python3
"""What scripts/gpu_check found, as a report.

    gpu_report.py judge STAGE OUT     a line about a stage's output; exit status 1 if it is not good enough
    gpu_report.py write OUT [NAME]    OUT/report.json and .md, and the same as NAME.json and .md; prints a summary;
                                      exit status 1 unless every stage has passed
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


# ---- judging a stage: each returns (is it good, a line about it)


def judge_tests(out):
    suite = xml.etree.ElementTree.parse(out / "tests.xml").getroot()
    total, failed, skipped, disabled = (int(suite.get(key, 0)) for key in ("tests", "failures", "skipped", "disabled"))
    bad = [case.get("name") for case in suite.iter("testcase") if case.get("status") != "run"]
    text = f"{total - failed - skipped - disabled} passed, {failed} failed, {skipped + disabled} skipped of {total}"
    if bad:
        text += ": " + ", ".join(bad[:5]) + (", ..." if len(bad) > 5 else "")
    return total > 0 and not failed + skipped + disabled, text


def judge_flagship(out):
    verify = load(out / "flagship.json")["verify"]
    bits = verify.get("bits", {})
    compared, different = bits.get("compared", 0), bits.get("different", -1)
    text = f"{verify['steps']} steps, largest relative difference {verify['largest_relative']:.2g}; "
    text += f"{different} of {compared} numbers differ from the CPU" if bits else "no bits were compared"
    return verify["passed"] and compared > 0 and different == 0, text


def judge_sanitizer(out, tool):
    text = (out / f"{tool}.log").read_text(encoding="utf-8", errors="replace")
    summary = re.findall(r"(?:ERROR|RACECHECK) SUMMARY: (.*)", text)
    tests = re.findall(r"^(All tests passed.*|test cases: .*)", text, re.MULTILINE)
    clean = bool(summary) and all(re.match(r"0 (errors|hazards)", line) for line in summary)
    line = "; ".join(summary + tests) or "no summary"
    return clean and bool(tests) and tests[-1].startswith("All"), line


def judge_kernels(out):
    cases = load(out / "kernels.json")["cases"]
    bad = [case["name"] for case in cases if not case["passed"]]
    text = f"{len(cases) - len(bad)} of {len(cases)} cases have the bits of the CPU"
    return bool(cases) and not bad, text + (f"; not {', '.join(bad)}" if bad else "")


def judge_train_step(out):
    results = load(out / "train_step.json")["results"]
    return bool(results), "; ".join(
        f"{one['subject']}: {seconds(one['contenders'][0]['median_seconds'])}" for one in results)


def judge_pytorch(out):
    report = load(out / "pytorch.json")
    return not report["failed"], f"PyTorch {report['torch']}, {len(report['cases'])} cases, {report['failed']} failed"


def judge(stage, out):
    if stage == "build":
        return True, ""
    try:
        if stage in ("memcheck", "racecheck", "initcheck", "synccheck"):
            return judge_sanitizer(out, stage)
        return globals()[f"judge_{stage}"](out)
    except (OSError, ValueError, KeyError, IndexError, TypeError, xml.etree.ElementTree.ParseError) as error:
        return False, f"no result: {error}"


# ---- the report


def seconds(value):
    for unit, scale in (("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3)):
        if value < 1e3 * scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value:.3g} s"


def spread(times):
    return f"{seconds(times['median'])} [{seconds(times['min'])}, {seconds(times['max'])}]"


def table(head, rows):
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    return ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head)] + cells] + [""]


def join(cases, pytorch):
    """Adds PyTorch's times to the cases of the same name; a peer's ratio is its time over ours."""
    for case in cases:
        for found in pytorch:
            if found["name"] == case["name"] and case["passed"]:
                which = f"{case['counts']}_seconds"
                peer = {"name": found["peer"], "device_seconds": found["device_seconds"],
                        "call_seconds": found["call_seconds"],
                        "ratio": found[which]["median"] / case[which]["median"]}
                case["peers"].append(peer)


def peer_cell(case, wanted):
    which = f"{case['counts']}_seconds"
    cells = [f"{peer['name'].removeprefix('PyTorch ')}: " * (peer["name"] != wanted) +
             f"{seconds(peer[which]['median'])} ({peer['ratio']:.2f})"
             for peer in case["peers"] if peer["name"].startswith(wanted)]
    return "; ".join(cells)


def kernel_rows(cases):
    for case in cases:
        if not case["passed"]:
            yield [case["name"], "**failed**", case.get("error", ""), "", "", "", ""]
            continue
        share = f"{100 * case['share_of_floor']:.0f}% ({case['floor']})" if "share_of_floor" in case else ""
        device, call = spread(case["device_seconds"]), seconds(case["call_seconds"]["median"])
        if case["counts"] == "call":
            device, call = seconds(case["device_seconds"]["median"]), spread(case["call_seconds"])
        yield [case["name"], device, call, case.get("rate", ""), share, peer_cell(case, "cublas"),
               peer_cell(case, "PyTorch")]


def markdown(report):
    facts = report["facts"]
    lines = [f"# {facts['card']}", "", "Written by `scripts/gpu_check`.", ""]
    lines += table(["", ""], facts.items()) + ["## Stages", ""]
    lines += table(["Stage", "", "Seconds", ""],
                   [[s["name"], s["status"], s["seconds"], s["text"]] for s in report["stages"]])
    if "kernels" in report:
        card = report["kernels"]["card"]
        lines += ["## Kernels", "",
                  "Every case was first held to the bits of the CPU; matrix products above 3e10 operations in every "
                  "8th row.",
                  "Medians of 21 rounds, their range in brackets. Device: one of many calls that wait in line for the "
                  "device; call: one with the host's part.",
                  "The floor is the least that has to be moved, at the "
                  f"{card['copy_bytes_per_second'] * 1e-9:.0f} GB/s of a large copy in the same run (a kernel that mostly reads can beat it), or computed, at the "
                  f"{card['fp32_flops_per_second'] * 1e-12:.1f} TFLOP/s that {card['multiprocessors']} "
                  f"multiprocessors reach at {card['clock_mhz']:.0f} MHz.",
                  "A peer's number in brackets is its time over ours: above 1 tenon is faster. cuBLAS, in float32 "
                  "throughout, took turns with tenon; PyTorch ran in a process of its own.", ""]
        lines += table(["Case", "Device", "Call", "Rate", "Of the floor", "cuBLAS", "PyTorch"],
                       kernel_rows(report["kernels"]["cases"]))
    if "train_step" in report:
        lines += ["## Training steps, with the host's part (bench_train_step)", ""]
        lines += table(["Step", "", "Median", "Middle 80%", "Ratio"],
                       [[result["subject"], one["name"], seconds(one["median_seconds"]),
                         f"{seconds(one['p10_seconds'])} to {seconds(one['p90_seconds'])}",
                         f"{one['ratio_to_tenon']:.2f}"]
                        for result in report["train_step"]["results"] for one in result["contenders"]])
    return "\n".join(lines)


def write(out, name):
    def split(line):
        return line.rstrip("\n").split("\t")

    report = {"facts": dict(split(line) for line in (out / "facts.tsv").open(encoding="utf-8")), "stages": []}
    for path in sorted((out / "stages").iterdir()):
        stage = dict(zip(("name", "status", "seconds", "text"), split(path.read_text(encoding="utf-8"))))
        report["stages"].append(stage | {"seconds": int(stage["seconds"])})
    for part in ("flagship", "kernels", "train_step", "pytorch"):
        if (out / f"{part}.json").exists():
            report[part] = load(out / f"{part}.json")
    if "flagship" in report:
        report["flagship"] = {key: report["flagship"][key] for key in ("device", "verify") if key in report["flagship"]}
    if "kernels" in report:
        join(report["kernels"]["cases"], report.get("pytorch", {}).get("cases", []))
    for base in [out / "report"] + ([name] if name else []):
        pathlib.Path(f"{base}.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        pathlib.Path(f"{base}.md").write_text(markdown(report), encoding="utf-8")
        print(f"{base}.md")
    stages = report["stages"]
    for stage in stages:
        print(f"  {stage['name']:<12} {stage['status']:<8} {stage['seconds']:>4} s  {stage['text']}")
    passed = sum(stage["status"] == "passed" for stage in stages)
    print(f"{passed} of {len(stages)} stages passed in {report['facts']['seconds']} s")
    return passed == len(stages) > 0


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "judge":
        good, text = judge(arguments[1], pathlib.Path(arguments[2]))
        print(text.replace("\t", " ").replace("\n", " "))
    elif len(arguments) in (2, 3) and arguments[0] == "write":
        good = write(pathlib.Path(arguments[1]), arguments[2] if len(arguments) == 3 else None)
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
