#include <algorithm>
#include <span>

#include "base/indices.hpp"
#include "cli/commands.hpp"
#include "cli/masked_peaks.hpp"
#include "io/anndata.hpp"
#include "io/atomic_file.hpp"
#include "io/output_folder.hpp"
#include "pipeline/inputs.hpp"
#include "study/study_tables.hpp"

namespace grids::core {
namespace {

struct PredictCommand {
  StudyArguments inputs;
  std::filesystem::path mask;
  std::filesystem::path out;
  bool overwrite = false;
};

/// Cells predicted at a time: bounds the memory, whatever the study.
constexpr size_t kCellsAtOnce = 1024;

Frame cell_frame(const CellTable& cells, std::span<const int32_t> order) {
  Frame frame;
  std::vector<std::string> types, splits;
  for (const int32_t cell : order) {
    const auto i = static_cast<size_t>(cell);
    frame.index.push_back(cells.barcodes[i]);
    types.push_back(cells.type.names[static_cast<size_t>(cells.type.codes[i])]);
    splits.emplace_back(split_name(cells.split[i]));
  }
  frame.columns = {{"cell_type", std::move(types)}, {"split", std::move(splits)}};
  return frame;
}

/// In `uns/grids`: the scale of X, and the peaks that were masked.
void write_what_was_predicted(const store::GroupWriter& root, const Study& study,
                              std::span<const int32_t> mask) {
  const auto grids = create_dict(root, "uns/grids");
  write_text_element(grids, "X", "predicted expression");
  write_text_element(grids, "scale", scale_name(study.scale));
  std::vector<std::string> names;
  for (const int32_t peak : mask) names.push_back(study.peaks.names[static_cast<size_t>(peak)]);
  write_texts_element(grids, "masked_peaks", names);
}

void predict_into(const PredictCommand& arguments, const Context& context) {
  const std::filesystem::path read[] = {arguments.inputs.study, arguments.inputs.surrogate,
                                        arguments.mask};
  require_writable(arguments.out, read);
  const auto folder = folder_of(arguments.out);
  const OutputFiles files(
      {arguments.out},
      {"predict",
       arguments.inputs.words(folder) +
           (arguments.mask.empty() ? "" : "; mask " + seen_from(folder, arguments.mask))},
      arguments.overwrite);
  const auto loaded = load_chromatin_and_surrogate(arguments.inputs, context);
  const Study& study = loaded.study;
  const StudySurrogate surrogate = loaded.surrogate();
  std::vector<int32_t> mask;
  if (!arguments.mask.empty()) mask = peaks_of_file(arguments.mask, study);
  const auto genes = genes_frame(study.genes);
  const auto order = study.as_in_file(indices_below(study.cells.size()));
  const auto obs = cell_frame(study.cells, order);
  files.claim(context);
  write_h5ad(arguments.out, obs, genes, [&](const store::GroupWriter& group) {
    DenseRowsWriter writer(group, "X", study.genes.size());
    Progress progress(context, "Predicting", study.cells.size());
    for (size_t begin = 0; begin < order.size(); begin += kCellsAtOnce) {
      const size_t count = std::min(kCellsAtOnce, order.size() - begin);
      const auto cells = std::span(order).subspan(begin, count);
      writer.append(surrogate.predict_all(study, cells, context.pool, mask));
      progress.advance(static_cast<int64_t>(count));
    }
    write_what_was_predicted(group, study, mask);
  });
  context.reporter.info(fmt::format(
      "Predicted expression of {} cells × {} genes{}: {}", study.cells.size(), study.genes.size(),
      mask.empty() ? "" : fmt::format(", {} peaks masked", mask.size()), arguments.out.string()));
}

}  // namespace

Command predict_command() {
  return {"predict", "Predict expression from open peaks, some of them masked",
          "  grids predict study.h5mu surrogate.safetensors -o predicted.h5ad\n"
          "  grids predict study.h5mu surrogate.safetensors --mask peaks.txt -o masked.h5ad",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<PredictCommand>();
            arguments->inputs.describe(options);
            describe_surrogate(options, arguments->inputs.kind);
            options.value("--mask", arguments->mask, "Peaks to mask: names, one per line, or BED");
            options.value(
                "-o,--out", arguments->out,
                "AnnData file: X = predicted expression, cells × genes, on the study's scale",
                OptionSet::Need::kRequired);
            describe_overwrite(options, arguments->overwrite);
            return [arguments](const Context& context) { predict_into(*arguments, context); };
          }};
}

}  // namespace grids::core
