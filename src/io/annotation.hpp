/// Gene positions and chromosome lengths from annotation files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/raw_multiome.hpp"

namespace grids::core {

/// Reads genes in the file's order, plain or gzip, told apart by content:
/// BED — chrom, start, end, name, then maybe score, strand, id, type, quoted or not, row names of
/// R's in front or not; lines that begin with `#`, `track` or `browser`, and a first line in which
/// nothing begins as a number does, are headers;
/// GTF — features `gene` (named by gene_name, or else gene_id; 1-based closed intervals become
/// half-open), with the sites of the `transcript`s of the same gene_id on the same chromosome; a
/// gene that has no line of its own is what its transcripts cover. RefSeq's names of the
/// chromosomes of human and mouse (NC_000001.11) become chr1 and so on. Throws Error(kInput) with
/// the line number for lines that cannot be read and for a file without genes.
std::vector<GenePosition> read_gene_positions(const std::filesystem::path& path);

struct ChromosomeSize {
  std::string name;
  int64_t length = 0;  ///< bp
};

/// Reads a table of chromosome and length, separated by tabs, without a header (UCSC's chrom.sizes;
/// samtools' .fai, whose further columns are passed over). Throws Error(kInput) with the line
/// number.
std::vector<ChromosomeSize> read_chromosome_sizes(const std::filesystem::path& path);

}  // namespace grids::core
