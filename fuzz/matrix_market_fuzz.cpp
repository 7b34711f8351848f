#include "fuzz.hpp"
#include "io/formats.hpp"
#include "io/lines.hpp"

namespace {

using namespace grids::core;

/// Against lists of three cells and four features.
void read(const std::filesystem::path& path) {
  fuzz::attempt([&] { read_list(path); });
  fuzz::attempt([&] { read_lines(path); });
  if (is_matrix_market(path)) read_matrix_market(path, 3, 4, fuzz::context());
}

}  // namespace

GRIDS_FUZZ_FILE(read)
