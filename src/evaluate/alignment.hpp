/// How well the surrogate lays chromatin and RNA over each other: where its maps put a cell's open
/// peaks among cells' RNA, and a cell's RNA among cells' open peaks.
///
/// Judged in both latent spaces: that of the RNA, with h_r of the RNA and f_AR(h_a) of the
/// chromatin, and that of the ATAC, with h_a and f_RA(h_r). Latents are taken as they are, not
/// standardised: these are the distances that training makes small and that the decoders read. A
/// dimension that hardly varies would count as much as the others if each were divided by its
/// standard deviation, and one modality by its own would hide that the two lie apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "io/columns.hpp"
#include "model/folded_surrogate.hpp"
#include "study/study.hpp"

namespace grids::core {

namespace measure {

inline constexpr const char* kFoscttm = "foscttm";
inline constexpr const char* kFoscttmWithinType = "foscttm_within_type";
inline constexpr const char* kLabelTransfer = "label_transfer";
inline constexpr const char* kLabelTransferBalanced = "label_transfer_balanced";
inline constexpr const char* kMixing = "mixing";
inline constexpr const char* kMixingWithinType = "mixing_within_type";

}  // namespace measure

/// What `AlignmentRow::space` and `AlignmentRow::of` say.
inline constexpr const char* kRnaWord = "rna";
inline constexpr const char* kAtacWord = "atac";
inline constexpr const char* kBothWord = "both";

/// A line of alignment.tsv.
struct AlignmentRow {
  std::string space;      ///< "rna", "atac"; of what is decoded: "expression", "peaks"
  std::string measure;    ///< of namespace `measure`
  std::string of;         ///< whose cells are asked: "atac", "rna", "both"
  std::string cell_type;  ///< or "all"
  int64_t cells = 0;      ///< that are judged
  double value = 0;
  double standard_error = 0;  ///< NaN where there is none
  double chance = 0;          ///< what says nothing reaches
};

Columns<AlignmentRow> alignment_columns();

/// Cells of one modality, and where the surrogate puts them: cells × latent.
struct PlacedCells {
  std::vector<int32_t> types;  ///< of each cell; empty: they bear no labels
  std::vector<float> own;      ///< in the modality's own space
  std::vector<float> mapped;   ///< in the other's

  int64_t size(int64_t dimensions) const { return std::ssize(own) / dimensions; }
};

/// Of one modality: h_a and f_AR(h_a); h_r and f_RA(h_r).
PlacedCells place_atac(const Study& study, std::span<const int32_t> cells,
                       const FoldedSurrogate& surrogate, ThreadPool& pool);
PlacedCells place_rna(const Study& study, std::span<const int32_t> cells,
                      const FoldedSurrogate& surrogate, ThreadPool& pool);

/// All whose places are judged, and the cells that labels come from.
struct AlignedCells {
  int64_t dimensions = 0;
  std::vector<std::string> types;  ///< what the codes of both modalities mean
  /// Whether row i of `atac` and of `rna` is one cell.
  bool paired = true;
  PlacedCells atac, rna;                    ///< judged
  PlacedCells training_atac, training_rna;  ///< give their labels to those
};

struct AlignmentOptions {
  /// Training cells of the other modality whose labels a cell gets by majority, and neighbours
  /// among which mixing is looked at. 15, as the nearest neighbours elsewhere in grids; a type of
  /// fewer than 8 training cells can hardly win. Larger values look less locally.
  int64_t neighbours = 15;
  /// Of more judged cells a sample is asked, all of a small type and as many of each larger one,
  /// drawn by the seed; they are held against all cells.
  int64_t most_asked = 5000;

  void describe(OptionSet& set);
};

/// `foscttm` where cells are paired, `label_transfer` to each modality where both bear labels,
/// `mixing`; over all and by type. Throws Error(kCancelled) when the user asks to stop.
std::vector<AlignmentRow> judge_alignment(const AlignedCells& cells,
                                          const AlignmentOptions& options, const Context& context);

/// The same for a study whose cells are paired: `judged` against its training cells.
std::vector<AlignmentRow> judge_alignment(const Study& study, std::span<const int32_t> judged,
                                          const FoldedSurrogate& surrogate,
                                          const AlignmentOptions& options, const Context& context);

}  // namespace grids::core
