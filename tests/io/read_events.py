#!/usr/bin/env python3
"""Reads event files with TensorBoard's own code and compares them with the expected contents.

    read_events.py DIR [--expect [RUN:]TAG:COUNT ...] [--value [RUN:]TAG:STEP:VALUE ...]

DIR and every directory below it that holds event files is a run; RUN is its path relative to DIR, "." (the default) is DIR
itself. Prints every series. With --expect, exactly the given series must be there, each with COUNT points (scalars or
histograms) at increasing steps. With --value, a scalar must be VALUE rounded to float32. Exit status: 0 if all is as
expected, 1 if not. Needs `pip install tensorboard`.
"""

import argparse
import math
import os
import struct
import sys

from tensorboard.backend.event_processing import event_accumulator, event_file_loader


def event_paths(directory):
    return sorted(os.path.join(directory, name) for name in os.listdir(directory) if ".tfevents." in name)


def runs(root):
    for directory, _, _ in os.walk(root):
        if event_paths(directory):
            yield os.path.relpath(directory, root), directory


def read(root):
    """{(run, tag): [(step, value)]}; the value of a histogram is None."""
    series = {}
    for run, directory in runs(root):
        for path in event_paths(directory):
            first = next(event_file_loader.EventFileLoader(path).Load())
            if first.file_version != "brain.Event:2":
                sys.exit(f"{path}: does not begin with its version")
        accumulator = event_accumulator.EventAccumulator(directory, size_guidance={"scalars": 0, "histograms": 0})
        accumulator.Reload()
        tags = accumulator.Tags()
        for tag in tags["scalars"]:
            series[run, tag] = [(event.step, event.value) for event in accumulator.Scalars(tag)]
        for tag in tags["histograms"]:
            events = accumulator.Histograms(tag)
            series[run, tag] = [(event.step, None) for event in events]
            for event in events:
                histogram = event.histogram_value
                if sum(histogram.bucket) != histogram.num:
                    sys.exit(f"{run}: {tag}: the buckets do not add up to the number of values")
    return series


def split(text, fields):
    """[RUN:]TAG:... into a run, a tag and the last `fields` parts."""
    parts = text.rsplit(":", fields)
    run, colon, tag = parts[0].partition(":")
    return (run, tag, *parts[1:]) if colon else (".", run, *parts[1:])


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--expect", nargs="+", action="extend", default=[], metavar="[RUN:]TAG:COUNT")
    parser.add_argument("--value", nargs="+", action="extend", default=[], metavar="[RUN:]TAG:STEP:VALUE")
    arguments = parser.parse_args()

    series = read(arguments.directory)
    for (run, tag), points in sorted(series.items()):
        first, last = points[0], points[-1]
        print(f"{run}: {tag}: {len(points)} points, from step {first[0]}: {first[1]} to step {last[0]}: {last[1]}")

    mistakes = []
    expected = {}
    for text in arguments.expect:
        run, tag, count = split(text, 1)
        expected[run, tag] = int(count)
    if expected:
        for key in sorted(expected.keys() | series.keys()):
            found = len(series.get(key, []))
            if found != expected.get(key, 0):
                mistakes.append(f"{key[0]}: {key[1]}: {found} points, not {expected.get(key, 0)}")
        for key, points in series.items():
            if any(a[0] >= b[0] for a, b in zip(points, points[1:])):
                mistakes.append(f"{key[0]}: {key[1]}: the steps do not increase")
    for text in arguments.value:
        run, tag, step, value = split(text, 2)
        found = dict(series.get((run, tag), [])).get(int(step))
        wanted = float32(float(value))
        if found is None or not (found == wanted or math.isnan(found) and math.isnan(wanted)):
            mistakes.append(f"{run}: {tag}: step {step} is {found}, not {wanted}")
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
