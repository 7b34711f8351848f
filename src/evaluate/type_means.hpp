/// Whether expression that is predicted from the chromatin of a type's cells is, in the mean, what
/// was measured in other cells of the type (the paper's Figure 2A): what can be held against
/// measured expression without pairs.
#pragma once

#include <span>
#include <vector>

#include "base/context.hpp"
#include "evaluate/accuracy.hpp"
#include "evaluate/alignment.hpp"
#include "model/folded_surrogate.hpp"
#include "study/unpaired_study.hpp"

namespace grids::core {

namespace measure {

inline constexpr const char* kTypeMeansR = "type_means_r";
inline constexpr const char* kTypeMeansR2 = "type_means_r2";
inline constexpr const char* kTypeDifferencesR = "type_differences_r";

}  // namespace measure

/// Of the types that have judged cells of both modalities.
struct TypeMeans {
  std::vector<int32_t> types;          ///< ascending
  std::vector<int64_t> cells;          ///< of each: judged cells of both modalities
  std::vector<double> measured;        ///< types × genes, over its judged cells with RNA
  std::vector<double> predicted;       ///< likewise, over its judged cells with chromatin
  std::vector<double> training_means;  ///< of each gene, over all training cells with RNA
};

/// Both halves have types.
TypeMeans type_means(const UnpairedStudy& study, std::span<const int32_t> atac_cells,
                     std::span<const int32_t> rna_cells, const FoldedSurrogate& surrogate,
                     const Context& context);

/// r and R² over genes of each type's means, and over all; `chance` is what each gene's mean over
/// all training cells reaches, the same in every type. Of what types differ by, each gene's mean
/// over types taken out, r: there that says nothing.
std::vector<AlignmentRow> judge_type_means(const TypeMeans& means,
                                           std::span<const std::string> type_names);

/// Those of some genes, as marker_means.tsv has them.
std::vector<MarkerMean> means_of_genes(const TypeMeans& means, std::span<const int32_t> genes);

}  // namespace grids::core
