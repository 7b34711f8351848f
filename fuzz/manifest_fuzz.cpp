#include "fuzz.hpp"
#include "io/manifest.hpp"

namespace {
void read(const std::filesystem::path& path) {
  grids::core::read_manifests(path);
}
}  // namespace

GRIDS_FUZZ_FILE(read)
