#!/usr/bin/env python3
"""Fits the polynomials of kernels/arith/math.h and kernels/arith/philox.h: weighted minimax at 40 digits, coefficients
rounded to float32 (those of pow to float64) one by one, lowest order first, refitting the others after each.

    scripts/fit_polynomials.py           prints coefficients and the largest relative error of each polynomial
    scripts/fit_polynomials.py --check   compares with the constants in the headers; exit status 1 on a difference
"""
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


def to_float32(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def to_float64(x):
    return mpf(float(x))


def hex_float(x, kind="float"):
    """C++ spelling of a number that the type `kind` holds exactly."""
    mantissa, exponent = float(x).hex().split("p")
    mantissa = mantissa.rstrip("0")
    return f"{mantissa}{'0' if mantissa.endswith('.') else ''}p{exponent}{'f' if kind == 'float' else ''}"


def minimax(values, weights, basis):
    """Coefficients of the basis rows that make the largest weights * |sum - values| least: Lawson's iteratively reweighted
    least squares, which unlike an exchange needs no Haar condition (x^3 q(x) on both sides of 0 has none)."""
    points, count = len(values), len(basis)
    scaled = [[b * w for b, w in zip(row, weights)] for row in basis]
    goal = [v * w for v, w in zip(values, weights)]
    lawson = [mpf(1) / points] * points
    best, least = None, mp.inf
    for _ in range(60):
        system = mp.matrix(count, count)
        right = mp.matrix(count, 1)
        for i in range(count):
            row = [l * x for l, x in zip(lawson, scaled[i])]
            right[i] = mp.fdot(row, goal)
            for j in range(i, count):
                system[i, j] = system[j, i] = mp.fdot(row, scaled[j])
        solution = mp.lu_solve(system, right)
        errors = [abs(mp.fdot(solution, column) - g) for column, g in zip(zip(*scaled), goal)]
        if max(errors) < least:
            best, least = solution, max(errors)
        lawson = [l * e for l, e in zip(lawson, errors)]
        total = mp.fsum(lawson)
        if total == 0:
            break
        lawson = [l / total for l in lawson]
    return list(best)


def fit(function, fixed, powers, low, high, rounded=to_float32):
    """function(x) ~ sum of fixed {power: coefficient} + fitted coefficients of `powers`, relative error."""
    nodes = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (i + mpf(1) / 2) / 160) for i in range(160)]
    weights = [1 / abs(function(x)) for x in nodes]
    rest = [function(x) - sum(c * x**p for p, c in fixed.items()) for x in nodes]
    known = dict(fixed)
    left = list(powers)
    while left:
        solution = minimax(rest, weights, [[x**p for x in nodes] for p in left])
        head = left.pop(0)
        known[head] = rounded(solution[0])
        rest = [r - known[head] * x**head for r, x in zip(rest, nodes)]
    grid = [low + (high - low) * (i + mpf(1) / 3) / 4000 for i in range(4000)]
    worst = max(abs(sum(c * x**p for p, c in known.items()) / function(x) - 1) for x in grid)
    return [known[p] for p in powers], worst


def polynomials():
    quarter = mp.pi / 4
    tiny = mpf(10) ** -9
    half_log_2 = mp.log(2) / 2
    atanh_limit = mp.sqrt(2) - 1
    atanh_limit = atanh_limit / (mp.sqrt(2) + 1)
    pi = to_float32(mp.pi)
    return {
        "log_c": fit(mp.log1p, {1: 1, 2: mpf(-0.5)}, range(3, 11), mpf(-1) / 3, mpf(1) / 3),
        "exp_c": fit(mp.exp, {0: 1, 1: 1}, range(2, 7), -half_log_2, half_log_2),
        "tanh_c": fit(mp.tanh, {1: 1}, [3, 5, 7, 9], tiny, mpf("0.6")),
        "sin_c": fit(mp.sin, {1: 1}, [3, 5, 7, 9], tiny, quarter),
        "cos_c": fit(mp.cos, {0: 1, 2: mpf(-0.5)}, [4, 6, 8], tiny, quarter),
        "log2_c": fit(lambda x: 2 * mp.atanh(x) / mp.log(2), {}, range(1, 13, 2), tiny, atanh_limit, to_float64),
        "exp2_c": fit(lambda x: mpf(2) ** x, {0: 1}, range(1, 9), mpf(-1) / 2, mpf(1) / 2, to_float64),
        "sin_turn_c": fit(lambda x: mp.sin(mp.pi * x), {1: pi}, [3, 5, 7], tiny, mpf(1) / 4),
        "cos_turn_c": fit(lambda x: mp.cos(mp.pi * x), {0: 1}, [2, 4, 6, 8], tiny, mpf(1) / 4),
    }


DOUBLES = {"log2_c", "exp2_c"}  # the other constants are floats


def kind_of(name):
    return "double" if name in DOUBLES else "float"


def split_constant(x, parts):
    result = []
    for _ in range(parts):
        result.append(to_float32(x))
        x -= result[-1]
    return result


def constants():
    """Names of kernels/arith/math.h and kernels/arith/philox.h, each with its values."""
    log_2_high = mpf(int(mp.log(2) * 2**16)) / 2**16  # 16 bits: its product with an exponent is exact
    result = {
        "half_pi": split_constant(mp.pi / 2, 3),
        "two_over_pi": [to_float32(2 / mp.pi)],
        "log2_e": [to_float32(1 / mp.log(2))],
        "log_2": split_constant(mp.log(2), 2),
        "exp_log_2": [log_2_high, to_float32(mp.log(2) - log_2_high)],
        "pi": [to_float32(mp.pi)],
    }
    errors = {}
    for name, (coefficients, worst) in polynomials().items():
        result[name] = coefficients
        errors[name] = worst
    return result, errors


def main():
    result, errors = constants()
    if "--check" not in sys.argv[1:]:
        for name, values in result.items():
            note = f"  // largest relative error {mp.nstr(errors[name], 3)}" if name in errors else ""
            text = ", ".join(hex_float(v, kind_of(name)) for v in values)
            if len(values) == 1:
                print(f"inline constexpr {kind_of(name)} {name} = {text};{note}")
            else:
                print(f"TENON_CONSTANTS {kind_of(name)} {name}[] = {{{text}}};{note}")
        return 0
    kernels = pathlib.Path(__file__).resolve().parent.parent / "kernels"
    source = "".join((kernels / "arith" / name).read_text() for name in ("math.h", "philox.h"))
    bad = 0
    for name, values in result.items():
        kind = kind_of(name)
        found = re.search(rf"(?:constexpr|TENON_CONSTANTS) {kind} {name}(?:\[\])? = \{{?([^;}}]*)\}}?;", source)
        spelled = re.findall(r"-?0x[0-9a-fp.+-]+", found.group(1)) if found else []
        wanted = [hex_float(v, kind) for v in values]
        if spelled != wanted:
            bad += 1
            print(f"{name}: the headers have {spelled}, the fit gives {wanted}")
    print("fit_polynomials: all constants agree" if not bad else f"fit_polynomials: {bad} constants differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
