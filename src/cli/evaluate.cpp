#include "base/indices.hpp"
#include "cli/commands.hpp"
#include "cli/stages.hpp"
#include "evaluate/accuracy.hpp"
#include "evaluate/log_values.hpp"

namespace grids {
namespace {

struct Arguments {
  StudyArguments inputs;
  EvaluateArguments stage;
  std::filesystem::path out;
};

std::vector<float> predict(const Study& study, const StudySurrogate& surrogate,
                           std::span<const int32_t> cells, const Context& context) {
  return predict_log_values(study, surrogate, cells, indices_below(study.genes.size()), context);
}

std::vector<Marker> markers_of(const Study& study, const StudySurrogate& surrogate,
                               const EvaluateArguments& arguments, const Context& context) {
  if (!arguments.markers.empty()) {
    const Table table = read_table(arguments.markers);
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
  const auto validation = study.cells_of(Split::kValidation);
  const auto predicted = predict(study, surrogate, validation, context);
  MarkerOptions options;
  options.per_type = arguments.markers_per_type;
  // What fails gate A is not explained unless forced.
  for (int32_t gene = 0; gene < study.genes.size(); ++gene) {
    options.avoided.push_back(surrogate.fails_gate_a(gene) ? 1 : 0);
  }
  const MarkerChoice choice = choose_markers(study, validation, predicted, options);
  if (!choice.gated) {
    context.reporter.warning(
        "no validation cells: markers could not be limited to genes that the surrogate predicts");
  }
  return choice.markers;
}

std::vector<int32_t> genes_of(std::span<const Marker> markers) {
  std::vector<int32_t> genes;
  for (const Marker& marker : markers) {
    if (std::find(genes.begin(), genes.end(), marker.gene) == genes.end()) {
      genes.push_back(marker.gene);
    }
  }
  return genes;
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
  const auto cells = study.cells_of(arguments.split);
  const auto markers = markers_of(study, surrogate, arguments, context);
  const auto predicted = predict(study, surrogate, cells, context);
  const Accuracy accuracy = judge_accuracy(study, cells, predicted, {}, context);
  const auto means = marker_means(study, cells, predicted, genes_of(markers));
  make_folder(folder);
  return {write_into(folder, accuracy_table(study, accuracy)),
          write_into(folder, accuracy_summary_table(accuracy)),
          write_into(folder, marker_means_table(study, means)),
          write_into(folder, marker_columns().table(marker_names(study, markers)))};
}

Command evaluate_command() {
  return {"evaluate", "Judge the surrogate on held-out cells, beside simple predictors",
          "  grids evaluate study.h5mu surrogate.safetensors -o out/",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<Arguments>();
            arguments->inputs.describe(options);
            options.section("evaluate");
            describe_surrogate(options, arguments->inputs.kind);
            arguments->stage.describe(options);
            options.choice<Split>("--cells", arguments->stage.split,
                                  {{split_name(Split::kTest), Split::kTest},
                                   {split_name(Split::kValidation), Split::kValidation},
                                   {split_name(Split::kTrain), Split::kTrain}},
                                  "Cells on which the surrogate is judged");
            options.section("");
            options.value("-o,--out", arguments->out,
                          "Folder for accuracy.tsv, accuracy_summary.tsv, marker_means.tsv",
                          OptionSet::Need::kRequired);
            return [arguments](const Context& context) {
              require_folder(arguments->out);
              const auto loaded = load(arguments->inputs);
              const Study& study = loaded.study;
              const StudySurrogate surrogate = loaded.surrogate();
              evaluate_into(arguments->out, study, surrogate, arguments->stage, context);
              context.reporter.info("Accuracy on held-out cells: " +
                                    (arguments->out / "accuracy_summary.tsv").string());
            };
          }};
}

}  // namespace grids
