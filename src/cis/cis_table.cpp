#include <fmt/core.h>

#include <cmath>

#include "base/at.hpp"
#include "cis/fit_cis.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

/// A term of a gene; null and number 0 for a gene without terms.
struct TermRow {
  const Study& study;
  const CisPath& path;
  const CisGene& gene;
  const CisTerm* term = nullptr;
  size_t number = 0;
};

const char* response_of(const TermRow& row) {
  return row.path.response == CisResponse::kCounts ? "counts" : "log values (no counts)";
}

const char* kind_of(const TermRow& row) {
  if (row.term == nullptr) return "none";
  if (row.term->peaks.size() == 1) return "single";
  return row.term->kind == TermKind::kAll ? "all" : "any";
}

/// What `of` says of each of the term's peaks.
template <typename Of>
std::vector<std::string> each_peak(const TermRow& row, const Of& of) {
  std::vector<std::string> texts;
  if (row.term == nullptr) return texts;
  for (const int32_t peak : row.term->peaks) texts.push_back(cell_text(of(peak)));
  return texts;
}

std::vector<std::string> peaks_of(const TermRow& row) {
  return each_peak(row, [&](int32_t peak) { return row.study.peaks.names[at(peak)]; });
}

std::vector<std::string> distances_of(const TermRow& row) {
  return each_peak(row,
                   [&](int32_t peak) { return distance_to_tss(row.study, row.gene.gene, peak); });
}

std::vector<std::string> places_of(const TermRow& row) {
  return each_peak(
      row, [&](int32_t peak) { return in_transcribed_part(row.study, row.gene.gene, peak); });
}

/// "T cell=0.41,B cell=0.02": the weight in each type where they differ.
std::vector<std::string> weights_by_type(const TermRow& row) {
  std::vector<std::string> weights;
  for (size_t type = 0; row.term != nullptr && type < row.term->deviation.size(); ++type) {
    weights.push_back(fmt::format("{}={}", row.study.cells.type.names[type],
                                  format_number(row.term->weight_in(static_cast<int32_t>(type)))));
  }
  return weights;
}

std::optional<double> weight_of(const TermRow& row) {
  return row.term == nullptr ? std::nullopt : std::optional(row.term->weight);
}

std::optional<double> fold_of(const TermRow& row) {
  return row.term == nullptr ? std::nullopt : std::optional(std::exp(row.term->weight));
}

std::optional<double> inclusion_of(const TermRow& row) {
  return row.term == nullptr ? std::nullopt : std::optional(row.term->inclusion);
}

Columns<TermRow> cis_columns() {
  using Row = TermRow;
  std::vector<Column<Row>> columns = {
      {column::kGene, [](const Row& row) { return row.study.genes.names[at(row.gene.gene)]; }},
      {"response", "`counts`, or `log values (no counts)`", response_of},
      {"combination", "whether terms multiply the rate or add to it",
       [](const Row& row) { return row.gene.sum == TermSum::kAdd ? "adding" : "multiplying"; }},
      {"term", "number within the gene", &Row::number},
      {"kind", "`single`, `all` (needs all of its peaks), `any` (needs one), `none`", kind_of},
      {"peaks", "its peaks, with commas", peaks_of},
      {"distances", "of each peak, from the gene's start of transcription", distances_of},
      {column::kInTranscribedPart.saying("of each peak, as in `subsets.tsv`"), places_of},
      {"log_weight", "natural log of the factor on the rate when it alone is satisfied", weight_of},
      {"fold", "that factor", fold_of},
      {"inclusion", "approximate probability that the term belongs to the gene; 1 = selected",
       inclusion_of},
      {"log_weights_by_type", "type=weight, where they differ between types", weights_by_type},
      {"window_peaks", "candidates of the gene",
       [](const Row& row) { return row.gene.window_peaks; }},
      {"log_likelihood_gain", "of the fitted cells, over the state alone",
       [](const Row& row) { return row.gene.likelihood_gain; }},
      {"dispersion", "counts: variance = mean + dispersion · mean²; log values: residual variance",
       [](const Row& row) { return row.gene.dispersion; }}};
  const auto add_gate = [&](const std::string& name, CisGate CisGene::*gate,
                            const std::string& what) {
    columns.push_back({name + "_gain", what + ": deviance saved per cell",
                       [gate](const Row& row) { return (row.gene.*gate).gain; }});
    columns.push_back({name + "_p", "one-sided p of the score test",
                       [gate](const Row& row) { return (row.gene.*gate).p; }});
    columns.push_back({name + "_q", "Benjamini–Hochberg over genes",
                       [gate](const Row& row) { return (row.gene.*gate).q; }});
    columns.push_back({name + "_passed",
                       gate == &CisGene::cis
                           ? "only genes that pass are predicted by the cis path; one that was "
                             "asked for is explained on it all the same, unconfirmed"
                           : "genes without terms that do not are explained with `--force` only; "
                             "it admits batch and state, not regulation",
                       [gate](const Row& row) { return (row.gene.*gate).passed; }});
  };
  add_gate("gate_a", &CisGene::whole,
           "state and terms against depth, type, donor and batch on held-out cells");
  add_gate("gate_b", &CisGene::cis, "state and terms against the state on held-out cells");
  return {
      "cis.tsv",
      "a row for each term of each fitted gene, and one for a gene without terms (term 0). Terms "
      "are basis functions: `any` of a and b beside `all` of a and b is how a sum of a and b is "
      "stored, and what each means depends on the others; how the gene is predicted in each "
      "setting of its peaks is what they say together",
      std::move(columns)};
}

}  // namespace

Table cis_table(const Study& study, const CisFit& fit) {
  std::vector<TermRow> rows;
  for (const auto& gene : fit.path.genes) {
    if (gene.terms.empty()) rows.push_back({study, fit.path, gene});
    for (size_t k = 0; k < gene.terms.size(); ++k) {
      rows.push_back({study, fit.path, gene, &gene.terms[k], k + 1});
    }
  }
  return cis_columns().table(rows);
}

TableText describe_cis() {
  return cis_columns().describe();
}

}  // namespace grids::core
