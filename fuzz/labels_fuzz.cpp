#include "fuzz.hpp"
#include "io/labels.hpp"

namespace {
void read(const std::filesystem::path& path) {
  grids::core::read_labels(path);
}
}  // namespace

GRIDS_FUZZ_FILE(read)
