// The parts of the table of one instruction set, each filled in by a source of its own.
#pragma once
#include <tenon/kernels/cpu/isa/table.h>

namespace tenon::kernels::cpu::TENON_ISA {

void add_elementwise(Table& table);
void add_reduce(Table& table);
void add_matmul(Table& table);
void add_random(Table& table);
void add_update(Table& table);

}  // namespace tenon::kernels::cpu::TENON_ISA
