"""Where tenon deliberately differs from PyTorch."""

STRICTER = []
LAXER = []
POINTS = []


def adjust(case, kind, ours, theirs):
    return ours, theirs


def show():
    return 0


def check(run, case, ask):
    return []
