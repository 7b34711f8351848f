// Any bytes as an HDF5 file: grids-probe may die of them, this process may not.
#include <cstdio>

#include "fuzz.hpp"
#include "io/readers.hpp"
#include "study/study.hpp"

// libhdf5 does not give back everything that a damaged file made it take.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace grids::core;
  static const auto path =
      std::filesystem::path("/dev/shm") / ("grids_fuzz_" + std::to_string(::getpid()) + ".h5mu");
  std::filesystem::remove(path);  // a file that was looked at is not looked at again
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr || std::fwrite(data, 1, size, file) != size || std::fclose(file) != 0) {
    std::abort();
  }
  fuzz::attempt([&] { read_study(path); });
  fuzz::attempt([&] {
    MultiomeInput input;
    input.path = path;
    read_multiome(input, fuzz::context());
  });
  return 0;
}
