// The parts of an instruction set's table, each filled in by one source file.
#pragma once
#include <tenon/kernels/cpu/isa/table.h>

namespace tenon::kernels::cpu::TENON_ISA {

void add_unary(Table& table);
void add_elementwise(Table& table);
void add_reduce(Table& table);
void add_reduce_integers(Table& table);
void add_matmul(Table& table);
void add_fill(Table& table);
void add_random(Table& table);
void add_update(Table& table);
void add_index(Table& table);
void add_windows(Table& table);
void add_row_steps(Table& table);

}  // namespace tenon::kernels::cpu::TENON_ISA
