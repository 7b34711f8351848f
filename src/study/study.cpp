#include "study/study.hpp"

#include <algorithm>

#include "base/at.hpp"

namespace grids::core {

const char* split_name(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kValidation:
      return "validation";
    case Split::kTest:
      break;
  }
  return "test";
}

std::string type_called(const std::string& label) {
  return label == kAllTypes || label == kEachType ? std::string(kTypePrefix) + label : label;
}

std::optional<int32_t> Categorical::code_of(std::string_view name) const {
  const auto found = std::lower_bound(names.begin(), names.end(), name);
  if (found == names.end() || *found != name) return std::nullopt;
  return static_cast<int32_t>(found - names.begin());
}

int32_t PeakTable::chromosome_of(int64_t peak) const {
  const auto after = std::upper_bound(chromosome_offsets.begin(), chromosome_offsets.end(), peak);
  return static_cast<int32_t>(after - chromosome_offsets.begin()) - 1;
}

bool GeneTable::has_positions() const {
  return std::any_of(chromosome.begin(), chromosome.end(),
                     [](const std::string& name) { return !name.empty(); });
}

int64_t GeneTable::tss(int64_t gene) const {
  return strand[at(gene)] == Strand::kMinus ? end[at(gene)] - 1 : start[at(gene)];
}

std::optional<int32_t> GeneTable::index_of(std::string_view name) const {
  for (const auto* column : {&names, &ids}) {
    const auto found = std::find(column->begin(), column->end(), name);
    if (found != column->end()) return static_cast<int32_t>(found - column->begin());
  }
  return std::nullopt;
}

std::vector<int32_t> Study::cells_of(Split split, std::optional<int32_t> type) const {
  std::vector<int32_t> result;
  for (int64_t cell = 0; cell < cells.size(); ++cell) {
    if (cells.split[at(cell)] != split) continue;
    if (type && cells.type.codes[at(cell)] != *type) continue;
    result.push_back(static_cast<int32_t>(cell));
  }
  return result;
}

std::optional<int64_t> distance_to_tss(const Study& study, int64_t gene, int64_t peak) {
  const auto& genes = study.genes;
  const auto& peaks = study.peaks;
  if (!genes.has_position(gene)) return std::nullopt;
  if (peaks.chromosomes[at(peaks.chromosome_of(peak))] != genes.chromosome[at(gene)]) {
    return std::nullopt;
  }
  const int64_t tss = genes.tss(gene);
  int64_t distance = 0;
  if (peaks.start[at(peak)] > tss) distance = peaks.start[at(peak)] - tss;
  if (peaks.end[at(peak)] <= tss) distance = peaks.end[at(peak)] - 1 - tss;
  return genes.strand[at(gene)] == Strand::kMinus ? -distance : distance;
}

bool in_transcribed_part(const Study& study, int64_t gene, int64_t peak) {
  constexpr int64_t kPromoter = 1000;
  const auto distance = distance_to_tss(study, gene, peak);
  return distance && *distance > kPromoter &&
         study.peaks.start[at(peak)] < study.genes.end[at(gene)] &&
         study.peaks.end[at(peak)] > study.genes.start[at(gene)];
}

}  // namespace grids::core
