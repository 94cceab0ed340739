// Loads many copies of a plugin, uses each in a thread that ends, and unloads them. Usage: plugins PLUGIN
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace fs = std::filesystem;

int main(int, char** argv) {
  const fs::path plugin = argv[1];
  const fs::path folder = fs::temp_directory_path() / ("tenon_plugins_" + std::to_string(getpid()));
  fs::create_directory(folder);
  std::vector<void*> loaded;
  bool sound = true;
  for (int i = 0; i < 10 && sound; ++i) {
    const fs::path copy = folder / (std::to_string(i) + plugin.filename().string());
    fs::copy_file(plugin, copy);
    void* const handle = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
    sound = handle != nullptr;
    if (!handle) {
      std::fprintf(stderr, "plugin %d: %s\n", i, dlerror());
      break;
    }
    loaded.push_back(handle);
    const auto train = reinterpret_cast<bool (*)()>(dlsym(handle, "train"));
    std::thread([&] { sound = train && train(); }).join();
    if (!sound) std::fprintf(stderr, "plugin %d: it did not train\n", i);
  }
  for (void* handle : loaded) dlclose(handle);
  fs::remove_all(folder);
  return sound ? EXIT_SUCCESS : EXIT_FAILURE;
}
