// simt_semantics NAME runs one case; without a name it lists all cases as "NAME WANT".
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <simt_emu/semantics.h>

void expect(bool right, const char* what) {
  if (right) return;
  std::printf("WRONG: %s\n", what);
  std::exit(1);
}

int main(int argc, char** argv) {
  int found = 0;
  for (const auto cases : {kernel_cases(), race_cases(), runtime_cases(), wgmma_cases(), barrier_cases(),
           copy_cases(), tensor_map_cases(), cluster_cases()})
    for (const Case& c : cases) {
      if (argc < 2) std::printf("%s %s\n", c.name, c.want);
      if (argc < 2 || std::strcmp(c.name, argv[1]) != 0) continue;
      ++found;
      try {
        c.body();
      } catch (const simt::emu::Error& error) { std::printf("REPORTED %s\n", error.what()); }
    }
  return argc < 2 || found == 1 ? 0 : 2;
}
