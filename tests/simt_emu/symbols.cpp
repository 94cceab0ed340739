// Looks up the name of a kernel by its address in the symbol table of the running program.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>

#include <cxxabi.h>
#include <link.h>

#include <simt_emu/runtime.h>

namespace simt::emu {

namespace {

using Header = ElfW(Ehdr);
using Section = ElfW(Shdr);
using Symbol = ElfW(Sym);

const std::string& program() {
  static const std::string& bytes = *new std::string([] {
    std::ifstream file("/proc/self/exe", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }());
  return bytes;
}

/// The load address of the program, which is first in the list.
std::uintptr_t load_address() {
  std::uintptr_t address = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        *static_cast<std::uintptr_t*>(result) = info->dlpi_addr;
        return 1;
      },
      &address);
  return address;
}

std::string demangled(const char* name) {
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name, nullptr, nullptr, nullptr), std::free);
  return text ? text.get() : name;
}

}  // namespace

std::string name_of(const void* kernel) {
  const char* const bytes = program().data();
  const auto* const header = reinterpret_cast<const Header*>(bytes);
  const std::span sections(reinterpret_cast<const Section*>(bytes + header->e_shoff), header->e_shnum);
  const std::uintptr_t place = reinterpret_cast<std::uintptr_t>(kernel) - load_address();
  for (const Section& section : sections) {
    if (section.sh_type != SHT_SYMTAB) continue;
    const char* const names = bytes + sections[section.sh_link].sh_offset;
    for (const Symbol& symbol : std::span(
             reinterpret_cast<const Symbol*>(bytes + section.sh_offset), section.sh_size / sizeof(Symbol)))
      if (symbol.st_value == place && symbol.st_size > 0) return demangled(names + symbol.st_name);
  }
  return "a kernel without a name: the program has no symbol table";
}

}  // namespace simt::emu
