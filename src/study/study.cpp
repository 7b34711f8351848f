#include "study/study.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>
#include <unordered_map>

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

bool is_study_column(std::string_view name) {
  constexpr std::array<std::string_view, 7> kOwn = {"cell_type", "donor",      "batch", "split",
                                                    "total_rna", "open_peaks", "place"};
  return std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end();
}

std::string type_called(const std::string& label) {
  return label == kAllTypes || label == kEachType ? std::string(kTypePrefix) + label : label;
}

std::optional<int32_t> Categorical::code_of(std::string_view name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<int32_t>(found - names.begin());
}

Categorical categorical_of(std::span<const std::string> values) {
  std::vector<int32_t> met;  // of each value, its name's number in order of appearance
  std::vector<std::string> names;
  std::vector<int64_t> count;
  std::unordered_map<std::string_view, int32_t> known;
  for (const auto& value : values) {
    const auto [entry, is_new] = known.emplace(value, static_cast<int32_t>(names.size()));
    if (is_new) {
      names.push_back(value);
      count.push_back(0);
    }
    met.push_back(entry->second);
    ++count[at(entry->second)];
  }
  std::vector<int32_t> order(names.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return count[at(a)] > count[at(b)]; });
  Categorical result;
  std::vector<int32_t> code(names.size());
  for (const int32_t number : order) {
    code[at(number)] = static_cast<int32_t>(result.names.size());
    result.names.push_back(std::move(names[at(number)]));
  }
  for (const int32_t number : met) result.codes.push_back(code[at(number)]);
  return result;
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

std::span<const int64_t> GeneTable::sites_beside(int64_t gene) const {
  if (further_sites.empty()) return {};
  return further_sites[at(gene)];
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

std::vector<int32_t> Study::as_in_file(std::vector<int32_t> chosen) const {
  if (cells.place.empty()) return chosen;
  std::stable_sort(chosen.begin(), chosen.end(),
                   [&](int32_t a, int32_t b) { return cells.place[at(a)] < cells.place[at(b)]; });
  return chosen;
}

std::optional<int64_t> distance_to_tss(const Study& study, int64_t gene, int64_t peak) {
  const auto& genes = study.genes;
  const auto& peaks = study.peaks;
  if (!genes.has_position(gene)) return std::nullopt;
  if (peaks.chromosomes[at(peaks.chromosome_of(peak))] != genes.chromosome[at(gene)]) {
    return std::nullopt;
  }
  const auto from = [&](int64_t tss) {
    if (peaks.start[at(peak)] > tss) return peaks.start[at(peak)] - tss;
    if (peaks.end[at(peak)] <= tss) return peaks.end[at(peak)] - 1 - tss;
    return int64_t{0};
  };
  int64_t distance = from(genes.tss(gene));
  for (const int64_t site : genes.sites_beside(gene)) {
    const int64_t other = from(site);
    if (std::abs(other) < std::abs(distance)) distance = other;
  }
  return genes.strand[at(gene)] == Strand::kMinus ? -distance : distance;
}

bool in_transcribed_part(const Study& study, int64_t gene, int64_t peak) {
  constexpr int64_t kPromoter = 1000;
  const auto distance = distance_to_tss(study, gene, peak);
  return distance && std::abs(*distance) > kPromoter &&
         study.peaks.start[at(peak)] < study.genes.end[at(gene)] &&
         study.peaks.end[at(peak)] > study.genes.start[at(gene)];
}

}  // namespace grids::core
