#!/usr/bin/env python3
"""Checks the compiled CUDA kernels: check_kernels.py OBJECT...

OBJECT... are all objects of kernels/*.cu. For every architecture in them, it checks
  PTX        that every float operation rounds to nearest, without contraction: .rn, no .ftz, no .approx
  resources  that no kernel uses a stack, which holds spilled registers and local arrays
  SASS       that no float atomics and, but for one kernel, no tensor cores are used, and that kernels designed to move
             16 bytes at a time, or to keep their tile in registers, do so (MINIMA)
and prints a table. Exit status 1 if a check fails.

It needs cuobjdump and nvdisasm, from a CUDA toolkit or the Python packages nvidia-cuda-cuobjdump and
nvidia-cuda-nvdisasm. Without them the exit status is 77, or 1 if CI is in the environment.
"""

import collections
import glob
import os
import re
import shutil
import subprocess
import sys
import sysconfig

# Names are demangled, without namespaces and arguments.

# Minimum instruction counts that the design implies for each kernel. Sums and products show how a count arises.
FUNCTOR = r"[A-Z]\w*(<[^<>]*>)?"
TENSOR_CORES = r"matmul_tensor_cores<{}>"
TILES = r"matmul_tiles<Tile<{}>, (float|double), (true|false), (true|false), (true|false)>"
MINIMA = {
    # The ladder: what is left in the main loop besides multiply-adds becomes less from rung to rung.
    r"matmul_(naive|coalesced)<float>": {"% FMA": 8},
    r"matmul_shared_tile<float>": {"% FMA": 24},
    r"matmul_thread_column<float>": {"% FMA": 49},
    r"matmul_thread_tile<float>": {"% FMA": 68},
    r"matmul_(vectorized|warp_tile)<float, true>": {"% FMA": 86, "LDG.E.128": 2, "LDS.128": 4 * 8, "STG.E.128": 16},
    r"matmul_(vectorized|warp_tile)<double, true>": {"% FMA": 63, "LDG.E.128": 2, "LDS.128": 4 * 8, "STG.E.128": 8},
    # (The main loop of the tiles also has the code for steps that do not exist in full.)
    # fma: TM x TN x BK. Shared: (TM + TN) / W packs per k, and sums that are kept there. Stores: a part, and C.
    TILES.format("float, 64, 128, 16, 32, 64, 8, 8, 3"): {"FFMA": 1024, "LDS.128": 16 * 4 + 16, "STG.E.128": 2 * 16,
                                                               "% FMA": 80},
    TILES.format("float, 64, 64, 16, 32, 32, 8, 4, 3"): {"FFMA": 512, "LDS.128": 16 * 3, "STG.E.128": 2 * 8},
    TILES.format("float, 64, 32, 32, 32, 16, 4, 4, 3"): {"FFMA": 512, "LDS.128": 32 * 2, "STG.E.128": 2 * 4},
    TILES.format("double, 64, 64, 8, 32, 32, 8, 4, 2"): {"DFMA": 256, "LDS.128": 8 * 6, "STG.E.128": 2 * 16},
    # (Here it also has the code that goes to the next tile.)
    r"matmul_persistent<Tile<float, .*>": {"FFMA": 1024, "LDS.128": 16 * 4, "STG.E.128": 16, "% FMA": 60},
    r"matmul_persistent<Tile<double, .*>": {"DFMA": 256, "LDS.128": 8 * 6, "STG.E.128": 16, "% FMA": 31},
    r"matmul_elements<float>": {"FFMA": 8},
    r"matmul_elements<double>": {"DFMA": 8},
    # Two steps of 128 bytes per line in the loop, each multiplied by 32 bytes; their loads also precede the loop.
    r"matmul_skinny<float, true, true>": {"FFMA": 2 * 32 * 8, "LDG.E.128": 2 * 2 * 8, "STS.128": 2 * 8},
    r"matmul_skinny<double, true, true>": {"DFMA": 2 * 16 * 4, "LDG.E.128": 2 * 2 * 8, "STS.128": 2 * 8},
    r"matmul_skinny<float, false, false>": {"FFMA": 2 * 32 * 8, "LDG.E": 2 * 2 * 32},
    r"matmul_skinny<double, false, false>": {"DFMA": 2 * 16 * 4, "LDG.E.64": 2 * 2 * 16},
    # 16 bytes of the widest operand, loaded or stored once each.
    rf"map_dense<4, {FUNCTOR}, float, float>": {"LDG.E.128": 1, "STG.E.128": 1},
    rf"map_dense<4, {FUNCTOR}, float, float, float>": {"LDG.E.128": 2, "STG.E.128": 1},
    rf"map_dense<4, {FUNCTOR}, float, float, float, float>": {"LDG.E.128": 3, "STG.E.128": 1},
    rf"map_dense<2, {FUNCTOR}, (double, double|long, long)>": {"LDG.E.128": 1, "STG.E.128": 1},
    rf"map_dense<2, {FUNCTOR}, (double, double, double|long, long, long)>": {"LDG.E.128": 2, "STG.E.128": 1},
    rf"map_dense<2, {FUNCTOR}, double, double, double, double>": {"LDG.E.128": 3, "STG.E.128": 1},
    rf"map_dense<16, {FUNCTOR}, unsigned char, unsigned char>": {"LDG.E.128": 1, "STG.E.128": 1},
    rf"map_dense<16, {FUNCTOR}, unsigned char, unsigned char, unsigned char>": {"LDG.E.128": 2, "STG.E.128": 1},
    r"map_dense<(4|2), (Eq|Ne|Lt|Le|Gt|Ge), unsigned char, (float, float|double, double|long, long)>": {"LDG.E.128": 2},
    r"map_dense<(4|2), Where, (float|double|long), unsigned char, .*>": {"LDG.E.128": 2, "STG.E.128": 1},
    # All loads of a thread before its first store: 16 bytes, or four indices and four elements.
    r"take<false, 1, Pack<unsigned int, 4>, .*>": {"LDG.E.128": 1, "STG.E.128": 1},
    r"take<(true|false), 4, unsigned int, unsigned int>": {"LDG.E.64": 4, "LDG.E": 8, "STG.E": 4},
    # Four packs of a row in flight, and four of a long run on their way through shared memory.
    r"add_sorted<(float, 4|double, 2)>": {"LDG.E.128": 4 + 4, "STG.E.128": 1, "STS.128": 4},
    # Eight indices and elements in flight; nine votes for each.
    r"add_to_column<(true|false), float>": {"LDG.E.64": 8, "LDG.E": 16, "VOTE.ANY": 8 * 9},
    r"add_to_columns<float>": {"LDG.E.64": 8, "LDG.E": 16},
    # The loads of a whole chunk; of the first operand as evict-first (EF), since each element is read once.
    r"reduce_(rows|long)<(Sum|Amax), true, float, float>": {"LDG.E.EF.128": 8, "SHFL.BFLY": 8},
    r"reduce_(rows|long)<((Sum|Amax), true, double, double|Sum, true, unsigned long, long|Amax, true, long, long)>":
        {"LDG.E.EF.128": 16, "SHFL.BFLY": 16},
    r"reduce_(rows|long)<SumOf\w+, true, float, float>": {"LDG.E.EF.128": 8, "LDG.E.128": 8, "SHFL.BFLY": 8},
    r"reduce_(rows|long)<SumOf\w+, true, double, double>": {"LDG.E.EF.128": 16, "LDG.E.128": 16, "SHFL.BFLY": 16},
    # Rows in flight together, and the partials of the threads that share a column.
    r"reduce_columns<\w+, ColumnTile<(4|2), 8, 128>, .*>": {"LDG.E.128": 8, "LDS": 32, "BAR.SYNC": 2},
    r"reduce_columns<\w+, ColumnTile<(4|2), 32, 16>, .*>": {"LDG.E.128": 2, "LDS": 8, "BAR.SYNC": 2},
    r"reduce_columns<\w+, ColumnTile<1, \d+, 128>, .*>": {"LDG": 8, "LDS": 8, "BAR.SYNC": 2},
    # Both operands and the gradient, 64 bytes of each at a time.
    r"mse_chunks<true, float>": {"LDG.E.128": 4 * 2, "STG.E.128": 4},
    r"mse_chunks<true, double>": {"LDG.E.128": 2 * 4, "STG.E.128": 2 * 2},
    # Loads parameter, gradient and state, stores parameter and state, for each number of arrays that the state can have:
    # SGD's 0 or 1, Adam's 2 or 3, RMSprop's 1 to 3, Adagrad's 1.
    r"step_(short|long)<Sgd<(float|double)>(, \d+)?>": {"LDG.E.128": 3 + 2, "STG.E.128": 2 + 1},
    r"step_(short|long)<Adam<(float|double)>(, \d+)?>": {"LDG.E.128": 4 + 5, "STG.E.128": 3 + 4},
    r"step_(short|long)<RmsProp<(float|double)>(, \d+)?>": {"LDG.E.128": 3 + 4 + 5, "STG.E.128": 2 + 3 + 4},
    r"step_(short|long)<Adagrad<(float|double)>(, \d+)?>": {"LDG.E.128": 3, "STG.E.128": 2},
    # Two packs at a time, one, and the last elements of all.
    r"fill_(uniform|normal)<true, (float|double)>": {"STG.E.128": 3},
    r"fill_integers<true, .*>": {"STG.E.128": 3},
    # Through shared memory, so that loads and stores are both coalesced.
    r"copy_tiles<.*>": {"LDG": 4, "STS": 4, "LDS": 4, "STG": 4},
    r"copy_packs<float>": {"LDG.E.128": 4, "STS.128": 4, "LDS": 16, "STG.E.128": 4},
    # Four elements of each operand at a time.
    rf"map_strided<{FUNCTOR}, float, float>": {"LDG.E": 4, "STG.E": 4},
    rf"map_strided<{FUNCTOR}, float, float, float>": {"LDG.E": 8, "STG.E": 4},
}

# Of code for sm_90a, which alone has these instructions: the steps of 16 of k, copies of both operands, and registers
# that change hands.
HOPPER_MINIMA = {
    TENSOR_CORES.format("3"): {"HGMMA.64x128x16.F32.BF16": 4 * 6, "UBLKCP": 2, "USETMAXREG": 2},
    TENSOR_CORES.format("1"): {"HGMMA.64x128x16.F32.BF16": 4, "UBLKCP": 2, "USETMAXREG": 2},
}

# The share of fused multiply-adds in the main loop, a minimum like the others.
FMA_PERCENT = "% FMA"

# Tensor cores add in an unspecified order, float atomics in any; FFMA.FTZ flushes denormals. (FADD.FTZ and FMUL.FTZ
# occur in exact divisions and roots, on numbers that cannot be denormal. HFMA2.MMA moves constants.)
MMA = re.compile(r"(H|I|B|D|Q|O|U|UTC\w*|WG)?(G?)MMA\b.*")
FORBIDDEN = re.compile(r"(RED|ATOM)\w*\..*\b(F16|F32|F64|BF16)\b.*|FFMA.*\.FTZ.*")

ARITHMETIC = "add sub mul fma mad div rcp sqrt rsqrt ex2 lg2 sin cos tanh".split()

Problem = collections.namedtuple("Problem", "arch kernel wanted found")


# ---- names

def short(name):
    """A demangled name without return type, namespaces and arguments."""
    name = re.sub(r"\(anonymous namespace\)::|\b[a-z]\w*::", "", name)
    name = re.sub(r"^(void|.*\)) (?=\w)", "", name).replace("> >", ">>").replace("> >", ">>")
    depth = 0
    for i, character in enumerate(name):
        depth += (character == "<") - (character == ">")
        if character == "(" and depth == 0:
            return name[:i]
    return name


def demangle(names):
    """{mangled: short name}"""
    names = sorted(set(names))
    done = subprocess.run(["c++filt"], input="\n".join(names), text=True, capture_output=True, check=True)
    return {name: short(full) for name, full in zip(names, done.stdout.split("\n"))}


# ---- output of the tools

def parse_ptx(text):
    """{(architecture, function): set of instructions} from `cuobjdump -ptx`"""
    found, arch, function = {}, None, None
    for line in text.splitlines():
        if match := re.match(r"\s*\.target\s+(\w+)", line):
            arch, function = match[1], None
        elif match := re.match(r"\s*(?:\.(?:visible|weak|extern)\s+)*\.(?:entry|func)\s+(?:\(.*?\)\s*)?([\w$]+)", line):
            function = arch, match[1]
            found.setdefault(function, set())
        elif function and (match := re.match(r"\s*\{?\s*(?:@!?%\w+\s+)?([a-z]\w*(?:\.\w+)+)\s[^;]*;", line)):
            found[function].add(match[1])
    return found


def parse_resources(text):
    """{(architecture, kernel): {resource: number}} from `cuobjdump -res-usage`"""
    found, arch, kernel = {}, None, None
    for line in text.splitlines():
        if match := re.match(r"arch = (\w+)", line):
            arch = match[1]
        elif match := re.match(r"\s*Function (\S+):", line):
            kernel = match[1]
        elif kernel and "STACK:" in line:
            found[arch, kernel] = {name: int(n) for name, n in re.findall(r"([A-Z]+):(\d+)", line)}
            kernel = None
    return found


def loop_share(body):
    """The percentage of fused multiply-adds in the loop that has most of them, the innermost if several have the same,
    from a list of (address, instruction, where a branch goes or None)."""
    most, length = 0, 1
    for address, _, target in body:
        if target is not None and target <= address:
            loop = [instruction for at, instruction, _ in body if target <= at <= address]
            fused = sum(instruction.startswith(("FFMA", "DFMA")) for instruction in loop)
            if (fused, -len(loop)) > (most, -length):
                most, length = fused, len(loop)
    return 100 * most // length


INSTRUCTION = re.compile(r"\s*/\*([0-9a-f]{4,})\*/\s+(?:\{\s*)?(?:@!?U?P\w+\s+)?([A-Z][\w.]*)([^;]*)")


def parse_sass(text):
    """{(architecture, kernel): Counter of instructions} from `cuobjdump -sass`, with loop_share() as FMA_PERCENT"""
    found, bodies, arch, kernel = {}, {}, None, None
    for line in text.splitlines():
        if match := INSTRUCTION.match(line):
            address, instruction, operands = match.groups()
            if instruction.startswith(("LDS.U", "STS.U")):
                # Turing adds .U, for "no uniform address"; later architectures omit it.
                instruction = re.sub(r"^(LDS|STS)\.U\b", r"\1", instruction)
            target = re.search(r"0x([0-9a-f]+)\s*$", operands) if instruction.startswith("BRA") else None
            found[arch, kernel][instruction] += 1
            bodies[arch, kernel].append((int(address, 16), instruction, int(target[1], 16) if target else None))
        elif "code for" in line and (match := re.match(r"\s*code for (\w+)", line)):
            arch = match[1]
        elif "Function" in line and (match := re.match(r"\s*Function : (\S+)", line)):
            kernel = match[1]
            found[arch, kernel], bodies[arch, kernel] = collections.Counter(), []
    for key, body in bodies.items():
        found[key][FMA_PERCENT] = loop_share(body)
    return found


# ---- checks

def matches(pattern, name):
    return re.fullmatch(pattern, name) is not None


def unsound(instruction):
    """Whether a PTX instruction leaves rounding, contraction or flushing unspecified."""
    operation, *modifiers = instruction.split(".")
    if {"ftz", "approx", "full"} & set(modifiers):
        return True
    is_float = any(re.fullmatch(r"(b?f16(x2)?|f32(x2)?|f64)", modifier) for modifier in modifiers)
    return is_float and operation in ARITHMETIC and "rn" not in modifiers


def check_ptx(ptx):
    for (arch, name), instructions in ptx.items():
        for instruction in sorted(instructions):
            if unsound(instruction):
                yield Problem(arch, name, "rounding to nearest (.rn), no .ftz, no .approx", instruction)


def check_resources(resources):
    for (arch, name), used in resources.items():
        if used["STACK"] > 0 or used["LOCAL"] > 0:
            yield Problem(arch, name, "no stack, no local memory",
                          f"STACK:{used['STACK']} LOCAL:{used['LOCAL']} REG:{used['REG']}")


def count(instructions, wanted):
    """The number of an instruction with any further modifiers."""
    return sum(n for name, n in instructions.items() if name == wanted or name.startswith(wanted + "."))


def check_sass(sass):
    for (arch, name), instructions in sass.items():
        for instruction in instructions:
            if MMA.fullmatch(instruction) and not matches(TENSOR_CORES.format(".*"), name):
                yield Problem(arch, name, "no tensor cores", instruction)
            if FORBIDDEN.fullmatch(instruction):
                yield Problem(arch, name, "no float atomics, no FFMA.FTZ", instruction)
        if spills := count(instructions, "STL"):
            yield Problem(arch, name, "no store to local memory (STL)", f"STL {spills}")
        for pattern, minima in minima_of(arch).items():
            if matches(pattern, name):
                for wanted, least in minima.items():
                    if (found := count(instructions, wanted)) < least:
                        yield Problem(arch, name, f"{wanted} >= {least}", f"{wanted} {found}")


def minima_of(arch):
    return {**MINIMA, **HOPPER_MINIMA} if arch == "sm_90a" else MINIMA


def check_patterns(names):
    """Finds patterns that match no kernel, as after a renaming."""
    with_tensor_cores = any(matches("split_operand<.*>", name) for name in names)  # TENON_TENSOR_CORES=ON
    for pattern in [*MINIMA, *(HOPPER_MINIMA if with_tensor_cores else [])]:
        if not any(matches(pattern, name) for name in names):
            yield Problem("-", f"MINIMA: {pattern}", "a kernel of that name", "none")


def check_architectures(ptx, resources, sass):
    if not ptx:
        yield Problem("-", "PTX", "PTX of one architecture (it is left out for names that end in -real)", "none")
    if not sass or resources.keys() != sass.keys():
        yield Problem("-", "kernels", "the same ones from -res-usage and -sass", f"{len(resources)} and {len(sass)}")
    kernels = collections.defaultdict(set)
    for arch, name in sass:
        kernels[arch].add(name)
    for arch, names in kernels.items():
        for missing in sorted(set().union(*kernels.values()) - names):
            yield Problem(arch, missing, "the kernel in every architecture", "none")


def check(ptx, resources, sass):
    names = {name for _, name in [*ptx, *sass]}
    return [*check_architectures(ptx, resources, sass), *check_ptx(ptx), *check_resources(resources), *check_sass(sass),
            *check_patterns(names)]


# ---- the report

def table(resources, sass):
    """The registers of each family of kernels and, per instruction with a minimum, the lowest count found."""
    families = collections.defaultdict(lambda: collections.defaultdict(list))
    for (arch, name), used in resources.items():
        families[name.partition("<")[0]][arch].append((name, used["REG"]))
    architectures = sorted({arch for arch, _ in resources}, key=lambda arch: int(re.sub(r"\D", "", arch)))
    yield f"{'registers, at most':28}" + "".join(f"{arch:>8}" for arch in architectures)
    for family, found in sorted(families.items()):
        most = [max((n for _, n in found.get(arch, [])), default=0) for arch in architectures]
        yield f"  {family:26}" + "".join(f"{n:8}" for n in most)
    yield "fewest found (wanted)"
    for pattern, minima in {**MINIMA, **HOPPER_MINIMA}.items():
        some = [instructions for (arch, name), instructions in sass.items()
                if matches(pattern, name) and pattern in minima_of(arch)]
        if some:
            fewest = (f"{wanted} {min(count(i, wanted) for i in some)} ({least})" for wanted, least in minima.items())
            yield f"  {pattern}\n      {len(some)} kernels: {', '.join(fewest)}"


def checks_of(ptx, resources, sass):
    """The number of comparisons made by check()."""
    minima = sum(len(least) for arch, name in sass for pattern, least in minima_of(arch).items()
                 if matches(pattern, name))
    return sum(map(len, ptx.values())) + len(resources) + len(sass) + minima + len(MINIMA)


# ---- the tools

def find_tool(name):
    """Looks on the path, in the CUDA toolkit and in the Python packages."""
    if found := shutil.which(name):
        return found
    places = [os.path.join(os.environ.get(variable, ""), "bin") for variable in ("CUDAToolkit_ROOT", "CUDA_PATH",
                                                                                 "CUDA_HOME")]
    if nvcc := shutil.which("nvcc"):
        places.append(os.path.dirname(os.path.realpath(nvcc)))
    places.append("/usr/local/cuda/bin")
    for packages in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        places += sorted(glob.glob(os.path.join(packages, "nvidia", "*", "bin")))
    return next((path for place in places if os.access(path := os.path.join(place, name), os.X_OK)), None)


def dump(tools, option, objects):
    environment = dict(os.environ)  # cuobjdump calls nvdisasm
    environment["PATH"] = os.pathsep.join([os.path.dirname(tools["nvdisasm"]), environment.get("PATH", "")])
    for path in objects:
        done = subprocess.run([tools["cuobjdump"], option, path], env=environment, text=True, capture_output=True,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"cuobjdump {option} {path}: {done.stderr.strip()}")
        yield done.stdout


def read(objects, tools):
    """The three dumps of all objects, with short names."""
    parsed = []
    for option, parse in ("-ptx", parse_ptx), ("-res-usage", parse_resources), ("-sass", parse_sass):
        found = {}
        for text in dump(tools, option, objects):
            for (arch, name), what in parse(text).items():
                # Each object has its own copy of the library's functions.
                found[arch, name] = found[arch, name] | what if option == "-ptx" and (arch, name) in found else what
        names = demangle([name for _, name in found])
        parsed.append({(arch, names[name]): what for (arch, name), what in found.items()})
        if len(parsed[-1]) != len(found):
            sys.exit(f"cuobjdump {option}: two kernels have the same name")
    return parsed


def main(objects):
    tools = {name: find_tool(name) for name in ("cuobjdump", "nvdisasm")}
    if missing := [name for name, path in tools.items() if path is None]:
        print(f"skipped: {' and '.join(missing)} not found; install the Python packages "
              f"{' '.join('nvidia-cuda-' + name for name in missing)}", file=sys.stderr)
        return 1 if os.environ.get("CI") else 77
    ptx, resources, sass = read(objects, tools)
    print("\n".join(table(resources, sass)))
    problems = check(ptx, resources, sass)
    for problem in problems:
        print(f"{problem.arch} {problem.kernel}: wanted {problem.wanted}; found {problem.found}")
    failed = f", {len(problems)} failed" if problems else ""
    print(f"{len(sass)} kernels, {checks_of(ptx, resources, sass)} checks{failed}")
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
