/// Found sets as tracks for genome browsers.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "io/table.hpp"

namespace grids::core {

/// The file name of the track of a gene in a cell type: safe for any file system, different for
/// different pairs.
std::string track_file_name(std::string_view cell_type, std::string_view gene);

/// The file names of the tracks of subsets.tsv, in the order of the table.
std::vector<std::string> track_names(const Table& subsets);

/// Writes `folder`/CELLTYPE_GENE.bed for each cell type and gene in subsets.tsv: a `track` line,
/// then BED9 in genome order (name = gene and rank, score = 1000 for rank 1 falling to 100 for the
/// last, strand ".", colour by method). Where several methods explained the same gene, names carry
/// the method. Returns the files in the order of the table.
std::vector<std::filesystem::path> write_tracks(const std::filesystem::path& folder,
                                                const Table& subsets);

}  // namespace grids::core
