/// bigWig files: values along the genome with summaries for every zoom of a browser.
#pragma once

#include <filesystem>

#include "tracks/bed_graph.hpp"

namespace grids::core {

/// Writes the file by a temporary name, with the lengths of all chromosomes and up to ten zoom
/// levels, and reads back what a full disk would have cut off. `signal` is as `read_bed_graph`
/// returns it. Throws Error(kInput) where the file cannot be written.
void write_big_wig(const std::filesystem::path& path, const ChromosomeSizes& sizes,
                   const GenomeSignal& signal);

}  // namespace grids::core
