#include <nlohmann/json.hpp>

#include "io/option_json.hpp"
#include "prepare/prepare.hpp"

namespace grids::core {

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
    Json label = {{"label", entry.label}, {"cells", entry.cells}, {"excluded", entry.excluded}};
    if (!entry.of.empty()) label["of"] = entry.of;
    labels.push_back(std::move(label));
  }
  PrepareOptions described = options;
  OptionSet set;
  described.describe(set);
  Json json = {{"options", Json::parse(json_of(set))},
               {"steps", steps},
               {"labels", labels},
               {"label_source", summary.label_source},
               {"rna_normalised", summary.rna_normalised},
               {"positions", positions_json(summary)},
               {"notes", summary.notes},
               {"warnings", summary.warnings}};
  if (!summary.labels_in.empty()) json["labels_in"] = summary.labels_in;
  // Names of labels and files may not be valid UTF-8; the rest of the record must not suffer.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace grids::core
