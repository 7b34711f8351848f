/// Labels of cells from text files.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>

namespace grids::core {

/// Barcode → label from a file of two columns, separated by tabs (a TSV of barcode and label) or,
/// where the first line has no tab, by commas (Cell Ranger's `clusters.csv`); plain or gzip. A
/// first line that begins with barcode, cell, cell_id, index or an empty field is a header. Quotes
/// around fields are removed. Throws Error(kInput) with line numbers for other numbers of columns
/// and for a barcode that is there twice, and for a file without labels.
std::unordered_map<std::string, std::string> read_labels(const std::filesystem::path& path);

}  // namespace grids::core
