#include "fuzz.hpp"
#include "io/annotation.hpp"

namespace {
void read(const std::filesystem::path& path) {
  grids::core::fuzz::attempt([&] { grids::core::read_chromosome_sizes(path); });
  grids::core::read_gene_positions(path);
}
}  // namespace

GRIDS_FUZZ_FILE(read)
