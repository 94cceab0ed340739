#!/usr/bin/env python3
"""Fits the polynomials of kernels/arith/ (float32.h, float64.h, philox.h): weighted minimax at 40 digits, coefficients
rounded to their type one by one, lowest order first, refitting the others after each.

    scripts/fit_polynomials.py           prints coefficients and the largest relative error of each polynomial
    scripts/fit_polynomials.py --check   compares with the headers; exit status 1 if a constant differs and is worse
"""
import decimal
import operator
import pathlib
import re
import struct
import sys


try:
    from mpmath import mp, mpf
except ImportError:
    print("fit_polynomials: needs the package mpmath", file=sys.stderr)
    sys.exit(77)  # CTest counts this as skipped

mp.dps = 40
decimal.getcontext().prec = 45


def to_float32(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def to_float64(x):
    return mpf(float(x))


def hex_float(x, kind):
    """C++ spelling of a number that the type `kind` holds exactly."""
    mantissa, exponent = float(x).hex().split("p")
    mantissa = mantissa.rstrip("0")
    return f"{mantissa}{'0' if mantissa.endswith('.') else ''}p{exponent}{'f' if kind == 'float' else ''}"


def dot(a, b):
    return sum(map(operator.mul, a, b))


def solve(matrix, right):
    """The solution of a symmetric positive definite system."""
    rows = [[*row, r] for row, r in zip(matrix, right)]
    for k, pivot in enumerate(rows):
        for row in rows[k + 1:]:
            factor = row[k] / pivot[k]
            row[k:] = [x - factor * y for x, y in zip(row[k:], pivot[k:])]
    solution = []
    for k in reversed(range(len(rows))):
        solution.insert(0, (rows[k][-1] - dot(rows[k][k + 1:-1], solution)) / rows[k][k])
    return solution


def minimax(values, weights, nodes, powers):
    """Coefficients of the powers that make the largest weights * |sum - values| over the nodes least: Lawson's iteratively
    reweighted least squares, which unlike an exchange needs no Haar condition (x^3 q(x) on both sides of 0 has none).
    Python's decimal numbers are many times faster than those of mpmath."""
    values, weights, nodes = ([decimal.Decimal(mp.nstr(x, mp.dps + 5)) for x in row] for row in (values, weights, nodes))
    scaled = [[w * x**p for x, w in zip(nodes, weights)] for p in powers]
    columns = list(zip(*scaled))
    goal = [v * w for v, w in zip(values, weights)]
    # Entry i, j of the system depends on powers[i] + powers[j] only.
    moments = {p + q: [w * w * x ** (p + q) for x, w in zip(nodes, weights)] for p in powers for q in powers}
    rights = [[x * g for x, g in zip(row, goal)] for row in scaled]
    lawson = [decimal.Decimal(1) / len(nodes)] * len(nodes)
    best, least = None, decimal.Decimal("inf")
    for _ in range(60):
        sums = {s: dot(lawson, row) for s, row in moments.items()}
        solution = solve([[sums[p + q] for q in powers] for p in powers], [dot(lawson, row) for row in rights])
        errors = [abs(dot(solution, column) - g) for column, g in zip(columns, goal)]
        if max(errors) < least:
            best, least = solution, max(errors)
        lawson = [l * e for l, e in zip(lawson, errors)]
        total = sum(lawson)
        if total == 0:
            break
        lawson = [l / total for l in lawson]
    return [mpf(str(x)) for x in best]


def fit(rounded, function, fixed, powers, low, high, weight=None):
    """function(x) ~ sum of fixed {power: coefficient} + fitted coefficients of `powers`. The error is relative, or times
    weight(x)."""
    weight = weight or (lambda x: 1 / abs(function(x)))
    nodes = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (i + mpf(1) / 2) / 160) for i in range(160)]
    weights = [weight(x) for x in nodes]
    rest = [function(x) - sum(c * x**p for p, c in fixed.items()) for x in nodes]
    known = dict(fixed)
    left = list(powers)
    while left:
        solution = minimax(rest, weights, nodes, left)
        head = left.pop(0)
        known[head] = rounded(solution[0])
        rest = [r - known[head] * x**head for r, x in zip(rest, nodes)]
    return [known[p] for p in powers]


def largest_error(coefficients, function, fixed, powers, low, high, weight=None):
    """Of a polynomial that fit() gave, likewise."""
    weight = weight or (lambda x: 1 / abs(function(x)))
    terms = {**fixed, **dict(zip(powers, coefficients))}
    grid = [low + (high - low) * (i + mpf(1) / 3) / 4000 for i in range(4000)]
    return max(abs(sum(c * x**p for p, c in terms.items()) - function(x)) * weight(x) for x in grid)


def polynomials():
    """By type and name: the arguments of fit."""
    quarter = mp.pi / 4
    tiny = mpf(10) ** -9
    log_2 = mp.log(2)
    root_limit = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)  # of q = (m - 1) / (m + 1) for m between sqrt(1/2) and sqrt(2)

    def sin_turn(x):
        return mp.sin(mp.pi * x)

    def cos_turn(x):
        return mp.cos(mp.pi * x)

    def log2_of(q):
        return 2 * mp.atanh(q) / log_2

    def rest_of_erf(x):
        return mp.erf(x) - x

    def per_erf(x):
        return 1 / mp.erf(x)

    def log_erfc(x):
        return mp.log(mp.erfc(x))

    def erfc_per_erf(x):  # an error of log(erfc(x)) as a relative one of erf(x)
        return mp.erfc(x) / mp.erf(x)

    two = {f"log2_c{p}": sum(split_constant(2 / log_2 / p, 2, to_float64)) for p in (1, 3)}
    return {
        ("float", "log_c"): (mp.log1p, {1: 1, 2: mpf(-0.5)}, range(3, 11), mpf(-1) / 3, mpf(1) / 3),
        ("float", "exp_c"): (mp.exp, {0: 1, 1: 1}, range(2, 7), -log_2 / 2, log_2 / 2),
        ("float", "tanh_c"): (mp.tanh, {1: 1}, [3, 5, 7, 9], tiny, mpf("0.6")),
        ("float", "sin_c"): (mp.sin, {1: 1}, [3, 5, 7, 9], tiny, quarter),
        ("float", "cos_c"): (mp.cos, {0: 1, 2: mpf(-0.5)}, [4, 6, 8], tiny, quarter),
        ("float", "erf_c"): (rest_of_erf, {}, range(1, 12, 2), tiny, mpf("0.93"), per_erf),
        ("float", "log_erfc_c"): (log_erfc, {}, range(7), mpf("0.93"), mpf("3.93"), erfc_per_erf),
        ("float", "atan_c"): (mp.atan, {1: 1}, range(3, 18, 2), tiny, mpf(1)),
        ("double", "log2_c"): (log2_of, {}, range(1, 13, 2), tiny, root_limit),
        ("double", "exp2_c"): (lambda x: mpf(2) ** x, {0: 1}, range(1, 9), mpf(-1) / 2, mpf(1) / 2),
        ("float", "sin_turn_c"): (sin_turn, {1: to_float32(mp.pi)}, [3, 5, 7], tiny, mpf(1) / 4),
        ("float", "cos_turn_c"): (cos_turn, {0: 1}, [2, 4, 6, 8], tiny, mpf(1) / 4),
        ("double", "log64_c"): (lambda s: 2 * mp.atanh(s), {1: 2}, range(3, 16, 2), tiny, root_limit),
        ("double", "exp64_c"): (mp.exp, {0: 1, 1: 1}, range(2, 12), -log_2 / 2, log_2 / 2),
        ("double", "tanh64_c"): (mp.tanh, {1: 1}, range(3, 24, 2), tiny, mpf("0.551")),
        ("double", "sin64_c"): (mp.sin, {1: 1}, range(3, 14, 2), tiny, quarter),
        ("double", "cos64_c"): (mp.cos, {0: 1, 2: mpf(-0.5)}, range(4, 15, 2), tiny, quarter),
        ("double", "log2_64_c"): (
            log2_of, {1: two["log2_c1"], 3: two["log2_c3"]}, range(5, 18, 2), tiny, root_limit),
        ("double", "exp2_64_c"): (lambda x: mpf(2) ** x, {0: 1}, range(1, 12), mpf(-1) / 2, mpf(1) / 2),
        ("double", "erf64_c"): (rest_of_erf, {}, range(1, 26, 2), tiny, mpf(1), per_erf),
        ("double", "log_erfc64_c"): (lambda t: log_erfc(t + 3), {}, range(19), mpf(-2), mpf("2.95"),
                                     lambda t: erfc_per_erf(t + 3)),
        ("double", "atan64_c"): (mp.atan, {1: 1}, range(3, 26, 2), tiny, mp.tan(mp.pi / 8)),
        ("double", "sin_turn64_c"): (sin_turn, {1: to_float64(mp.pi)}, range(3, 14, 2), tiny, mpf(1) / 4),
        ("double", "cos_turn64_c"): (cos_turn, {0: 1}, range(2, 15, 2), tiny, mpf(1) / 4),
    }


ROUNDED = {"float": to_float32, "double": to_float64}


def split_constant(x, parts, rounded):
    result = []
    for _ in range(parts):
        result.append(rounded(x))
        x -= result[-1]
    return result


def constants():
    """By type and name: the values in the headers of kernels/arith/."""
    with mp.workdps(80):
        log_2_high = mpf(int(mp.log(2) * 2**16)) / 2**16  # 16 bits: its product with an exponent is exact
        result = {
            ("float", "half_pi"): split_constant(mp.pi / 2, 3, to_float32),
            ("float", "two_over_pi"): [to_float32(2 / mp.pi)],
            ("float", "log2_e"): [to_float32(1 / mp.log(2))],
            ("float", "log_2"): split_constant(mp.log(2), 2, to_float32),
            ("float", "exp_log_2"): [log_2_high, to_float32(mp.log(2) - log_2_high)],
            ("float", "pi"): [to_float32(mp.pi)],
            ("double", "half_pi64"): split_constant(mp.pi / 2, 3, to_float64),
            ("double", "two_over_pi64"): [to_float64(2 / mp.pi)],
            ("double", "log2_e64"): [to_float64(1 / mp.log(2))],
            ("double", "log_2_64"): split_constant(mp.log(2), 2, to_float64),
            ("double", "log2_c1"): split_constant(2 / mp.log(2), 2, to_float64),
            ("double", "log2_c3"): split_constant(2 / mp.log(2) / 3, 2, to_float64),
            ("double", "pi64"): [to_float64(mp.pi)],
        }
    for (kind, name), arguments in polynomials().items():
        result[kind, name] = fit(ROUNDED[kind], *arguments)
    return result


def main():
    result, fitted = constants(), polynomials()
    if "--check" not in sys.argv[1:]:
        for (kind, name), values in result.items():
            arguments = fitted.get((kind, name))
            note = f"  // largest relative error {mp.nstr(largest_error(values, *arguments), 3)}" if arguments else ""
            text = ", ".join(hex_float(v, kind) for v in values)
            if len(values) == 1:
                print(f"inline constexpr {kind} {name} = {text};{note}")
            else:
                print(f"TENON_CONSTANTS {kind} {name}[] = {{{text}}};{note}")
        return 0
    folder = pathlib.Path(__file__).resolve().parent.parent / "kernels" / "arith"
    source = "".join((folder / name).read_text() for name in ("float32.h", "float64.h", "philox.h"))
    bad = 0
    for (kind, name), values in result.items():
        found = re.search(rf"(?:constexpr|TENON_CONSTANTS) {kind} {name}(?:\[\])? = \{{?([^;}}]*)\}}?;", source)
        spelled = re.findall(r"-?0x[0-9a-fp.+-]+", found.group(1)) if found else []
        wanted = [hex_float(v, kind) for v in values]
        if spelled == wanted:
            continue
        # The last coefficients of a high degree depend on the number of digits; then the error must be as small.
        arguments = fitted.get((kind, name))
        if arguments and len(spelled) == len(wanted):
            found, best = (largest_error(c, *arguments) for c in (map(mpf, map(float.fromhex, spelled)), values))
            if found <= best * mpf("1.0001"):
                continue
        bad += 1
        print(f"{name}: the headers have {spelled}, the fit gives {wanted}")
    print("fit_polynomials: all constants agree" if not bad else f"fit_polynomials: {bad} constants differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
