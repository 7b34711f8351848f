/// Where the genes of a file lie: the user's positions matched to them by id and by symbol, or the
/// file's own columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/raw_multiome.hpp"
#include "prepare/genes.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Transcripts of one gene do not begin further apart than this (bp).
inline constexpr int64_t kWidestGene = 1'000'000;

/// Positions as the user gives them (`read_gene_positions`).
struct GivenPositions {
  std::span<const GenePosition> of_gene;  ///< empty: none were given
  std::string source = "the positions";   ///< the file, for messages
};

struct GenePlaces {
  std::vector<GenePosition> of_gene;   ///< one per gene; an empty chromosome where none is known
  std::string source;                  ///< the file given, "columns of the file", or "none"
  int64_t matched = 0;                 ///< genes with a position; the next three add up to it …
  int64_t by_symbol = 0;               ///< … where positions were given
  int64_t by_id = 0;                   ///< the id as it stands
  int64_t by_id_without_version = 0;   ///< ENSG00000187634.12 for ENSG00000187634, either way round
  std::vector<std::string> unmatched;  ///< names of genes without a position
  /// Genes whose id lies on several chromosomes or strands; the first was taken.
  std::vector<std::string> several;
  /// Genes without a position because their symbol is that of several genes, here or there, and no
  /// id tells which is which.
  std::vector<std::string> unclear;

  /// Of all genes, how many have a position.
  double share() const;
};

/// Letter case counts. A gene takes the position of its Ensembl id, else of its id without the
/// version (on either side), else of its symbol; an id may stand in the place of a symbol, in
/// either file. Where an id has several positions, those that also have the gene's symbol, else
/// all of them: they are transcripts of one gene, whose body covers them and which begins where
/// each begins. So are those of a symbol, if nothing says otherwise: other chromosomes, strands or
/// Ensembl ids, or more than `kWidestGene` between two of them. Then, and where several genes of
/// the file have the symbol, or the position was another gene's by id, nothing is guessed. Without
/// positions given, from the columns of `var` (as 10x writes
/// them). Throws Error(kInput), with names from both sides, when not one of the given positions
/// fits.
GenePlaces gene_places(const GeneNames& names, const Frame& var, const GivenPositions& given);

/// True when so few genes found a position, of those that could have (share below 20 % of the
/// genes, and of the positions, if these are fewer), that the two hardly belong together.
bool hardly_matched(const GenePlaces& places, const GivenPositions& given);

/// "3 of 600 genes have a position in FILE (2 by symbol, …); the genes are called A, B, …": what
/// the user needs to see the difference.
std::string describe_mismatch(const GeneNames& names, const GenePlaces& places,
                              const GivenPositions& given);

/// Spells the chromosomes of the genes as the peaks do ("1" → "chr1", "MT" → "chrM", or the other
/// way round) when more of them fit so. Returns the number of genes respelt.
int64_t respell_chromosomes(GenePlaces& genes, std::span<const std::string> of_peaks);

/// Throws Error(kInput) that shows both when genes have positions, but none on a chromosome that
/// has peaks.
void require_common_chromosomes(const GenePlaces& genes, std::span<const std::string> of_peaks);

/// The table of the chosen genes.
GeneTable gene_table(const GeneNames& names, const GenePlaces& places,
                     std::span<const int32_t> columns);

}  // namespace grids::core
