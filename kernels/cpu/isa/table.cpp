#include <tenon/kernels/cpu/isa/parts.h>

namespace tenon::kernels::cpu::TENON_ISA {
namespace {

float unfused(float a, float b) { return a * b + a; }

}  // namespace

#define TENON_TEXT_(x) #x
#define TENON_TEXT(x) TENON_TEXT_(x)

Table make_table() {
  Table table{};
  table.name = TENON_TEXT(TENON_ISA);
  add_unary(table);
  add_elementwise(table);
  add_reduce(table);
  add_reduce_integers(table);
  add_matmul(table);
  add_fill(table);
  add_random(table);
  add_update(table);
  add_index(table);
  add_windows(table);
  add_row_steps(table);
  table.unfused = unfused;
  return table;
}

}  // namespace tenon::kernels::cpu::TENON_ISA
