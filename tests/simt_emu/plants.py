#!/usr/bin/env python3
"""Checks that the emulator and the sanitizers report bugs planted in the CUDA kernels, each with its own message.

  plants.py plain|asan|tsan COMMANDS LINK PROGRAM WORK   builds and runs; exit status 1 if a bug is not caught
  plants.py --find                                       checks only that each bug finds its place in the sources
  plants.py --table                                      the bugs, as a Markdown table

A plant is a replacement in a copy of a kernel's source. The copy is compiled with the command for the source in
COMMANDS (a compile_commands.json) and linked with the arguments for PROGRAM in LINK (a response file), before the
archive of the kernels, whose member is then not linked. A copy of a header precedes the real one on the include path. A
run of the planted program must fail with a report that matches the plant's words; the same run of PROGRAM must pass.
"""

import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
KERNELS = ROOT / "kernels/cuda"
LAUNCHER = [word for word in os.environ.get("CMAKE_CXX_COMPILER_LAUNCHER", "").split(";") if word]  # such as ccache


class Plant(NamedTuple):
    name: str
    kernel: str
    build: str   # whose sanitizer detects it, asan or tsan; any: the emulator does, so one build, plain, is enough
    run: str     # name of a run of plants.cpp
    file: str    # in kernels/cuda/; contains `old` exactly once
    old: str
    new: str
    words: str   # a regular expression for the report
    source: str = ""  # the file to compile, if `file` is a header


DEADLOCK = r"deadlock in block \d+"
DIVERGENT = "divergent __syncthreads"
MEETS = "__ballot_sync meets __syncwarp of another lane"
WRONG = r"wrong result at \w+"
OVERFLOW = "heap-buffer-overflow"
MISALIGNED = r"misaligned address"
RACE = "data race"
ANY, ASAN, TSAN = "any", "asan", "tsan"

PLANTS = [
    # ---- elements
    Plant("the tail goes on to element n", "map_dense", ASAN, "dense", "elementwise.cuh",
          "i < n; i += step) out[i] = f(in.at(i)...);", "i <= n; i += step) out[i] = f(in.at(i)...);",
          OVERFLOW, "copy.cu"),
    Plant("alignment is not asked for", "map_dense", ASAN, "unaligned", "elementwise.cuh",
          "(!operand.strides && is_aligned(operand.data))", "!operand.strides", MISALIGNED, "copy.cu"),
    Plant("the tail is left out", "map_dense", ANY, "dense", "elementwise.cuh",
          "packs * W + first; i < n;", "packs * W + first; i < packs * W;", WRONG, "copy.cu"),
    Plant("the quotient lacks a term", "map_strided", ANY, "strided", "offsets.h",
          "(__umulhi(n, multiplier_) + n) >> shift_", "__umulhi(n, multiplier_) >> shift_", WRONG, "copy.cu"),
    Plant("no barrier before the square is read", "copy_tiles", TSAN, "turned", "copy.cu",
          "__syncthreads();\n#pragma unroll\n    for (int i = y;", "\n#pragma unroll\n    for (int i = y;", RACE),
    Plant("no barrier before the square is written again", "copy_tiles", TSAN, "turned", "copy.cu",
          "square[x][i];\n    __syncthreads();", "square[x][i];", RACE),
    Plant("the square is a row short", "copy_tiles", ASAN, "turned", "copy.cu",
          "T[tile][tile + 1]", "T[tile - 1][tile + 1]", "index 31 out of bounds"),
    Plant("no barrier before the packs are read", "copy_packs", TSAN, "turned_packs", "copy.cu",
          "square[col][place(col, p)] = in[k];\n    }\n    __syncthreads();",
          "square[col][place(col, p)] = in[k];\n    }", RACE),
    Plant("no barrier before the packs are written again", "copy_packs", TSAN, "turned_packs", "copy.cu",
          "__syncthreads();  // the last tile has been read", "", RACE),
    Plant("packs are read from where they were not put", "copy_packs", ANY, "turned_packs", "copy.cu",
          "place(col, row / pack)", "row / pack", WRONG),

    # ---- sums
    Plant("the halving tree ends in another order", "warp_tree", ANY, "rows", "reduce/tree.cuh",
          "all, v, 16));\n  return combine<Op>(v, __shfl_xor_sync(all, v, 8));",
          "all, v, 8));\n  return combine<Op>(v, __shfl_xor_sync(all, v, 16));", WRONG, "reduce/reduce.cu"),
    Plant("elements past a row's end are read", "reduce_short", ASAN, "short_rows", "reduce/rows.cuh",
          "if (q >= n) continue;", "", OVERFLOW, "reduce/reduce.cu"),
    Plant("two blocks write one slot", "reduce_long", TSAN, "long_rows", "reduce/rows.cuh",
          "values[c] = v;\n  }\n  if (!is_last_block", "values[c % reduce_warps] = v;\n  }\n  if (!is_last_block", RACE,
          "reduce/reduce.cu"),
    Plant("warps return before the ticket's barrier", "reduce_long", ANY, "long_rows", "reduce/rows.cuh",
          "if (!is_last_block(job.tickets + o, parts)) return;",
          "if (threadIdx.x >= warp_size) return;\n  if (!is_last_block(job.tickets + o, parts)) return;",
          DEADLOCK + r":\s+224 threads have returned", "reduce/reduce.cu"),
    Plant("no barrier before the last steps", "reduce_columns", TSAN, "columns", "reduce/columns.cuh",
          "part[slot][at + c] = one[0];\n  }\n  __syncthreads();", "part[slot][at + c] = one[0];\n  }", RACE,
          "reduce/reduce.cu"),
    Plant("no barrier before the next chunk", "reduce_columns", TSAN, "columns", "reduce/columns.cuh",
          "__syncthreads();  // before the numbers of the next chunk", "", RACE, "reduce/reduce.cu"),
    Plant("a barrier in a branch", "reduce_columns", ANY, "columns", "reduce/columns.cuh",
          "part[slot][at + c] = one[0];\n  }\n  __syncthreads();",
          "part[slot][at + c] = one[0];\n  }\n  if (slot < 4) __syncthreads();", DIVERGENT, "reduce/reduce.cu"),
    Plant("lanes without a column read", "reduce_columns", ASAN, "columns", "reduce/columns.cuh",
          "want < job.width ? want : job.width - W;", "want;", OVERFLOW, "reduce/reduce.cu"),
    Plant("a shuffle in a branch", "mse_chunks", ANY, "mse", "mse.cu",
          "const T v = warp_tree<Op>(acc);\n    if (threadIdx.x % warp_size == 0) values[c] = v;",
          "if (threadIdx.x % warp_size == 0) values[c] = warp_tree<Op>(acc);",
          DEADLOCK + r"[^#]*wait for __shfl_xor_sync"),
    Plant("scratch is read that nobody wrote", "mse_chunks", ANY, "mse", "mse.cu",
          "if (threadIdx.x % warp_size == 0) values[c] = v;", "if (threadIdx.x == 0) values[c] = v;", WRONG),
    Plant("blocks share their chunks", "mse_chunks", TSAN, "mse", "mse.cu",
          "std::int64_t{blockIdx.x} * reduce_warps + threadIdx.x / warp_size", "blockIdx.x + threadIdx.x / warp_size",
          RACE),
    Plant("the highest block goes on, not the last", "mse_chunks", TSAN, "mse", "mse.cu",
          "if (!is_last_block(ticket, gridDim.x)) return;",
          "if (blockIdx.x != gridDim.x - 1) return;\n  __syncthreads();", RACE),
    Plant("no fence before the ticket", "is_last_block", TSAN, "mse", "ticket.cuh",
          "__threadfence();\n    last =", "last =", RACE, "mse.cu"),
    Plant("no fence after the ticket", "is_last_block", TSAN, "mse", "ticket.cuh",
          "__threadfence();\n  }", "}", RACE, "mse.cu"),
    Plant("no barrier before the ticket", "is_last_block", TSAN, "mse", "ticket.cuh",
          "__syncthreads();\n  if (threadIdx.x == 0) {\n    __threadfence();",
          "if (threadIdx.x == 0) {\n    __threadfence();", RACE, "mse.cu"),
    Plant("the first block goes on, not the last", "is_last_block", TSAN, "mse", "ticket.cuh",
          "atomicAdd(ticket, 1u) == blocks - 1", "atomicAdd(ticket, 1u) == 0", RACE, "mse.cu"),
    Plant("the ticket is not reset", "is_last_block", ANY, "mse", "ticket.cuh",
          "if (last) ", "if (false) ", WRONG, "mse.cu"),

    # ---- products
    Plant("no barrier between the stages", "matmul_tiles", TSAN, "matmul_tiles", "matmul/tiles.cuh",
          "__syncthreads();\n          const int done", "const int done", RACE, "matmul/matmul.cu"),
    Plant("the next step is not waited for", "matmul_tiles", ANY, "matmul_tiles", "matmul/tiles.cuh",
          "wait_for_copies<S::stages - 2>", "wait_for_copies<S::stages - 1>", WRONG, "matmul/matmul.cu"),
    Plant("a row past the matrix", "matmul_tiles", ASAN, "matmul_tiles", "matmul/feed.cuh",
          "l < lines_left && k + q < left", "k + q < left", OVERFLOW, "matmul/matmul.cu"),
    Plant("a step past the end of k", "matmul_tiles", ASAN, "matmul_tiles", "matmul/feed.cuh",
          "l < lines_left && k + q < left", "l < lines_left", OVERFLOW, "matmul/matmul.cu"),
    Plant("chunks of 256", "matmul_tiles", ANY, "matmul_split", "kernels/arith/order.h",
          "chain_chunk = 512", "chain_chunk = 256", WRONG, "matmul/matmul.cu"),
    Plant("a tile is overwritten while others read it", "matmul_shared_tile", TSAN, "matmul_shared_tile",
          "matmul/ladder/shared_tile.cuh", "b[k][col], sum);\n      __syncthreads();", "b[k][col], sum);", RACE,
          "matmul/ladder/ladder.cu"),
    Plant("a tile is read before it is there", "matmul_warp_tile", TSAN, "matmul_warp_tile",
          "matmul/ladder/warp_tile.cuh", "b_in.load(b, p.k - k0);\n      __syncthreads();", "b_in.load(b, p.k - k0);", RACE,
          "matmul/ladder/ladder.cu"),
    Plant("a stage is filled while others read it", "matmul_persistent", TSAN, "matmul_persistent",
          "matmul/ladder/persistent.cuh", "        __syncthreads();\n        fetch(stage);", "        fetch(stage);", RACE,
          "matmul/ladder/ladder.cu"),
    Plant("a line past the matrix", "matmul_vectorized", ASAN, "matmul_vectorized", "matmul/ladder/rungs.cuh",
          "l < lines_left && q < k_left", "q < k_left", OVERFLOW + "|SEGV on unknown address", "matmul/ladder/ladder.cu"),
    Plant("a layer reads results that are not there", "train_network", TSAN, "train", "train.cu",
          "__syncthreads();\n      in = out;", "in = out;", RACE),
    Plant("a weight changes while the layer below needs it", "train_network", TSAN, "train", "train.cu",
          "            });\n        __syncthreads();", "            });", RACE),
    Plant("a bias is read past its end", "train_network", ASAN, "train", "train.cu",
          "layer.bias.values && i < layer.out;", "layer.bias.values && i <= layer.out;", OVERFLOW),
    Plant("an element past the end", "matmul_elements", ASAN, "matmul_elements", "matmul/elements.cuh",
          "at < p.batch * p.m * p.n;", "at <= p.batch * p.m * p.n;", OVERFLOW, "matmul/matmul.cu"),

    Plant("a line past the matrix", "matmul_skinny", ASAN, "matmul_skinny", "matmul/skinny.cuh",
          "(l < p.lines ? l : p.lines - 1)", "l", OVERFLOW, "matmul/matmul.cu"),
    Plant("lanes read lines that others have not stored", "matmul_skinny", TSAN, "matmul_skinny", "matmul/skinny.cuh",
          "= of[i];\n      }\n      __syncwarp();", "= of[i];\n      }", RACE, "matmul/matmul.cu"),
    Plant("pieces are not where wgmma looks for them", "split_operand", ANY, "matmul_tensor_cores", "matmul/tensor_cores.cuh",
          "swizzled(tile_swizzle, static_cast<unsigned>(row * tile_depth + column) * 2) / 2",
          "row * tile_depth + column", WRONG, "matmul/tensor_cores.cu"),
    Plant("a line past the matrix", "split_operand", ASAN, "matmul_tensor_cores", "matmul/tensor_cores.cuh",
          "line < lines && k + c < p.k", "k + c < p.k", OVERFLOW, "matmul/tensor_cores.cu"),
    Plant("the first copies wait for empty stages", "matmul_tensor_cores", ANY, "matmul_tensor_cores", "matmul/tensor_cores.cuh",
          "round % 2 ^ 1", "round % 2", DEADLOCK, "matmul/tensor_cores.cu"),
    Plant("only one of two copies is expected", "matmul_tensor_cores", ANY, "matmul_tensor_cores", "matmul/tensor_cores.cuh",
          "2 * sizeof *a", "sizeof *a", "still in flight", "matmul/tensor_cores.cu"),
    Plant("a stage is read before it is there", "matmul_tensor_cores", ANY, "matmul_tensor_cores", "matmul/tensor_cores.cuh",
          "simt::mbarrier_wait(&ring.full[stage], round % 2);", "", "too many arrivals at the mbarrier", "matmul/tensor_cores.cu"),
    Plant("a stage is given back before all lanes have waited", "matmul_tensor_cores", TSAN, "matmul_tensor_cores", "matmul/tensor_cores.cuh",
          "    __syncwarp();  // all lanes have waited\n", "",
          RACE, "matmul/tensor_cores.cu"),
    Plant("sums are read before the multiplication has ended", "matmul_tensor_cores", ANY, "matmul_tensor_cores", "matmul/tensor_cores.cuh",
          "    simt::wgmma_wait<0>(main, correction);\n", "", WRONG, "matmul/tensor_cores.cu"),

    # ---- the SGD step
    Plant("the search takes the row before", "step_short", ANY, "sgd_short", "update.cu",
          "rows[middle].first_block <= blockIdx.x", "rows[middle].first_block < blockIdx.x", WRONG),
    Plant("a block begins one element late", "step_short", ASAN, "sgd_short", "update.cu",
          "(blockIdx.x - row.first_block) * block_elements;", "(blockIdx.x - row.first_block) * block_elements + 1;",
          MISALIGNED),
    Plant("the last row of the table is not there", "step_long", ANY, "sgd_long", "update.cu",
          "rows.template as<void>(), table.data(), bytes);",
          "rows.template as<void>(), table.data(), bytes - sizeof(Row<Step>));", WRONG),

    # ---- indices
    Plant("an index is not checked", "take<false>", ASAN, "select_out_of_range", "index.cu",
          "if (from[k] >= 0 && from[k] < job.layout.size)\n        x[k]", "if (from[k] >= 0)\n        x[k]", OVERFLOW),
    Plant("two threads note their find", "take<false>", TSAN, "select_out_of_range", "index.cu",
          "if (atomicCAS(&fault->found, 0u, 1u) != 0) return;", "fault->found = 1;", RACE),
    Plant("an index is not checked", "take<true>", ASAN, "gather_out_of_range", "index.cu",
          "if (from[k] >= 0 && from[k] < job.layout.size)\n        x[k]", "if (from[k] >= 0)\n        x[k]", OVERFLOW),
    Plant("the counts are not atomic", "count_groups", TSAN, "index_add_groups", "index_add.cu",
          "atomicAdd(&count[group], 1u)", "++count[group]", RACE),
    Plant("lanes with the same group are in reverse order", "sort_by_group", ANY, "index_add_groups", "index_add.cu",
          "static_cast<unsigned>(__popc(before));\n  __syncwarp();",
          "static_cast<unsigned>(__popc(alike) - 1 - __popc(before));\n  __syncwarp();", WRONG),
    Plant("a lane's place is counted before others took theirs", "sort_by_group", TSAN, "index_add_groups",
          "index_add.cu", "__syncwarp();\n  if (digit >= 0 && before == 0)", "if (digit >= 0 && before == 0)", RACE),
    Plant("no barrier before the counts are added", "add_sorted", TSAN, "index_add", "index_add.cu",
          "__syncthreads();\n  const unsigned run = total(counters)", "const unsigned run = total(counters)", RACE),
    Plant("no barrier before the stage is written again", "add_sorted", TSAN, "index_add_groups", "index_add.cu",
          "__syncthreads();  // the stage has been read", "", RACE),
    Plant("a long run does not begin with its earlier sum", "add_sorted", ANY, "index_add_groups", "index_add.cu",
          "adds && resumed ? *element : T(0)", "T(0)", WRONG),
    Plant("lanes without an index leave before the others vote", "add_to_column", ANY, "gather_add_column",
          "gather_add.cu", "if (first + 32 * k >= count) break;",
          "if (first + 32 * k + lane >= count) break;", MEETS),
    Plant("lanes with the same row do not take turns", "add_to_column", TSAN, "gather_add_column", "gather_add.cu",
          "row[k] < 0 ? -1 : __popc(before)", "row[k] < 0 ? -1 : 0", RACE),
    Plant("every column uses the first one's indices", "add_to_columns", ANY, "gather_add_columns", "gather_add.cu",
          "index + o * job.count * inner + j", "index + o * job.count * inner", WRONG),

    # ---- positions of extremes
    Plant("no barrier before the lanes are compared", "arg_extreme", TSAN, "arg_lines", "arg_reduce.cu",
          "__syncthreads();\n        if (lane < h)", "if (lane < h)", RACE),
    Plant("an output past the last reads", "arg_extreme", ASAN, "arg_columns", "arg_reduce.cu",
          "want < job.outputs ? want : job.outputs - 1;", "want;", OVERFLOW),
    Plant("of equal elements the last lane's counts", "arg_extreme", ANY, "arg_lines", "arg_reduce.cu",
          "q.at < p.at &&", "q.at > p.at &&", WRONG),
    Plant("the last block forgets the others", "arg_extreme", ANY, "arg_long", "arg_reduce.cu",
          "best_of(lane, job.parts, job.lanes,", "best_of(lane, 1, job.lanes,", WRONG),

    # ---- softmax
    Plant("elements past the end of a row are stored", "softmax_rows", ASAN, "softmax_row", "softmax.cu",
          "if (q < length) to[at + q]", "to[at + q]", OVERFLOW),
    Plant("elements past the end of a row are added", "softmax_rows", ANY, "softmax_row", "softmax.cu",
          "if (!Log) x[i] = q < length ? num::exp(x[i]) : T(0)", "if (!Log) x[i] = num::exp(q < length ? x[i] : T(0))", WRONG),
    Plant("elements past the end of a row are read", "softmax_rows_backward", ASAN, "softmax_row_backward",
          "softmax.cu", "q < length ? y[r * n + at + q] : T(0)", "y[r * n + at + q]", OVERFLOW),
    Plant("no barrier before the chunks are added", "softmax_long_rows", TSAN, "softmax_long_row", "reduce/kept_rows.cuh",
          "    __syncthreads();\n    const int chunks", "    const int chunks", RACE, "softmax.cu"),
    Plant("the sums of chunks replace the maxima that others still read", "softmax_long_rows", TSAN, "softmax_long_row",
          "reduce/kept_rows.cuh", "turn_ ^= 1;", "", RACE, "softmax.cu"),

    # ---- normalisation
    Plant("elements past the end of a row are stored", "normalize_short", ASAN, "normalize_row", "normalization.cu",
          "if (q >= length) return;", "", OVERFLOW),
    Plant("elements past the end of a row count for the variance", "normalize_short", ANY, "normalize_row",
          "normalization.cu", "x[i] = q < length ? x[i] - mean : T(0);", "x[i] = x[i] - mean;", WRONG),
    Plant("elements past the end of a row are read", "normalize_short", ASAN, "normalize_row_backward",
          "normalization.cu", "q < length ? y_row[at + q] : T(0)", "y_row[at + q]", OVERFLOW),
    Plant("every warp of a row writes its scale", "normalize_long", TSAN, "normalize_long_row", "reduce/kept_rows.cuh",
          "return threadIdx.x == 0;", "return threadIdx.x % warp_size == 0;", RACE, "normalization.cu"),

    # ---- sorting and running sums
    Plant("no barrier between the steps", "sort_tiles", TSAN, "sort_short", "sort.cu",
          "__syncthreads();\n      for (int t", "for (int t", RACE),
    Plant("a place past the line's end is compared", "sort_tiles", ANY, "sort_short", "sort.cu",
          "&& in_line(p) < job.length;", ";", WRONG),
    Plant("an element past the line's end is read", "sort_step", ASAN, "sort_long", "sort.cu",
          "if (pair.high >= job.length) continue;", "", OVERFLOW),
    Plant("merges across tiles do not begin with a mirror", "sort_step", ANY, "sort_long", "sort.cu",
          "job, d, d == merged / 2);", "job, d, false);", WRONG),
    Plant("a chunk is added to the sums up to its own end", "add_before", ANY, "cumsum", "scan.cu",
          "(o * chunks + c - 1)", "(o * chunks + c)", WRONG),
    Plant("an element past the end is added", "scan_chunks_of", ASAN, "cumsum", "scan.cu",
          "? (c + 1) * scan_chunk : layout.size;", "? (c + 1) * scan_chunk : (c + 1) * scan_chunk;", OVERFLOW),

    # ---- windows
    Plant("a row beside the image is read", "unfold_images", ASAN, "unfold", "windows.cu",
          "is_in(h, row) && is_in(w, column) ?", "is_in(w, column) ?", OVERFLOW),
    Plant("a window past the last is added", "fold_images", ANY, "fold", "windows.cu",
          "distance >= 0 && o < axis.windows &&", "distance >= 0 &&", WRONG),
    Plant("places between two windows belong to one", "fold_images", ANY, "fold", "windows.cu",
          "&& o * axis.stride == distance ?", "?", WRONG),
    Plant("of equal elements the last one counts", "argmax_in_windows", ANY, "argmax_windows", "windows.cu",
          "!(value > largest) &&", "!(value >= largest) &&", WRONG),

    # ---- random numbers
    Plant("the last pack is stored whole", "fill_uniform", ASAN, "uniform", "random.cu",
          "if (packs * W + c < n) out[packs * W + c]", "out[packs * W + c]", OVERFLOW),
    Plant("alignment is not asked for", "fill_normal", ASAN, "normal_unaligned", "random.cu",
          "is_aligned(to), [&](auto vec) {\n      launch({stream, \"random_normal\"",
          "true, [&](auto vec) {\n      launch({stream, \"random_normal\"", MISALIGNED),
    Plant("both of a pair come from one word", "fill_normal", ANY, "normal", "random.cu",
          "box_muller(words[c], words[c + 1])", "box_muller(words[c], words[c])", WRONG),
]

# Code that no run needs is cut, as it takes most of the compile time; it traps, so that it cannot look like a plant.
STOP = "__builtin_trap();"
DTYPES = "core/dtype.h"
CUTS = {
    DTYPES: [(f"return f(std::type_identity<{name}>{{}});", STOP) for name in ("double", "std::int64_t", "bool")],
    "matmul/matmul.cu": [
        ("consider<Tile<T, 64, 128, 16, 32, 64, 8, 8, 3>>(stream, p, count, 0.97, plan);", ""),
        ("consider<Tile<T, 64, 64, 16, 32, 32, 8, 4, 3>>(stream, p, count, 0.77, plan);", ""),
        ("launch_with_shared(", "if constexpr (a || b) " + STOP + " else launch_with_shared("),
    ],
    "reduce/reduce.cu": [("if constexpr (Op::template takes<From>)", "if constexpr (std::is_same_v<Op, arith::Sum>)")],
}


class Failed(Exception):
    pass


def place_of(file):
    """The path of a file in the source tree."""
    return Path(file) if (ROOT / file).exists() else Path("kernels/cuda", file)


def replaced(file, changes):
    """The text of a file after replacements. A plant's old text must occur once, that of a cut at least once."""
    text = (ROOT / place_of(file)).read_text()
    for old, new in changes:
        if text.count(old) != 1 and (text.count(old) == 0 or (old, new) not in CUTS.get(file, [])):
            raise Failed(f"{file} has {text.count(old)} times, not once: {old}")
        text = text.replace(old, new)
    return text


def planted_files(plant):
    """Per file that a plant changes, its new text."""
    changes = {file: list(CUTS.get(file, [])) for file in (plant.source or plant.file, DTYPES)}
    changes.setdefault(plant.file, []).append((plant.old, plant.new))
    return {file: replaced(file, wanted) for file, wanted in changes.items()}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def call(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{shlex.join(map(str, command))}: {(done.stdout + done.stderr)[:2000]}")


class Build(NamedTuple):
    flavour: str
    commands: dict  # per kernel source: the words of the compile command, and its directory
    link: str
    program: str
    work: Path

    def planted(self, plant):
        """Builds the program with a plant."""
        folder = self.work / re.sub(r"\W+", "_", f"{plant.kernel} {plant.name}")
        shutil.rmtree(folder, ignore_errors=True)  # may hold headers of an older tree
        source = plant.source or plant.file
        for file, text in planted_files(plant).items():
            write(folder / file if file == source else folder / "include/tenon" / place_of(file), text)
        words, directory = self.commands[source]
        out, program = folder / "kernel.o", folder / "program"
        words = [*words[:1], f"-I{folder / 'include'}", *words[1:], "-O0", "-w"]
        words[words.index("-o") + 1] = str(out)
        words[words.index("-c") + 1] = str(folder / source)
        # Preprocessor mode: otherwise ccache would miss a new header that precedes another on the include path.
        call(["env", "-C", directory, "CCACHE_NODIRECT=1", "CCACHE_NODEPEND=1", *LAUNCHER, *words])
        call([words[0], "-o", program, out, f"@{self.link}"])
        return program

    def run(self, program, run):
        """Whether a run passes, and its output."""
        environment = dict(os.environ)
        environment["TSAN_OPTIONS"] = f"{environment.get('TSAN_OPTIONS', '')}:halt_on_error=1"
        try:
            done = subprocess.run([program, run], env=environment, capture_output=True, text=True, errors="replace",
                                  check=False, timeout=120)
        except subprocess.TimeoutExpired:
            return False, "no end"
        return done.returncode == 0 and done.stdout == "right\n" and not done.stderr, done.stdout + done.stderr

    def caught(self, plant):
        """The report that catches a plant."""
        right, said = self.run(self.planted(plant), plant.run)
        found = re.search(plant.words, said)
        if right or not found:
            raise Failed(f"not caught by `{plant.words}`: {said[:2000]}")
        places = [place for part in (said[found.end():], said[:found.start()])
                  for place in re.findall(r"\w+\.cuh?:\d+", part) if plant.words != WRONG]
        return ", ".join([" ".join(found[0].split()), *places[:1]])


def attempt(build, plant):
    try:
        return True, build.caught(plant)
    except Failed as failure:
        return False, str(failure)


def main(flavour, commands, link, program, work):
    words = {}
    for entry in json.loads(Path(commands).read_text()):
        if entry["file"].endswith(".cu") and "simt_emu" in entry["command"]:
            words[str(Path(entry["file"]).relative_to(KERNELS))] = shlex.split(entry["command"]), entry["directory"]
    build = Build(flavour, words, link, program, Path(work))
    plants = [plant for plant in PLANTS if plant.build == (ANY if flavour == "plain" else flavour)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        twins = {run: pool.submit(build.run, program, run) for run in dict.fromkeys(p.run for p in plants)}
        results = [pool.submit(attempt, build, plant) for plant in plants]
        caught = 0
        for plant, result in zip(plants, results):
            found, said = result.result()
            caught += found
            print(f"{'caught' if found else 'MISSED'} {plant.kernel}, {plant.build}: {plant.name}: {said}; "
                  f"its twin {'passes' if twins[plant.run].result()[0] else 'FAILS'}", flush=True)
    passed = 0
    for run, twin in twins.items():
        right, said = twin.result()
        passed += right
        if not right:
            print(f"twin {run} FAILS: {said[:2000]}")
    print(f"{flavour}: {caught} of {len(plants)} plants caught, {passed} of {len(twins)} twins pass")
    return 0 if plants and caught == len(plants) and passed == len(twins) else 1


def find():
    """Of all builds, without compiling: a changed source must fail here, in seconds."""
    status = 0
    for plant in PLANTS:
        try:
            planted_files(plant)
        except Failed as failure:
            print(f"{plant.kernel}: {plant.name}: {failure}")
            status = 1
    return status


def table():
    builds = {ANY: "any", ASAN: "ASan, UBSan", TSAN: "TSan"}
    print("| Kernel | Planted | Build | Caught by |\n| --- | --- | --- | --- |")
    for plant in PLANTS:
        words = re.sub(r"\\s\+|\[\^#\]\*", " ... ", plant.words.replace(r"\d+", "0").replace(r"\w+", "17"))
        print(f"| `{plant.kernel}` | {plant.name} | {builds[plant.build]} | `{' '.join(words.split())}` |")


if __name__ == "__main__":
    alone = {"--find": find, "--table": table}.get(" ".join(sys.argv[1:]))
    sys.exit(alone() if alone else main(*sys.argv[1:]))
