#include "pipeline/evaluate_into.hpp"

#include "io/folder.hpp"
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
  set.value("--markers", markers,
            "Your own markers: a table with a column gene and maybe cell_type (a type, or each)");
}

std::vector<std::string> evaluate_into(const std::filesystem::path& folder, const Study& study,
                                       const StudySurrogate& surrogate,
                                       const EvaluateArguments& arguments, const Context& context) {
  const EvaluationOptions options{arguments.split, arguments.markers_per_type,
                                  read_own_markers(arguments, study, context)};
  const Evaluation evaluation = evaluate_surrogate(study, surrogate, options, context);
  make_folder(folder);
  std::vector<std::string> names;
  for (const Table& table : evaluation_tables(study, evaluation)) {
    names.push_back(write_into(folder, table));
  }
  return names;
}

}  // namespace grids::core
