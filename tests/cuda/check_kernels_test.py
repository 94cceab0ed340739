#!/usr/bin/env python3
"""Checks that check_kernels.py accepts correct texts and finds each planted fault. Needs no CUDA."""

import unittest

import check_kernels

PTX = """
.version 9.0
.target sm_80
.visible .entry kernel(
.param .u64 kernel_param_0
)
{
ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd1];
@%p1 add.rn.f32 %f5, %f1, %f2;
fma.rn.f64 %fd1, %fd2, %fd3, %fd4;
add.s64 %rd1, %rd2, 4;
cvt.rn.f32.s32 %f1, %r1;
}
"""
RESOURCES = """
Fatbin elf code:
================
arch = sm_75
Resource usage:
 Common:
  GLOBAL:140 CONSTANT[4]:72
 Function kernel:
  REG:46 STACK:0 SHARED:0 LOCAL:0 CONSTANT[0]:368 TEXTURE:0 SURFACE:0 SAMPLER:0
"""
SASS = """
	code for sm_90a
		Function : kernel
        /*0000*/                   LDC R1, c[0x0][0x28] ;              /* 0x00000a00ff017b82 */
                                                                       /* 0x000fe20000000800 */
        /*0010*/              @!P0 LDG.E.128.CONSTANT R4, [R2.64] ;    /* 0x00000a00ff017b82 */
        /*0020*/                   LDG.E.128 R8, [R2.64+0x200] ;       /* 0x00000a00ff017b82 */
        /*0030*/                   LDS.U.128 R12, [R0] ;               /* 0x00000a00ff017b82 */
        /*0040*/                   HFMA2.MMA R4, -RZ, RZ, 0, 0 ;       /* 0x00000a00ff017b82 */
        /*0050*/                   STG.E.128 [R2.64], R4 ;             /* 0x00000a00ff017b82 */
"""
PAIR = "map_dense<4, BinaryOf<Binary::add>, float, float, float>"

# Kernel name, old text, new text, and the problem that check_kernels reports.
PTX_FAULTS = [
    ("k", "", "", []),
    ("k", "add.rn.f32", "add.f32", ["add.f32"]),
    ("k", "@%p1 add.rn.f32", "@!%p1 add.rn.ftz.f32", ["add.rn.ftz.f32"]),
    ("k", "fma.rn.f64", "fma.rz.f64", ["fma.rz.f64"]),
    ("k", "fma.rn.f64", "mad.f32", ["mad.f32"]),
    ("k", "cvt.rn.f32.s32", "div.full.f32", ["div.full.f32"]),
    ("k", "cvt.rn.f32.s32", "sqrt.approx.f32", ["sqrt.approx.f32"]),
    ("k", "cvt.rn.f32.s32", "setp.lt.ftz.f32", ["setp.lt.ftz.f32"]),
    ("k", "cvt.rn.f32.s32", "{add.f16", ["add.f16"]),
    ("k", "cvt.rn.f32.s32", "rcp.approx.ftz.f64", ["rcp.approx.ftz.f64"]),
    ("map_dense<2, Log, double, double>", "add.rn.f32", "add.f32", ["add.f32"]),
]
RESOURCE_FAULTS = [
    ("k", "", "", []),
    ("k", "STACK:0", "STACK:8", ["STACK:8 LOCAL:0 REG:46"]),
    ("k", "LOCAL:0", "LOCAL:4", ["STACK:0 LOCAL:4 REG:46"]),
]
SASS_FAULTS = [
    (PAIR, "", "", []),
    (PAIR, "LDG.E.128 R8", "LDG.E R8", ["LDG.E.128 1"]),
    (PAIR, "@!P0 LDG.E.128.CONSTANT", "@!P0 LDG.E.CONSTANT", ["LDG.E.128 1"]),
    (PAIR, "STG.E.128", "STG.E.64", ["STG.E.128 0"]),
    ("k", "LDC R1", "STL.64 [R1]", ["STL 1"]),
    ("k", "HFMA2.MMA", "HMMA.16816.F32", ["HMMA.16816.F32"]),
    ("k", "HFMA2.MMA", "HGMMA.64x8x16.F32", ["HGMMA.64x8x16.F32"]),
    ("k", "HFMA2.MMA", "DMMA.8x8x4", ["DMMA.8x8x4"]),
    ("matmul_tensor_cores<1>", "HFMA2.MMA", "HGMMA.64x128x16.F32.BF16",
     ["HGMMA.64x128x16.F32.BF16 1", "UBLKCP 0", "USETMAXREG 0"]),
    ("k", "STG.E.128", "RED.E.ADD.F32.FTZ.RN.STRONG.GPU", ["RED.E.ADD.F32.FTZ.RN.STRONG.GPU"]),
    ("k", "STG.E.128", "ATOMG.E.ADD.STRONG.GPU", []),
    ("k", "LDC R1", "FFMA.FTZ R1", ["FFMA.FTZ"]),
]
NAMES = [
    ("void tenon::kernels::cuda::(anonymous namespace)::sgd_long<float>(int, tenon::X<(1)+(1)> const*)",
     "sgd_long<float>"),
    ("void tenon::kernels::cuda::map_dense<2, tenon::arith::Log, double, "
     "double>(long, tenon::kernels::cuda::Source<double>)",
     "map_dense<2, Log, double, double>"),
    ("void (anonymous namespace)::select<a::Pack<unsigned int, 4> >(a::B)", "select<Pack<unsigned int, 4>>"),
    ("__internal_accurate_pow", "__internal_accurate_pow"),
]


class CheckKernelsTest(unittest.TestCase):
    def plant(self, faults, text, parse, check):
        for name, old, new, wanted in faults:
            with self.subTest(name=name, old=old, new=new):
                self.assertIn(old, text)
                parsed = {(arch, name if kernel == "kernel" else kernel): what
                          for (arch, kernel), what in parse(text.replace(old, new)).items()}
                self.assertEqual([problem.found for problem in check(parsed)], wanted)

    def test_ptx(self):
        self.plant(PTX_FAULTS, PTX, check_kernels.parse_ptx, check_kernels.check_ptx)

    def test_resources(self):
        self.plant(RESOURCE_FAULTS, RESOURCES, check_kernels.parse_resources, check_kernels.check_resources)

    def test_sass(self):
        self.plant(SASS_FAULTS, SASS, check_kernels.parse_sass, check_kernels.check_sass)
        self.assertEqual(check_kernels.parse_sass(SASS)["sm_90a", "kernel"]["LDS.128"], 1)

    def test_the_share_of_multiply_adds_in_the_main_loop(self):
        body = [(0, "FFMA", None), (16, "LDS", None), (32, "FFMA", None), (48, "FFMA.FTZ", None), (64, "BRA", 16),
                (80, "FADD", None), (96, "BRA.U", 16), (112, "EXIT", None), (128, "BRA", 128)]
        self.assertEqual(check_kernels.loop_share(body), 50)  # from 16 to 64; 33 in the outer loop
        self.assertEqual(check_kernels.loop_share(body[:4]), 0)
        text = SASS + """
        /*0060*/                   FFMA R4, R4, R5, R4 ;               /* 0x00000a00ff017b82 */
        /*0070*/               @P1 BRA 0x50 ;                          /* 0x00000a00ff017b82 */
        /*0080*/                   BRA 0x80;                           /* 0x00000a00ff017b82 */
"""
        self.assertEqual(check_kernels.parse_sass(text)["sm_90a", "kernel"]["% FMA"], 33)

    def test_names(self):
        for full, wanted in NAMES:
            self.assertEqual(check_kernels.short(full), wanted)

    def test_a_kernel_that_was_renamed(self):
        self.assertEqual({problem.kernel for problem in check_kernels.check_patterns({"sgd_brief<float>"})},
                         {f"MINIMA: {pattern}" for pattern in check_kernels.MINIMA})

    def test_a_kernel_that_one_architecture_lacks(self):
        found = {("sm_75", "k"): 1, ("sm_80", "l"): 1}
        self.assertEqual([problem.arch for problem in check_kernels.check_architectures({1}, found, found)],
                         ["sm_75", "sm_80"])

    def test_nothing_to_check(self):
        self.assertEqual(len([*check_kernels.check_architectures({}, {}, {})]), 2)


if __name__ == "__main__":
    unittest.main()
