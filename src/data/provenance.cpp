#include <nlohmann/json.hpp>

#include "data/prepare.hpp"

namespace grids {

using Json = nlohmann::ordered_json;

namespace {

Json beyond_json(const BeyondEnds& count) {
  return {{"checked", count.checked}, {"beyond", count.beyond}};
}

Json positions_json(const PrepareSummary& summary) {
  const auto& positions = summary.positions;
  Json json = {{"source", positions.source},
               {"matched", positions.matched},
               {"by_symbol", positions.by_symbol},
               {"by_id", positions.by_id},
               {"by_id_without_version", positions.by_id_without_version},
               {"share_of_chosen", summary.position_share}};
  if (!summary.build) return json;
  const auto& build = *summary.build;
  json["build"] = build.build;
  json["peaks_beyond_ends"] = beyond_json(build.peaks);
  json["genes_beyond_ends"] = beyond_json(build.genes);
  json["promoters"] = {{"promoters", build.promoters.promoters},
                       {"with_peak", build.promoters.with_peak},
                       {"share_beside", build.promoters.share_beside}};
  return json;
}

}  // namespace

std::string provenance_json(const PrepareOptions& options, const PrepareSummary& summary) {
  Json steps = Json::array();
  for (const auto& step : summary.steps) {
    steps.push_back(
        {{"of", step.of}, {"what", step.what}, {"before", step.before}, {"after", step.after}});
  }
  Json labels = Json::array();
  for (const auto& entry : summary.labels) {
    labels.push_back(
        {{"label", entry.label}, {"cells", entry.cells}, {"excluded", entry.excluded}});
  }
  const auto& quality = options.quality;
  const Json json = {
      {"options",
       {{"keep_all", options.keep_all},
        {"exclude_labels", options.exclude_labels},
        {"min_rna_counts", quality.min_rna_counts},
        {"max_rna_counts", quality.max_rna_counts},
        {"min_genes", quality.min_genes},
        {"min_peaks", quality.min_peaks},
        {"max_peaks", quality.max_peaks},
        {"max_mito_share", quality.max_mito_share},
        {"min_peak_share", options.peaks.min_peak_share},
        {"min_peak_cells", options.peaks.min_peak_cells},
        {"variable_genes", options.genes.variable_genes},
        {"loess_span", options.genes.loess_span},
        {"min_gene_cells", options.genes.min_gene_cells},
        {"skip_missing_genes", options.skip_missing_genes},
        {"split", {options.split.train, options.split.validation, options.split.test}},
        {"cluster_components", options.clusters.components},
        {"cluster_neighbours", options.clusters.neighbours},
        {"cluster_resolution", options.clusters.resolution}}},
      {"steps", steps},
      {"labels", labels},
      {"label_source", summary.label_source},
      {"rna_normalised", summary.rna_normalised},
      {"positions", positions_json(summary)},
      {"notes", summary.notes},
      {"warnings", summary.warnings}};
  // Names of labels and files may not be valid UTF-8; the rest of the record must not suffer.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace grids
