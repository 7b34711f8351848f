#include "fuzz.hpp"
#include "io/delimited.hpp"
#include "io/formats.hpp"

namespace {

using namespace grids::core;

/// Against lists of three cells and four features.
void read(const std::filesystem::path& path) {
  fuzz::attempt([&] { read_name_list(path); });
  fuzz::attempt([&] { read_names(path); });
  if (is_matrix_market(path)) {
    fuzz::attempt([&] { sizes_of_matrix_market(path); });
    read_matrix_market(path, 3, 4, RowsAre::kToTell, fuzz::context());
  }
}

}  // namespace

GRIDS_FUZZ_FILE(read)
