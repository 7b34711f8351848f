#include "prepare/tell_kinds.hpp"

#include "base/error.hpp"

namespace grids::core {

void say_how_rna_is_taken(RnaKind kind, const PackedModality& rna, Diary& diary) {
  switch (kind) {
    case RnaKind::kCounts:
      diary.note("{}: raw counts; log1p of counts per 100,000", rna.source);
      break;
    case RnaKind::kLogged:
      diary.warn(
          "{}: fractions below {}, so log-normalised before it came here: used as it is; "
          "without counts, changes in counts cannot be given",
          rna.source, kLargestLogged);
      break;
    case RnaKind::kRounded:
      diary.warn(
          "{}: whole numbers, but the totals of cells vary by less than {:.0f} % of their mean, so "
          "scaled to one total and rounded: no counts, and not taken as such; scaled to 100,000 "
          "per cell and log1p taken; give the raw counts (--rna-layer), as without them changes in "
          "counts cannot be given",
          rna.source, 100 * kLeastSpreadOfTotals);
      break;
    case RnaKind::kLinear:
      diary.warn(
          "{}: fractions and large values, so normalised but not logged: scaled to 100,000 per "
          "cell and log1p taken; without counts, changes in counts cannot be given",
          rna.source);
      break;
  }
}

void require_open_and_closed(const PackedModality& atac, Diary& diary) {
  switch (recognise_atac(atac)) {
    case AtacKind::kCounts:
      return;
    case AtacKind::kWeighted:
      diary.warn(
          "{}: fractions in most places, as after TF-IDF: a peak is taken as open where the value "
          "is "
          "above zero, which is right if nothing was imputed or smoothed",
          atac.source);
      return;
    case AtacKind::kAllOpen:
      throw input_error(
          "{}: more than {:.0f} % of all peaks of all cells are above zero, so open: imputed or "
          "smoothed values say nothing about which are; give fragment counts or 0 and 1, for "
          "example from a layer (--atac-layer)",
          atac.source, 100 * kMostOpen);
    case AtacKind::kEqual:
      throw input_error(
          "{}: all cells have equally many peaks above zero, as no measurement gives: a rule chose "
          "them; give fragment counts or 0 and 1, for example from a layer (--atac-layer)",
          atac.source);
  }
}

}  // namespace grids::core
