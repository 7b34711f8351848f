#include "prepare/half_names.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/error.hpp"
#include "prepare/labels.hpp"
#include "prepare/prepare_unpaired.hpp"
#include "prepare/units.hpp"
#include "prepare/unused_columns.hpp"

namespace grids::core {
namespace {

/// One of --labels, --donors and --batches.
struct Asked {
  const char* what;                 ///< "labels"
  CellNames NamesOfCells::*member;  ///< which of the names
  bool units;                       ///< not types: barcodes may tell them
};

constexpr const char* kAtacAndRna[] = {"atac", "rna"};

const char* cells_words(const HalfCells& half) {
  return half.rna ? kCellsWithRna : kCellsWithChromatin;
}

/// Whether barcodes of more than one form tell units apart.
bool barcodes_tell(const HalfCells& half) {
  std::set<std::string> forms;
  for (const auto& barcode : half.cells.matched.barcodes) {
    forms.insert(around_bases(barcode));
    if (forms.size() > 1) return true;
  }
  return false;
}

bool says_anything(const HalfCells& half, const CellNames& names, const Asked& asked) {
  if (asked.units && are_by_barcode(half.raw, names)) return barcodes_tell(half);
  return has_labels(half.raw, half.cells.matched, names);
}

int64_t barcodes_in_both(const HalfCells& atac, const HalfCells& rna) {
  const auto& list = atac.cells.matched.barcodes;
  const std::unordered_set<std::string_view> known(list.begin(), list.end());
  return std::count_if(rna.cells.matched.barcodes.begin(), rna.cells.matched.barcodes.end(),
                       [&](const auto& name) { return known.contains(name); });
}

/// A table of barcodes that are in both files cannot tell which of two cells it means.
void warn_of_shared_table(const CellNames& common, const Asked& asked, const HalfCells& atac,
                          const HalfCells& rna, Diary& diary) {
  if (common.table == nullptr) return;
  const int64_t both = barcodes_in_both(atac, rna);
  if (both == 0) return;
  diary.warn(
      "{}: {} barcodes are in both files, though the cells are different ones: what it says of one "
      "is taken for both; if it is of one modality alone give it as --atac-{} or --rna-{}",
      common.table->source, both, asked.what, asked.what);
}

/// No half is named by it: a column that is not there, or one without a value.
void refuse_or_give(const CellNames& common, const Asked& asked, const HalfCells& atac,
                    const HalfCells& rna) {
  if (common.table != nullptr || (asked.units && common.column == kByBarcode)) return;
  const auto there = [&](const Frame& frame) {
    for (const std::string prefix : {"", "rna:", "atac:"}) {
      if (frame.find(prefix + common.column) != nullptr) return true;
    }
    return false;
  };
  if (there(atac.raw.obs) || there(atac.raw.atac.obs) || there(rna.raw.rna.obs)) return;
  refuse_column(common.column, rna.raw.obs, rna.raw.rna, atac.raw.atac);
}

void find_one(const Asked& asked, const PrepareInputs& inputs, HalfCells& atac, HalfCells& rna,
              Diary& diary) {
  const CellNames common = inputs.names().*asked.member;
  HalfCells* const halves[] = {&atac, &rna};
  bool found[] = {false, false};
  for (const size_t h : {0, 1}) {
    CellNames& names = halves[h]->names.*asked.member;
    names = (h == 0 ? inputs.of_atac : inputs.of_rna).names().*asked.member;
    found[h] = !names.empty();
    if (found[h] || common.empty() || !says_anything(*halves[h], common, asked)) continue;
    names = common;
    found[h] = true;
  }
  const bool shared = (atac.names.*asked.member).column == (rna.names.*asked.member).column &&
                      (atac.names.*asked.member).table == (rna.names.*asked.member).table;
  if (found[0] && found[1] && shared) warn_of_shared_table(common, asked, atac, rna, diary);
  if (!common.empty() && !found[0] && !found[1]) {
    refuse_or_give(common, asked, atac, rna);
    for (auto* half : halves) half->names.*asked.member = common;  // to be told what is wrong
    return;
  }
  for (const size_t h : {0, 1}) {
    if (found[h] || !found[1 - h]) continue;
    diary.note("the {} have no {}: those of the others do not name them (--{}-{})",
               cells_words(*halves[h]), asked.what, kAtacAndRna[h], asked.what);
  }
}

}  // namespace

void find_names(const PrepareInputs& inputs, const PrepareOptions& options, HalfCells& atac,
                HalfCells& rna, Diary& diary) {
  for (const Asked& asked :
       {Asked{"labels", &NamesOfCells::labels, false}, Asked{"donors", &NamesOfCells::donors, true},
        Asked{"batches", &NamesOfCells::batches, true}}) {
    find_one(asked, inputs, atac, rna, diary);
    const bool needed =
        (asked.member == &NamesOfCells::donors && options.split.by == SplitBy::kDonor) ||
        (asked.member == &NamesOfCells::batches && options.split.by == SplitBy::kBatch);
    for (const auto* half : {&atac, &rna}) {
      if (!needed || !(half->names.*asked.member).empty()) continue;
      throw input_error("--split-by {}: the {} have no {}; add --{}-{} COLUMN",
                        options.split.by == SplitBy::kDonor ? "donor" : "batch", cells_words(*half),
                        asked.what, half->rna ? "rna" : "atac", asked.what);
    }
  }
}

void require_units_of_halves(SplitBy by, const PrepareInputs& inputs) {
  for (const auto* half : {&inputs.of_atac, &inputs.of_rna}) {
    const auto own = half->names();
    require_units_of_split(by, own.donors.empty() ? inputs.donors() : own.donors,
                           own.batches.empty() ? inputs.batches() : own.batches);
  }
}

}  // namespace grids::core
