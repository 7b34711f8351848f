/// Genes: how they are called. Where they lie: gene_places.hpp.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/raw_multiome.hpp"

namespace grids::core {

/// The first of these columns that is there and holds text, or null.
const std::vector<std::string>* text_column(const Frame& frame,
                                            std::initializer_list<const char*> names);

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

}  // namespace grids::core
