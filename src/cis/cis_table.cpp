#include <fmt/format.h>

#include <cmath>

#include "base/at.hpp"
#include "cis/fit_cis.hpp"

namespace grids {
namespace {

std::string joined_peaks(const Study& study, const CisTerm& term) {
  std::vector<std::string> names;
  for (const int32_t peak : term.peaks) names.push_back(study.peaks.names[at(peak)]);
  return fmt::format("{}", fmt::join(names, ","));
}

std::string joined_distances(const Study& study, int32_t gene, const CisTerm& term) {
  std::vector<std::string> distances;
  for (const int32_t peak : term.peaks) {
    const auto distance = distance_to_tss(study, gene, peak);
    distances.push_back(distance ? fmt::format("{}", *distance) : "NA");
  }
  return fmt::format("{}", fmt::join(distances, ","));
}

std::string joined_places(const Study& study, int32_t gene, const CisTerm& term) {
  std::vector<std::string> places;
  for (const int32_t peak : term.peaks) {
    places.emplace_back(in_transcribed_part(study, gene, peak) ? "yes" : "no");
  }
  return fmt::format("{}", fmt::join(places, ","));
}

/// "T cell=0.41,B cell=0.02": the weight in each type where they differ.
std::string weights_by_type(const Study& study, const CisTerm& term) {
  std::vector<std::string> weights;
  for (size_t type = 0; type < term.deviation.size(); ++type) {
    weights.push_back(fmt::format("{}={}", study.cells.type.names[type],
                                  format_number(term.weight_in(static_cast<int32_t>(type)))));
  }
  return fmt::format("{}", fmt::join(weights, ","));
}

void add_gate(const CisGate& gate, std::vector<std::string>& row) {
  row.push_back(format_number(gate.gain));
  row.push_back(format_number(gate.p));
  row.push_back(format_number(gate.q));
  row.emplace_back(gate.passed ? "yes" : "no");
}

}  // namespace

Table cis_table(const Study& study, const CisFit& fit) {
  Table table({"gene",          "response",
               "combination",   "term",
               "kind",          "peaks",
               "distances",     "in_transcribed_part",
               "log_weight",    "fold",
               "inclusion",     "log_weights_by_type",
               "window_peaks",  "log_likelihood_gain",
               "dispersion",    "gate_a_gain",
               "gate_a_p",      "gate_a_q",
               "gate_a_passed", "gate_b_gain",
               "gate_b_p",      "gate_b_q",
               "gate_b_passed"});
  const char* response =
      fit.path.response == CisResponse::kCounts ? "counts" : "log values (no counts)";
  for (const auto& gene : fit.path.genes) {
    std::vector<std::string> after = {fmt::format("{}", gene.window_peaks),
                                      format_number(gene.likelihood_gain),
                                      format_number(gene.dispersion)};
    add_gate(gene.whole, after);
    add_gate(gene.cis, after);
    const auto add = [&](std::vector<std::string> row) {
      row.insert(row.begin(), {study.genes.names[at(gene.gene)], response,
                               gene.sum == TermSum::kAdd ? "adding" : "multiplying"});
      row.insert(row.end(), after.begin(), after.end());
      table.add(std::move(row));
    };
    if (gene.terms.empty()) add({"0", "none", "", "", "", "NA", "NA", "NA", ""});
    for (size_t k = 0; k < gene.terms.size(); ++k) {
      const auto& term = gene.terms[k];
      const char* kind =
          term.peaks.size() == 1 ? "single" : (term.kind == TermKind::kAll ? "all" : "any");
      add({fmt::format("{}", k + 1), kind, joined_peaks(study, term),
           joined_distances(study, gene.gene, term), joined_places(study, gene.gene, term),
           format_number(term.weight), format_number(std::exp(term.weight)),
           format_number(term.inclusion), weights_by_type(study, term)});
    }
  }
  return table;
}

}  // namespace grids
