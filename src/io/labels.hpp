/// Labels of cells from text files.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

namespace grids::core {

struct LabelTable {
  std::unordered_map<std::string, std::string> of_barcode;
  std::vector<std::string> notes;  ///< what to say of how it was read
};

/// Barcode → label from a table separated by tabs, commas or semicolons, plain or gzip, quoted or
/// not, with or without header: two columns (Cell Ranger's `clusters.csv`), or more of which
/// `column` names that of the labels, by its name in the header or its number from 1. Barcodes are
/// in a column whose header says so ("barcode", "cell_id", …), else in the first; beside such a
/// column one without a name in front, as pandas writes its row numbers, is passed over. Throws
/// Error(kInput) with line numbers for rows of another width and for a barcode that is there twice,
/// for more columns than two without a choice, listing them, and for a file without labels.
LabelTable read_labels(const std::filesystem::path& path, const std::string& column = {});

}  // namespace grids::core
