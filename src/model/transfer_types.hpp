/// Types of cells of one modality from those of the other, where they were not measured together.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "io/columns.hpp"
#include "model/folded_surrogate.hpp"
#include "study/unpaired_study.hpp"

namespace grids::core {

/// Of a study of such cells.
enum class StudyHalf : uint8_t { kAtac, kRna };

/// "atac", "rna".
const char* half_name(StudyHalf half);
const Study& modality_half(const UnpairedStudy& study, StudyHalf half);
Study& modality_half(UnpairedStudy& study, StudyHalf half);

struct TransferOptions {
  /// Training cells of the other modality that vote. Larger values look less locally; a type of
  /// fewer than half as many cells can hardly win.
  int64_t neighbours = 15;

  void describe(OptionSet& set);
};

struct TransferredTypes {
  StudyHalf to = StudyHalf::kAtac;
  /// An entry for each cell of that half; names and their order are those of the other's types.
  Categorical types;
  std::vector<double> agreement;  ///< of each cell: the share of its neighbours that have the type
};

/// The types of all cells of a half, labelled or not: the type that most of the nearest training
/// cells of the other half have, of several that equally many have that of the nearest. Nearest in
/// the latent space of the RNA, where chromatin lies at f_AR(h_a) and RNA at h_r; Euclidean. Throws
/// Error(kInput) when the other half has no types, or no training cells.
TransferredTypes transfer_types(const UnpairedStudy& study, const FoldedSurrogate& surrogate,
                                StudyHalf to, const TransferOptions& options,
                                const Context& context);

/// Gives a half that has no types those that are transferred to it, for stages that need types of
/// the cells they work on; `labels_in` stays as it is. Nothing where both have types.
std::optional<TransferredTypes> fill_in_types(UnpairedStudy& study,
                                              const FoldedSurrogate& surrogate,
                                              const TransferOptions& options,
                                              const Context& context);

/// transferred_types.tsv: cells as in the user's file, those with chromatin first. `study`: as it
/// was read, or with types filled in.
Table transferred_types_table(const UnpairedStudy& study,
                              std::span<const TransferredTypes> transferred);
TableText describe_transferred_types();

}  // namespace grids::core
