/// Values along the genome, as bedGraph text gives them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tracks/chromosome_sizes.hpp"

namespace grids::core {

/// What one chromosome has: bases [starts[i], ends[i]) hold values[i]; ascending and disjoint.
struct Signal {
  std::vector<uint32_t> starts;
  std::vector<uint32_t> ends;
  std::vector<float> values;
};

/// By chromosome, in the order of `ChromosomeSizes`; only those that have values.
using GenomeSignal = std::map<std::string, Signal, std::less<>>;

/// Reads lines of chromosome, start, end and value; comments, `track` and `browser` lines are
/// passed over. Throws Error(kInput) naming file, line and remedy for values that are not finite as
/// 32-bit floats, spans that are empty, descend, overlap or leave their chromosome, chromosomes
/// without a length, and a file without values. All of it is in memory: 12 bytes a line.
GenomeSignal read_bed_graph(const std::filesystem::path& path, const ChromosomeSizes& sizes);

}  // namespace grids::core
