#include "cli/unpaired_info.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/at.hpp"
#include "prepare/prepare_unpaired.hpp"

namespace grids::core {
namespace {

constexpr std::array kParts = {Split::kTrain, Split::kValidation, Split::kTest};

int64_t cells_in(const Study& half, Split part) {
  return std::ssize(half.cells_of(part));
}

/// Cells of each name, in the order of the names; empty where the half has none.
std::vector<int64_t> cells_by_name(const Categorical& column) {
  std::vector<int64_t> cells(column.names.size(), 0);
  for (const int32_t code : column.codes) ++cells[at(code)];
  return cells;
}

/// Names that have cells.
int64_t names_used(const Categorical& column) {
  const auto cells = cells_by_name(column);
  return std::count_if(cells.begin(), cells.end(), [](int64_t count) { return count > 0; });
}

const char* labels_words(LabelsIn labels) {
  switch (labels) {
    case LabelsIn::kBoth:
      return "both have labels";
    case LabelsIn::kAtac:
      return "only those with chromatin have labels";
    case LabelsIn::kRna:
      return "only those with RNA have labels";
    case LabelsIn::kNone:
      break;
  }
  return "none has a label; the types are graph clusters of open chromatin";
}

std::string count_words(const std::vector<int64_t>& cells, size_t type) {
  return cells.empty() ? "-" : std::to_string(cells[type]);
}

std::string types_as_text(const UnpairedStudy& study) {
  const auto& atac = study.atac.cells.type;
  const auto& rna = study.rna.cells.type;
  const auto& names = atac.empty() ? rna.names : atac.names;
  size_t width = 9;
  for (const auto& name : names) width = std::max(width, name.size());
  auto text = fmt::format("{:<{}}  {:>9}  {:>9}\n", "cell type", width, "chromatin", "RNA");
  const auto of_atac = cells_by_name(atac);
  const auto of_rna = cells_by_name(rna);
  for (size_t type = 0; type < names.size(); ++type) {
    text += fmt::format("{:<{}}  {:>9}  {:>9}\n", names[type], width, count_words(of_atac, type),
                        count_words(of_rna, type));
  }
  return text;
}

nlohmann::ordered_json half_as_json(const Study& half) {
  nlohmann::ordered_json json = {{"cells", half.cells.size()}};
  for (const Split part : kParts) json[split_name(part)] = cells_in(half, part);
  json["types"] = nlohmann::ordered_json::array();
  const auto cells = cells_by_name(half.cells.type);
  for (size_t type = 0; type < cells.size(); ++type) {
    json["types"].push_back({{"cell_type", half.cells.type.names[type]}, {"cells", cells[type]}});
  }
  json["donors"] = names_used(half.cells.donor);
  json["batches"] = names_used(half.cells.batch);
  return json;
}

}  // namespace

std::string unpaired_as_text(const std::string& path, const UnpairedStudy& study) {
  auto text = fmt::format(
      "{}: chromatin and RNA of different cells, {} peaks, {} genes; {}\n\n"
      "{:<20}  {:>9}  {:>9}  {:>10}  {:>9}  {:>7}  {:>7}\n",
      path, study.atac.peaks.size(), study.rna.genes.size(), labels_words(study.labels_in), "",
      "cells", "training", "validation", "test", "donors", "batches");
  for (const auto& [words, half] :
       {std::pair{kCellsWithChromatin, &study.atac}, std::pair{kCellsWithRna, &study.rna}}) {
    text += fmt::format("{:<20}  {:>9}  {:>9}  {:>10}  {:>9}  {:>7}  {:>7}\n", words,
                        half->cells.size(), cells_in(*half, Split::kTrain),
                        cells_in(*half, Split::kValidation), cells_in(*half, Split::kTest),
                        names_used(half->cells.donor), names_used(half->cells.batch));
  }
  text += "\n" + types_as_text(study);
  text +=
      "\nHow strong an element must be to show, and how well redundancy would be called, is not "
      "told: that needs chromatin and\nRNA of the same cells.\n";
  return text;
}

std::string unpaired_as_json(const std::string& path, const UnpairedStudy& study) {
  const nlohmann::ordered_json json = {{"study", path},
                                       {"paired", false},
                                       {"labels_in", labels_in_name(study.labels_in)},
                                       {"peaks", study.atac.peaks.size()},
                                       {"genes", study.rna.genes.size()},
                                       {"cells_with_chromatin", half_as_json(study.atac)},
                                       {"cells_with_rna", half_as_json(study.rna)}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace grids::core
