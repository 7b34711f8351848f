#include "fuzz.hpp"
#include "model/safetensors.hpp"
#include "model/surrogate_file.hpp"

namespace {

using namespace grids::core;

void read(const std::filesystem::path& path) {
  fuzz::attempt([&] { read_surrogate(path); });
  read_safetensors(path);
}

}  // namespace

GRIDS_FUZZ_FILE(read)
