#!/usr/bin/env python3
"""scripts/gpu_check on a machine without a GPU: its programs are stubs that pass, fail or hang."""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSED = "echo 'All tests passed (3 assertions in 2 test cases)'"
ROOFS = {"memory_bytes_per_second": 4e12, "flops_per_second": 6e13, "launch_seconds": 2e-5, "waited_launch_seconds": 3e-5}
TIMES = {"name": "tenon", "median_seconds": 2e-5, "p10_seconds": 1e-5, "p90_seconds": 3e-5, "ratio": 1,
         "other_median_seconds": 4e-5, "host_bound": False}
ROWS = [{"name": f"share/{share}", "bytes": 1e6, "flops": 0, "contenders": [TIMES],
         "roof": {"limit": "memory", "share": share}} for share in (0.9, 0.2, 0.5, 0.3, 0.7, 0.1)]
ROWS[2]["contenders"] = [{**TIMES, "median_seconds": 2e-6}]  # as long as a launch

STUBS = {
    "bin/nvidia-smi": """case "$*" in
  *query-gpu=name*) echo 'NVIDIA Stub 1' ;;
  *query-gpu=compute_cap*) echo 9.0 ;;
  *) echo 1 ;;
esac""",
    "bin/compute-sanitizer": f"""echo "========= ERROR SUMMARY: $([ $2 = initcheck ] && echo 7 || echo 0) errors"; {PASSED}""",
    "build/gpu/tests/test_kernels": f"""[ "$TENON_TEST_DEVICE" = cuda ] || exit 3
if [ "$TENON_TEST_MULTIPROCESSORS" = 1 ]; then
  line=-------------------------------------------------------------------------------
  printf '%s\\nmatmul: a tile\\n%s\\ntest cases: 2 | 1 passed | 1 failed\\n' $line $line; exit 1
fi
[ "$1" != '[.write-bits]' ] || echo 'of this card' >> docs/bits.md
{PASSED}""",
    # It does not end when it is asked to, and has a child.
    "build/gpu/tests/test_cuda": f"""[ -z "$TENON_TEST_MULTIPROCESSORS" ] || {{ {PASSED}; exit; }}
trap '' TERM; sleep 1000 & echo $! > $CHILD; wait; wait""",
    "build/gpu/examples/weight_decay/weight_decay": """while [ "$1" != --json ]; do shift; done
echo '{"verify": {"steps": 5, "largest_relative": 0, "passed": true, "bits": {"compared": 9, "different": 0}}}' > $2""",
    "build/gpu/bench/tenon_bench": f"""[ "$1 $2" = '--device cuda' ] || exit 3
if [ "$3" = --roofs ]; then echo '{json.dumps({"roofs": ROOFS})}' > $5
else echo '{json.dumps({"roofs": ROOFS, "rows": ROWS})}' > $4; fi""",
    "bin/ncu": """echo "$@"; echo '==PROF== Profiling "add_rows" - 0: 0%....100% - 40 passes'""",
    "bench/torch_eager.py": "import sys; print('there is no PyTorch'); sys.exit(77)",
}


def alive(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class GpuCheck(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name, "tree")
        for name in ("gpu_check", "gpu_stages.py", "gpu_report.py"):
            self.write(f"scripts/{name}", (ROOT / "scripts" / name).read_text())
        for path, text in STUBS.items():
            self.write(path, text if path.endswith(".py") else "#!/bin/sh\n" + text + "\n")
        self.write("docs/bits.md", "bits\n")
        (self.root / "include").mkdir()
        (self.root / "include/docs").symlink_to("../docs")
        self.out, self.child = self.root.parent / "out", self.root.parent / "child"
        self.environment = {**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}", "CHILD": str(self.child)}

    def write(self, path, text):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o755)

    def start(self, *options, root=None):
        return subprocess.Popen(
            [sys.executable, "-B", (root or self.root) / "scripts/gpu_check", "--out", self.out, *options],
            cwd=root or self.root, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def report(self):
        report = json.loads((self.out / "report.json").read_text())
        return report, {stage["name"]: (stage["status"], stage["text"]) for stage in report["stages"]}

    def gone(self):
        """The child of the program that hangs has ended."""
        child = int(self.child.read_text())
        for _ in range(100):
            if not alive(child):
                return True
            time.sleep(0.05)
        return False

    def test_every_stage_runs_and_says_what_came_of_it(self):
        process = self.start("--prebuilt", "--limit", "2")
        said, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, said)
        report, stages = self.report()
        self.assertTrue(report["complete"])
        self.assertEqual(list(stages), ["roofs", "tests", "tests-1", "tests-2", "tests-cuda", "tests-cuda-1",
                                        "tests-cuda-2", "bits", "flagship", "memcheck", "initcheck", "synccheck",
                                        "racecheck", "racecheck-matmul", "racecheck-tiles", "memcheck-cuda", "initcheck-cuda", "kernels",
                                        "pytorch", "ncu"])
        for name in ("tests", "tests-2", "tests-cuda-1", "tests-cuda-2", "bits", "flagship", "memcheck", "racecheck",
                     "kernels"):
            self.assertEqual(stages[name][0], "passed", name)
        self.assertEqual(stages["roofs"], ("passed", "copies at 4000 GB/s, float32 at 60.0 TFLOP/s, a launch takes 20 us "
                                           "in a queue, 30 us if it is waited for"))
        self.assertEqual(stages["tests-1"], ("failed", "exit status 1; test cases: 2 | 1 passed | 1 failed; "
                                             "failed: matmul: a tile"))
        self.assertEqual(stages["tests-cuda"][0], "failed")
        self.assertTrue(stages["tests-cuda"][1].startswith("stopped after 2 s"), stages)
        self.assertTrue(self.gone())
        self.assertEqual(stages["initcheck"][0], "failed")
        self.assertIn("7 errors", stages["initcheck"][1])
        self.assertEqual(stages["pytorch"], ("not run", "there is no PyTorch"))
        self.assertEqual(stages["ncu"], ("passed", "1 launches profiled; see ncu.log for the results"))
        profiled = (self.root / "build/gpu/check/ncu.log").read_text().splitlines()[0]
        self.assertTrue(profiled.startswith("--clock-control none "), profiled)
        self.assertTrue(profiled.endswith(" --profile --filter ^(share/0.1|share/0.2|share/0.3|share/0.7)$"), profiled)
        self.assertEqual((self.out / "bits.md").read_text(), "bits\nof this card\n")
        self.assertIn("# NVIDIA Stub 1", (self.out / "report.md").read_text())
        self.assertTrue((self.root / "bench/results/stub-1.md").exists())
        with tarfile.open(self.out / "logs.tar.gz") as logs:
            self.assertIn("./tests.log", logs.getnames())

    def test_what_is_stopped_leaves_a_report(self):
        process = self.start("--prebuilt")
        for _ in range(400):
            if self.child.exists() and self.child.read_text():
                break
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertNotEqual(process.returncode, 0)
        report, stages = self.report()
        self.assertFalse(report["complete"])
        self.assertEqual(stages["tests"][0], "passed")
        self.assertEqual(stages["tests-cuda"][0], "unfinished")
        self.assertTrue(self.gone())

    def test_profiling_that_is_not_permitted_is_not_run(self):
        self.write("bin/ncu", "#!/bin/sh\necho '==ERROR== ERR_NVGPUCTRPERM - ...'; exit 1\n")
        process = self.start("--prebuilt", "--limit", "2")
        said, _ = process.communicate(timeout=60)
        _, stages = self.report()
        self.assertEqual(stages["ncu"], ("not run", "this user may not read the performance counters "
                                         "(ERR_NVGPUCTRPERM)"), said)

    def test_after_the_deadline_nothing_begins(self):
        process = self.start("--prebuilt", "--quick", "--deadline", "2")
        said, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, said)
        _, stages = self.report()
        self.assertEqual(stages["flagship"], ("not run", "no time left"))

    def test_without_a_gpu_it_is_skipped(self):
        self.write("bin/nvidia-smi", "#!/bin/sh\necho 'No devices were found'; exit 6\n")
        process = self.start("--prebuilt")
        said, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 77, said)
        self.assertEqual(said, "gpu_check: there is no GPU here: nvidia-smi is missing or fails\n")

    def test_a_pack_has_what_the_stages_need_and_runs_elsewhere(self):
        spec = importlib.util.spec_from_loader(
            "gpu_check", importlib.machinery.SourceFileLoader("gpu_check", str(self.root / "scripts/gpu_check")))
        sys.path.insert(0, str(self.root / "scripts"))
        self.addCleanup(sys.path.pop, 0)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for program in (module.TEST_KERNELS, module.TEST_CUDA, module.FLAGSHIP, module.BENCH):
            program.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(shutil.which("true"), program)
        archive = self.root.parent / "pack.tar.xz"
        self.write("bin/ldd", "#!/bin/sh\necho 'libtorch.so.1 => /lib/libtorch.so.1'\n")
        with unittest.mock.patch.dict(os.environ, self.environment):
            with self.assertRaisesRegex(SystemExit, "test_kernels needs LibTorch, which the GPU machine may not have"):
                module.pack(archive)
        module.BENCH.unlink()
        with self.assertRaisesRegex(SystemExit, "there is no .*tenon_bench; build it first"):
            module.pack(archive)
        shutil.copy(shutil.which("true"), module.BENCH)
        module.MOST_BYTES = 1000
        with self.assertRaisesRegex(SystemExit, "a pack of [0-9]+ bytes is too large; the most are 1000"):
            module.pack(archive)
        self.assertFalse(archive.exists())
        module.MOST_BYTES = 40_000_000
        module.pack(archive)
        with tarfile.open(archive) as packed:
            packed.extractall(self.root.parent)
        away = self.root.rename(self.root.parent / "away")
        self.environment["PATH"] = f"{away}/bin:{os.environ['PATH']}"
        elsewhere = self.root.parent / "tenon"
        self.assertTrue((elsewhere / "include/docs/bits.md").exists())
        (elsewhere / module.BENCH.relative_to(module.ROOT)).unlink()
        process = self.start("--prebuilt", "--quick", root=elsewhere)
        said, _ = process.communicate(timeout=60)
        self.assertEqual(self.root.resolve(), elsewhere.resolve(), said)  # where the programs look for their files
        _, stages = self.report()
        self.assertEqual(list(stages), ["roofs", "tests", "tests-1", "tests-2", "tests-cuda", "tests-cuda-1",
                                        "tests-cuda-2", "bits", "flagship"])
        self.assertEqual(stages["roofs"], ("not run", "there is no tenon_bench"))


if __name__ == "__main__":
    unittest.main()
