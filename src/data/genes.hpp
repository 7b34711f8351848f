/// Genes: their names, and where they lie.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/study.hpp"
#include "io/raw_multiome.hpp"

namespace grids {

/// How the genes of a file are called.
struct GeneNames {
  std::vector<std::string> symbols;  ///< as the file has them; maybe not unique
  std::vector<std::string> unique;   ///< made unique as AnnData does: A, A-1, A-2
  std::vector<std::string> ids;      ///< Ensembl ids, or empty strings
  int64_t repeated = 0;              ///< names that had to be changed
  std::vector<std::string> changed;  ///< the new names
};

/// Symbols from the index of `var` and ids from a column (gene_ids, gene_id, …); where the index
/// holds Ensembl ids, the other way round (gene_symbols, feature_name, …).
GeneNames gene_names(const Frame& var);

/// "ENSG00000187634.12" → "ENSG00000187634".
std::string_view without_version(std::string_view id);

/// True for names such as ENSG00000187634, ENSMUSG00000051951, ENSDARG00000000001.5.
bool is_ensembl_gene(std::string_view name);

/// Columns of the genes that the user names, by symbol, id, or id without version, ascending.
struct WantedGenes {
  std::vector<int32_t> columns;
  std::vector<std::string> missing;  ///< names that are no gene of the file
};
WantedGenes find_genes(const GeneNames& names, std::span<const std::string> wanted);

struct GenePlaces {
  std::vector<GenePosition> of_gene;  ///< one a gene; an empty chromosome where none is known
  std::string source;                 ///< "given positions", "columns of the file", or "none"
  int64_t matched = 0;
  std::vector<std::string> unmatched;  ///< names of genes without a position

  double share() const {
    return of_gene.empty() ? 0.0
                           : static_cast<double>(matched) / static_cast<double>(of_gene.size());
  }
};

/// Positions by symbol, then by id without its version; where one symbol has several positions, the
/// one with the gene's id, else the first. Without `given` (empty), from the columns of `var` (as
/// 10x writes them). Throws Error(kInput), with examples, when not one of the given positions fits.
GenePlaces gene_places(const GeneNames& names, const Frame& var,
                       std::span<const GenePosition> given);

/// Throws Error(kInput) that shows both when genes have positions, but none on a chromosome that
/// has peaks: another spelling ("1" for "chr1") or another genome.
void require_common_chromosomes(const GenePlaces& genes, std::span<const std::string> chromosomes);

/// The table of the chosen genes.
GeneTable gene_table(const GeneNames& names, const GenePlaces& places,
                     std::span<const int32_t> columns);

}  // namespace grids
