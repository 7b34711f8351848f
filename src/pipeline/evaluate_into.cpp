#include "pipeline/evaluate_into.hpp"

#include <set>

#include "evaluate/cell_map.hpp"
#include "pipeline/manifests.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

/// Those of the user's table.
std::vector<Marker> read_own_markers(const EvaluateArguments& arguments, const Study& study,
                                     const Context& context) {
  if (arguments.markers.empty()) return {};
  const Table table = read_table(arguments.markers);
  if (table.rows() == 0) throw input_error("{}: names no markers", arguments.markers.string());
  std::vector<MarkerRequest> requests;
  bool pooled = false;
  for (size_t row = 0; row < table.rows(); ++row) {
    const bool typed = table.has(column::kCellType);
    requests.push_back({typed ? table.text(row, column::kCellType) : std::string(),
                        table.text(row, column::kGene)});
    pooled |= requests.back().cell_type == kAllTypes;
  }
  if (pooled) {
    context.reporter.warning(
        fmt::format("{}: 'all' in cell_type is read as 'each', every type in turn; write each",
                    arguments.markers.string()));
  }
  return with_context(arguments.markers.string(), [&] { return find_markers(study, requests); });
}

}  // namespace

void EvaluateArguments::describe(OptionSet& set) {
  set.value("--markers-per-type", markers_per_type,
            "Markers chosen for each type: largest difference within against rest, among genes "
            "that the surrogate predicts better than their mean; those that fail gate A of "
            "the cis path only where there are no others",
            at_least(0));
  set.value(
      "--markers", markers,
      "Your own markers: a table with a column gene and, optionally, cell_type (a type, or each)");
}

void EvaluateArguments::describe_cells(OptionSet& set) {
  set.choice<Split>("--cells", split,
                    {{split_name(Split::kTest), Split::kTest},
                     {split_name(Split::kValidation), Split::kValidation},
                     {split_name(Split::kTrain), Split::kTrain}},
                    "Cells on which the surrogate is judged");
}

void describe_map(OptionSet& set, bool& map) {
  set.flag("--map", map,
           "Also the map of the cells (umap.tsv, silhouette.tsv, marker_expression.tsv), which the "
           "report draws");
}

EvaluationOptions evaluation_options(const EvaluateArguments& arguments, const Study& study,
                                     const Context& context) {
  return {arguments.split, arguments.markers_per_type, read_own_markers(arguments, study, context)};
}

std::vector<std::string> EvaluateArguments::files() {
  return {describe_accuracy().file, describe_accuracy_summary().file,
          alignment_columns().describe().file, describe_marker_means().file,
          marker_columns().describe().file};
}

std::vector<std::string> evaluate_into(OutputFolder& out, const Study& study,
                                       const StudySurrogate& surrogate,
                                       const EvaluateArguments& arguments, const Context& context) {
  const Evaluation evaluation =
      evaluate_surrogate(study, surrogate, evaluation_options(arguments, study, context), context);
  return write_tables_into(out, evaluation_tables(study, evaluation), context);
}

std::vector<std::string> EvaluateArguments::unpaired_files() {
  return {alignment_columns().describe().file, describe_marker_means().file,
          marker_columns().describe().file, describe_transferred_types().file};
}

std::vector<std::string> evaluate_unpaired_into(OutputFolder& out, UnpairedStudy& study,
                                                const FoldedSurrogate& surrogate,
                                                const EvaluateArguments& arguments,
                                                const Context& context) {
  const auto filled = fill_in_types(study, surrogate, {}, context);
  const auto options = evaluation_options(arguments, study.rna, context);
  const auto evaluation = evaluate_unpaired(study, filled, surrogate, options, context);
  return write_tables_into(out, unpaired_evaluation_tables(study, evaluation), context);
}

std::vector<std::string> map_files() {
  return {describe_umap().file, describe_silhouette().file,
          marker_expression_columns().describe().file};
}

std::vector<MarkerName> read_markers(const std::filesystem::path& folder) {
  return marker_columns().read(read_table(folder / marker_columns().describe().file));
}

std::vector<std::string> map_into(OutputFolder& out, const Study& study,
                                  const StudySurrogate& surrogate, const Context& context) {
  std::set<std::string> genes;
  for (auto& marker : read_markers(out.path())) genes.insert(std::move(marker.gene));
  return write_tables_into(out, map_cells(study, surrogate, {genes.begin(), genes.end()}, context),
                           context);
}

}  // namespace grids::core
