/// Pairs of peaks and genes beside what else is known: distances, loops, variants and screens, each
/// figure beside what chance would give.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "validate/pairs.hpp"
#include "validate/validation_row.hpp"

namespace grids::core {

struct ValidateOptions {
  PairSources pairs;
  std::filesystem::path study;         ///< peaks, how often they are open, genes
  std::filesystem::path loops;         ///< BEDPE
  std::filesystem::path eqtl;          ///< variants with a gene and a PIP
  std::filesystem::path bed;           ///< any places
  int64_t slack = 0;                   ///< bp around places, loops' anchors and variants
  double least_pip = 0.1;              ///< of variants
  std::filesystem::path crispr;        ///< a screen of single elements
  bool other_cell_type = false;        ///< that or `combinations` may be of other cells
  std::filesystem::path combinations;  ///< elements that were perturbed together
  std::filesystem::path fasta;         ///< the genome of the peaks
  std::filesystem::path motifs;        ///< of JASPAR or MEME

  void describe(OptionSet& set);
  /// What is read: for the manifest.
  std::vector<std::filesystem::path> files() const;
  /// Names of the tables that are written.
  std::vector<std::string> tables() const;
};

struct Validation {
  std::vector<ValidationRow> rows;  ///< of validation.tsv
  std::vector<Table> tables;        ///< beside it: hits.tsv, combinations.tsv, motifs.tsv
};

/// Reads all that is named and holds the pairs beside it. Throws Error(kInput) for what cannot be
/// read, or is of another genome build.
Validation validation_of(const ValidateOptions& options, const Context& context);

}  // namespace grids::core
