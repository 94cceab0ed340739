#!/usr/bin/env python3
"""Writes the CPU tables of README.md's section Speed from reports of tenon_bench: speed_table.py REPORT.json... [--check]

They stand between two markers, the first of which names the reports, of one machine: chosen rows, then for each peer
the geometric mean of all rows, the number of rows below 0.95, and the worst of them. --check changes nothing, takes the
reports that README.md names, and fails if the tables are not theirs.
"""

import argparse
import collections
import difflib
import json
import math
import pathlib
import re
import sys
import textwrap

from gpu_report import seconds, table

ROOT = pathlib.Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BEGIN, END = "<!-- {}, written by scripts/speed_table.py -->", "<!-- end of the table -->"
PLACE = re.compile(r"<!-- ([^,]+), written by scripts/speed_table\.py -->\n.*?<!-- end of the table -->", re.DOTALL)
# What people ask first: (row, threads, words)
CHOSEN = [
    ("step/mlp/5x200x1", 1, "training step: 200 -> 1, batch 5"),
    ("step/mlp/32x64x128x10", 1, "training step: 64 -> 128 -> 10, relu, batch 32"),
    ("step/mlp/64x512x512x512x512", 1, "training step: 4 layers of 512, batch 64"),
    ("step/mlp/64x512x512x512x512", 2, "the same, two threads"),
    ("overhead/add/10", 1, "`a + b`, 10 numbers"),
    ("overhead/backward/10", 1, "backward through 3 operations, 10 numbers"),
    ("elementwise/add/100000", 1, "`a + b`, 10^5 numbers"),
    ("elementwise/add/10000000", 1, "`a + b`, 10^7 numbers"),
    ("elementwise/exp/100000", 1, "`exp`, 10^5 numbers"),
    ("reduce/sum/100000", 1, "`sum`, 10^5 numbers"),
    ("loss/mse_with_gradient/100000", 1, "`mse_loss` and its gradient, 10^5 numbers"),
    ("layout/transpose/3000x3000", 1, "`t().contiguous()`, 3000 x 3000"),
    ("random/randn/10000000", 1, "`randn`, 10^7 numbers"),
    ("layer/layer_norm/512x1024", 1, "`layer_norm`, 512 rows of 1024"),
    ("optimizer/sgd_momentum/100x10000", 1, "SGD with momentum, 100 tensors of 10^4"),
    ("matmul/square/128x128x128", 1, "`matmul` 128"),
    ("matmul/square/512x512x512", 1, "`matmul` 512"),
    ("matmul/square/2048x2048x2048", 1, "`matmul` 2048"),
    ("matmul/square/2048x2048x2048", 2, "`matmul` 2048, two threads"),
]


def tables(paths):
    reports = [json.loads((ROOT / path).read_text(encoding="utf-8")) for path in paths]
    context = reports[0]["context"]
    for path, report in zip(paths, reports):
        for key in ("processor", "isa", "compiler", "peers"):
            if report["context"][key] != context[key]:
                sys.exit(f"speed_table: {paths[0]} and {path} differ in {key}")
    commits = dict.fromkeys(report["context"]["commit"] for report in reports)
    rows = {(row["name"], row["threads"]): row for report in reports for row in report["rows"]}
    failed = [name for (name, _), row in rows.items() if "failure" in row]
    if failed:
        sys.exit(f"speed_table: there are failed rows: {', '.join(failed)}")
    peers = list(context["peers"])
    text = (f"{context['processor']}, {context['cores']} cores, {context['isa'].upper()}; {context['compiler']}; "
            + ", ".join(f"{name} {version.split()[0]}" for name, version in context["peers"].items())
            + f"; {context['date']}, {'commits' if len(commits) > 1 else 'commit'} {' and '.join(commits)}. A peer's number is "
            "its time divided by tenon's: above 1 tenon is faster.")
    chosen = []
    for name, threads, words in CHOSEN:
        row = rows.get((name, threads))
        if row is None:
            sys.exit(f"speed_table: no report has the row {name} with {threads} threads")
        ratios = {one["name"]: f"{one['ratio']:.2f}" for one in row["contenders"][1:]}
        share = f"{100 * row['roof']['share']:.0f} %" if "roof" in row else ""
        chosen.append([words, seconds(row["contenders"][0]["median_seconds"]), share,
                       *(ratios.get(peer, "") for peer in peers)])
    by_peer = collections.defaultdict(list)
    for (name, threads), row in rows.items():
        for one in row["contenders"][1:]:
            by_peer[threads, one["name"]].append((one["ratio"], name))
    summary = []
    for (threads, peer), ratios in sorted(by_peer.items()):
        mean = math.exp(sum(math.log(ratio) for ratio, _ in ratios) / len(ratios))
        below = sum(ratio < 0.95 for ratio, _ in ratios)
        worst, name = min(ratios)
        summary.append([f"{peer}, {threads} thread{'s' * (threads > 1)}", len(ratios), f"{mean:.2f}", below,
                        f"{worst:.2f}, `{name}`"])
    lines = [*textwrap.wrap(text, 120), "", *table(["", "tenon", "of the roof", *peers], chosen),
             *table(["", "rows", "geometric mean", "rows below 0.95", "the worst"], summary)[:-1]]
    return "\n".join([BEGIN.format(" ".join(paths)), *lines, END])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("reports", nargs="*", help="relative to the root of the source tree")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the table is not the report's")
    options = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    found = PLACE.search(text)
    if not found:
        sys.exit("speed_table: README.md has no markers")
    new = text[:found.start()] + tables(options.reports or found[1].split()) + text[found.end():]
    if options.check:
        sys.stdout.writelines(difflib.unified_diff(text.splitlines(True), new.splitlines(True), "README.md", "its reports"))
        return int(text != new)
    README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
