#include "fuzz.hpp"
#include "io/table.hpp"

namespace {

using namespace grids::core;

/// A table that was read is written such that it reads back the same.
void read(const std::filesystem::path& path) {
  const Table table = read_table(path);
  for (size_t row = 0; row < table.rows(); ++row) {
    for (const auto& column : table.columns()) {
      fuzz::attempt([&] { table.number(row, column); });
    }
  }
  static const auto copy = std::filesystem::path("/dev/shm") /
                           ("grids_fuzz_table_" + std::to_string(::getpid()) + ".tsv");
  write_table(copy, table);
  const Table back = read_table(copy);
  std::filesystem::remove(copy);
  // Rows of one empty cell are empty lines, which tables may have anywhere.
  if (table.columns().size() == 1) return;
  if (back.columns() != table.columns() || back.rows() != table.rows()) std::abort();
  for (size_t row = 0; row < table.rows(); ++row) {
    if (back.row(row) != table.row(row)) std::abort();
  }
}

}  // namespace

GRIDS_FUZZ_FILE(read)
