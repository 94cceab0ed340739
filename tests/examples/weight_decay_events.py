#!/usr/bin/env python3
"""Reads the event files of the weight-decay example with TensorBoard's own code: weight_decay_events.py PROGRAM READ_EVENTS

READ_EVENTS is tests/io/read_events.py. Skips (exit status 77) without the tensorboard package, but fails where CI is set.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile

EPOCHS = 3


def main(program, read_events):
    if importlib.util.find_spec("tensorboard") is None:
        print("no Python package tensorboard: scripts/test installs it into build/venv", file=sys.stderr)
        return 1 if os.environ.get("CI") else 77
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([program, "--epochs", str(EPOCHS), "--logdir", directory, "--quiet"], check=True)
        expected = []  # one chart per decay, one per loss, and what else compares the runs
        for decay in (0, 3):
            expected += [f"exp1/wd={decay}:decay_share:{EPOCHS}", f"exp1/wd={decay}:weights:2"]
            for loss in ("train_loss", "test_loss"):
                expected += [f"exp1/wd={decay}_{loss}:wd={decay}:{EPOCHS}", f"exp1/wd={decay}:{loss}:{EPOCHS}"]
        return subprocess.run([sys.executable, read_events, directory, "--expect", *expected], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
