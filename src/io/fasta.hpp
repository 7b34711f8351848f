/// Sequences of a genome.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "io/peak_name.hpp"

namespace grids::core {

/// The sequence of each place in upper-case A, C, G, T; N for every other letter and for what lies
/// beyond the ends of its chromosome. Chromosomes are named as in the file, or with "chr" before,
/// or without. Of a plain file with its index beside it (NAME.fai, samtools faidx) only these
/// places are read; else the file, plain or gzip, is read once from end to end. Memory: the
/// sequences. Throws Error(kInput) for files that are no FASTA, an index that does not fit, and a
/// chromosome that is not there, with its name.
std::vector<std::string> read_sequences(const std::filesystem::path& fasta,
                                        std::span<const Interval> places);

}  // namespace grids::core
