// What cells that were not measured together keep to.
#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "study/study_check.hpp"
#include "study/study_check_at.hpp"
#include "study/study_parts.hpp"
#include "study/unpaired_study.hpp"

namespace grids::core {
namespace {

constexpr std::string_view kAtacCells = "mod/atac/obs";
constexpr std::string_view kRnaCells = "mod/rna/obs";

/// What both halves have has the same names in both.
void check_same_names(const char* column, const Categorical& atac, const Categorical& rna,
                      Problems& problems) {
  if (atac.empty() || rna.empty() || atac.names == rna.names) return;
  problems.add("{0}/{2} and {1}/{2} have other categories, or in another order; {3}", kAtacCells,
               kRnaCells, column, kPrepareAgain);
}

/// Labels are where the study says that they are; where there are none the chromatin has clusters.
void check_labels_in(const UnpairedStudy& study, Problems& problems) {
  const auto check = [&](std::string_view obs, const CellTable& cells, bool expected) {
    if (cells.type.empty() != expected) return;
    problems.add("{}/cell_type {}, but uns/grids/labels_in is '{}'; {}", obs,
                 expected ? "is missing" : "is there", labels_in_name(study.labels_in),
                 kPrepareAgain);
  };
  check(kAtacCells, study.atac.cells, study.labels_in != LabelsIn::kRna);
  check(kRnaCells, study.rna.cells,
        study.labels_in == LabelsIn::kBoth || study.labels_in == LabelsIn::kRna);
}

/// Names of cells are those of the whole, in which each is once.
void check_apart(const UnpairedStudy& study, Problems& problems) {
  const auto& atac = study.atac.cells.barcodes;
  const std::unordered_set<std::string_view> known(atac.begin(), atac.end());
  for (const auto& name : study.rna.cells.barcodes) {
    if (!known.contains(name)) continue;
    problems.add("'{}' is a cell of {} and of {}, which have none in common; {}", name, kAtacCells,
                 kRnaCells, kPrepareAgain);
    return;
  }
}

void check_halves(const UnpairedStudy& study, Problems& problems) {
  const auto& [atac, rna, labels_in] = study;
  if (atac.paired || rna.paired) problems.add("uns/grids/paired is true");
  if (atac.peaks.names != rna.peaks.names)
    problems.add("mod/atac/var: the halves have other peaks");
  if (atac.genes.names != rna.genes.names) problems.add("mod/rna/var: the halves have other genes");
  if (atac.cells.size() == 0) problems.add("{} has no cells; {}", kAtacCells, kPrepareAgain);
  if (rna.cells.size() == 0) problems.add("{} has no cells; {}", kRnaCells, kPrepareAgain);
  check_same_names("cell_type", atac.cells.type, rna.cells.type, problems);
  check_same_names("donor", atac.cells.donor, rna.cells.donor, problems);
  check_same_names("batch", atac.cells.batch, rna.cells.batch, problems);
  check_labels_in(study, problems);
  check_apart(study, problems);
}

template <typename Check>
Problems problems_of_halves(const UnpairedStudy& study, const Check& check) {
  Problems problems = check(study.atac, CellsPlace{std::string(kAtacCells), true});
  const Problems of_rna = check(study.rna, CellsPlace{std::string(kRnaCells), true});
  for (const auto& more : of_rna.list()) {
    const auto& known = problems.list();  // of the tables that both halves have
    if (std::find(known.begin(), known.end(), more) == known.end()) problems.add("{}", more);
  }
  if (problems.empty()) check_halves(study, problems);
  return problems;
}

}  // namespace

Problems problems_of_tables(const UnpairedStudy& study) {
  return problems_of_halves(study, problems_of_tables_at);
}

Problems problems_of(const UnpairedStudy& study) {
  return problems_of_halves(study, [](const Study& half, const CellsPlace& place) {
    auto problems = problems_at(half, place);
    const bool of_chromatin = place.obs == kAtacCells;
    if (of_chromatin && half.expression.pattern.nonzeros() > 0) {
      problems.add("the cells with chromatin have RNA");
    } else if (!of_chromatin && half.open.nonzeros() > 0) {
      problems.add("the cells with RNA have chromatin");
    }
    return problems;
  });
}

}  // namespace grids::core
