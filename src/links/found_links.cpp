#include "links/found_links.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

#include "base/at.hpp"
#include "evaluate/changes.hpp"
#include "explain/targets.hpp"
#include "redundancy/alternatives.hpp"
#include "redundancy/elements.hpp"
#include "redundancy/redundancy_columns.hpp"

namespace grids::core {
namespace {

/// A set, whoever found it.
struct FoundSet {
  std::optional<int32_t> type;
  int32_t gene = 0;
  std::string name = "found";
  std::string method;
  std::span<const int32_t> peaks;  ///< by rank
  const SetPartners& partners;
  double relative_change = kNaN;
  const Contrast* contrast = nullptr;         ///< null: not asked
  const SetRedundancy* redundancy = nullptr;  ///< likewise
};

bool holds(std::span<const int32_t> peaks, int32_t peak) {
  return std::find(peaks.begin(), peaks.end(), peak) != peaks.end();
}

bool is_partner(const FoundSet& set, int32_t peak) {
  const auto& partners = set.partners.partners;
  return std::any_of(partners.begin(), partners.end(),
                     [&](const Partner& entry) { return entry.feature == peak; });
}

/// Partners that the set does not hold.
std::vector<int32_t> partners_outside(const FoundSet& set) {
  std::vector<int32_t> peaks;
  for (const auto& entry : set.partners.partners) {
    if (!holds(set.peaks, entry.feature)) peaks.push_back(entry.feature);
  }
  return peaks;
}

/// What all rows of a set say.
Link of_set(const Study& study, const FoundSet& set) {
  const auto gene = at(set.gene);
  Link link;
  link.cell_type = set.type ? study.cells.type.names[at(*set.type)] : kAllTypes;
  link.gene = study.genes.names[gene];
  link.gene_id = study.genes.ids[gene];
  link.gene_chrom = study.genes.chromosome[gene];
  if (study.genes.has_position(set.gene)) link.tss = study.genes.tss(set.gene);
  link.strand = std::string(1, static_cast<char>(study.genes.strand[gene]));
  link.set = set.name;
  link.method = set.method;
  link.set_size = std::ssize(set.peaks);
  link.relative_change = set.relative_change;
  if (set.contrast != nullptr) {
    link.verdict = verdict_name(set.contrast->verdict);
    link.slope = set.contrast->slope;
    link.q = set.contrast->q;
  }
  if (set.redundancy != nullptr) {
    const auto& result = set.redundancy->result;
    link.call = call_name(result.call);
    link.call_q = result.q;
    link.hidden_share = result.hidden;
  }
  return link;
}

/// What was measured of the element that the peak was judged with.
void add_losses(const SetRedundancy& redundancy, int32_t peak, Link& link) {
  for (size_t i = 0; i < redundancy.elements.size(); ++i) {
    const auto& entry = redundancy.elements[i];
    if (!holds(entry.element.peaks, peak)) continue;
    link.loss_alone = entry.alone;
    const auto& measured = redundancy.result.elements;
    if (entry.judged && i < measured.size()) link.loss_from_whole = measured[i].loss;
  }
}

void add_peak(const Study& study, const FoundSet& set, int32_t peak, Link& link) {
  const auto& peaks = study.peaks;
  link.peak = peaks.names[at(peak)];
  link.chrom = peaks.chromosomes[at(peaks.chromosome_of(peak))];
  link.start = peaks.start[at(peak)];
  link.end = peaks.end[at(peak)];
  link.distance = distance_to_tss(study, set.gene, peak);
  link.partner = is_partner(set, peak);
  const auto& minimal = set.partners.minimal;
  if (!minimal.empty()) link.in_minimal = holds(minimal, peak);
  if (set.redundancy != nullptr) add_losses(*set.redundancy, peak, link);
}

void add_element(const Study& study, std::span<const Element> elements, int32_t peak, Link& link) {
  for (const auto& element : elements) {
    if (!holds(element.peaks, peak)) continue;
    link.element = place_of(study, element);
    link.element_class = class_name(element.kind);
  }
}

void add_links(const Study& study, const FoundSet& set, std::vector<Link>& links) {
  std::vector<int32_t> peaks(set.peaks.begin(), set.peaks.end());
  const size_t ranked = peaks.size();
  for (const int32_t peak : partners_outside(set)) peaks.push_back(peak);
  const auto elements = elements_of(study, set.gene, peaks);
  const Link begun = of_set(study, set);
  for (size_t i = 0; i < peaks.size(); ++i) {
    Link link = begun;
    if (i < ranked) link.rank = static_cast<int64_t>(i) + 1;
    add_peak(study, set, peaks[i], link);
    add_element(study, elements, peaks[i], link);
    links.push_back(std::move(link));
  }
}

/// What was judged of this very set. A row of one of the types that a set acts in differently is of
/// the same peaks, but of another type.
int64_t place_judged_as(std::span<const SetRedundancy> redundant, const FoundSet& set) {
  const auto members = members_of(set.partners);
  const auto found = std::find_if(redundant.begin(), redundant.end(), [&](const auto& entry) {
    const auto& target = entry.target;
    return target.type == set.type && target.gene == set.gene && target.peaks == members;
  });
  return found == redundant.end() ? -1 : found - redundant.begin();
}

const SetRedundancy* judged_as(std::span<const SetRedundancy> redundant, const FoundSet& set) {
  const int64_t place = place_judged_as(redundant, set);
  return place < 0 ? nullptr : &redundant[at(place)];
}

FoundSet found_set(const EvaluatedSet& entry) {
  FoundSet set{entry.type, entry.gene, "found", entry.method, entry.peaks, entry.partners};
  set.relative_change = entry.change.relative_change;
  set.contrast = &entry.contrast;
  return set;
}

FoundSet found_set(const ExplainedTarget& explained, const std::string& name) {
  FoundSet set{explained.target.type, explained.target.gene,        name,
               explained.method,      explained.explanation.subset, explained.partners};
  set.relative_change = predicted_change(explained.before, explained.after).relative_change;
  return set;
}

using CallKey = std::tuple<std::string, std::string, std::string, std::string>;

/// Rows of one type may be there twice, as of all types together and of their own; what was
/// measured tells them apart.
CallKey key_of_call(const Table& table, size_t row) {
  return {table.text(row, column::kLearnedIn), table.text(row, column::kGene),
          table.text(row, column::kRedundancySet), table.text(row, column::kHiddenShare)};
}

}  // namespace

std::vector<Link> links_of(const Study& study, std::span<const EvaluatedSet> sets,
                           std::span<const SetRedundancy> redundant) {
  std::vector<Link> links;
  for (const auto& entry : sets) {
    FoundSet set = found_set(entry);
    set.redundancy = judged_as(redundant, set);
    add_links(study, set, links);
  }
  return links;
}

int64_t row_judged_as(std::span<const SetRedundancy> redundant, const EvaluatedSet& set) {
  return place_judged_as(redundant, found_set(set));
}

std::vector<Link> links_of(const Study& study, const RedundancyFindings& found) {
  std::vector<Link> links;
  for (const auto& entry : found.explained) {
    auto set = found_set(entry, "found");
    set.redundancy = judged_as(found.sets, set);
    add_links(study, set, links);
    for (const auto& others : found.alternatives) {
      if (!(others.target == entry.target)) continue;
      for (size_t i = 1; i < others.sets.size(); ++i) {
        add_links(study, found_set(others.sets[i].found, fmt::format("alternative {}", i + 1)),
                  links);
      }
    }
  }
  return links;
}

Table with_final_calls(const Table& links, const Table& redundancy) {
  std::map<CallKey, size_t> rows;
  for (size_t i = 0; i < redundancy.rows(); ++i) rows.emplace(key_of_call(redundancy, i), i);
  auto all = link_columns().read(links);
  for (size_t i = 0; i < all.size(); ++i) {
    const auto row = rows.find(key_of_call(links, i));
    if (row == rows.end() || all[i].call.empty()) continue;
    all[i].call = redundancy.text(row->second, column::kCall);
    all[i].call_q = redundancy.number(row->second, column::kCallQ);
  }
  Table result = link_columns().table(all);
  result.source = links.source;
  return result;
}

}  // namespace grids::core
