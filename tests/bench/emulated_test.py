#!/usr/bin/env python3
"""tenon_bench_emulated on some of its rows: emulated_test.py PROGRAM"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAM = sys.argv[1]
FILTER = "^(elementwise/add|reduce/sum|matmul/square|matmul/ladder_._[a-z_]*|optimizer/sgd|layout/transpose|random/randn|step/mlp|step/mlp_40_at_once)/"

with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "counters.json")
    subprocess.run([PROGRAM, "--filter", FILTER, "--size", "2000,64x64x64,4x500,48x40,5x20x1", "--json", path],
                   check=True, timeout=250)
    rows = {row["name"]: row for row in json.loads(path.read_text())["rows"]}
    for name, row in rows.items():
        assert "failure" not in row, (name, row)
        assert row["launches"], name
    add = rows["elementwise/add/2000"]["launches"]
    assert len(add) == 1 and 32 * add[0]["sectors"] == add[0]["global_bytes"] == 24000, add  # all of it coalesced
    assert len(rows["step/mlp/5x20x1"]["launches"]) >= 4, rows["step/mlp/5x20x1"]
    for name in ("reduce/sum/2000", "matmul/square/64x64x64", "optimizer/sgd/4x500", "layout/transpose/48x40",
                 "random/randn/2000"):
        assert name in rows, name
    at_once = rows["step/mlp_40_at_once/5x20x1"]["launches"]
    assert len(at_once) == 1 and "train_network" in at_once[0]["kernel"], at_once
    # Each rung of the ladder runs its own kernel, and removes what limits the one before.
    ladder = {name.split("/")[1][9:]: row["launches"][0] for name, row in rows.items() if re.search("/ladder_.*/64x64x64", name)}
    assert len(ladder) == 9, ladder.keys()
    for name, launch in ladder.items():
        kernel = "matmul_" + ("tiles" if name == "pipelined" else name)
        assert kernel in launch["kernel"], (name, launch)
    assert ladder["naive"]["sectors"] > 3 * ladder["coalesced"]["sectors"], ladder
    assert ladder["coalesced"]["global_requests"] > 20 * ladder["shared_tile"]["global_requests"], ladder
    assert ladder["shared_tile"]["shared_wavefronts"] > 1.5 * ladder["thread_column"]["shared_wavefronts"], ladder
    assert ladder["thread_tile"]["global_requests"] > 3 * ladder["vectorized"]["global_requests"], ladder
    assert ladder["vectorized"]["bank_conflicts"] > 4 * ladder["warp_tile"]["bank_conflicts"], ladder
