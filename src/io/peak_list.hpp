/// Peaks and positions from BED, as peak callers, R and people write it.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "io/delimited.hpp"
#include "io/peak_name.hpp"
#include "io/raw_multiome.hpp"

namespace grids::core {

/// Passes over the first line where it heads a BED or a list of names: none of its fields begins
/// as a number does. Returns how many fields stand before the chromosome or name: 1 where lines
/// begin with row names, as R's do; nothing where there is no header to tell.
std::optional<size_t> skip_bed_header(DelimitedReader& reader);

/// The same from a line: chrom, start and end begin with the second field.
size_t fields_before_bed(std::span<const std::string> fields);

/// A position of a BED. Throws Error(kInput) that says what is wrong with it.
int64_t bed_position(const DelimitedReader& reader, const DelimitedReader::Row& row,
                     std::string_view text);

/// A list of peaks, BED or names, with or without a header: the var table of a matrix with those
/// peaks, named chrom:start-end where they come from BED, with columns chrom, start and end then.
/// Peaks without length are kept. Throws Error(kInput) with the line number.
Frame read_peak_list(const std::filesystem::path& path);

}  // namespace grids::core
