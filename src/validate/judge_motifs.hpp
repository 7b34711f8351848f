/// Motifs of transcription factors in the members of sets: which are there more often than in peaks
/// like them, and whether members of a set share them.
#pragma once

#include <filesystem>
#include <vector>

#include "base/context.hpp"
#include "io/columns.hpp"
#include "study/study.hpp"
#include "validate/motif.hpp"
#include "validate/pairs.hpp"
#include "validate/validation_row.hpp"

namespace grids::core {

struct JudgedMotifs {
  std::vector<ValidationRow> rows;
  Table table;  ///< motifs.tsv
};

/// motifs.tsv.
TableText describe_motifs();

/// Looks for motifs (p ≤ 1e-4, motif_scan.hpp) in 500 bp around the middle of each peak, so that
/// long peaks have no more than short ones. Members of the sets of each method and L are held
/// beside five peaks each that are no members and alike in GC and in how often they are open
/// (tenths of both): one-sided Fisher's test of each motif of a factor that is expressed in the
/// sets' cell types (in 5 % of the cells), and Benjamini–Hochberg. Then the share of pairs of a
/// set's members that have such a motif in common, by call, beside the same share of the peaks that
/// stand for them. `study` is the one whose peaks `pairs` has; what its genes are expressed in are
/// cells with RNA. Throws Error(kInput) for a genome
/// that lacks chromosomes of the peaks, and where no motif is of an expressed gene of the study.
JudgedMotifs judge_motifs(const Pairs& pairs, const Study& study,
                          const std::filesystem::path& fasta, const std::vector<Motif>& motifs,
                          const Context& context);

}  // namespace grids::core
