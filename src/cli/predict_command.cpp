#include <algorithm>
#include <map>
#include <span>

#include "base/indices.hpp"
#include "cli/commands.hpp"
#include "io/anndata.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "io/lines.hpp"
#include "io/output_folder.hpp"
#include "pipeline/inputs.hpp"

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

/// Indices of the peaks that the file names, ascending.
std::vector<int32_t> masked_peaks(const std::filesystem::path& path, const Study& study) {
  std::map<std::string_view, int32_t> index;
  for (int64_t peak = 0; peak < study.peaks.size(); ++peak) {
    index.emplace(study.peaks.names[static_cast<size_t>(peak)], static_cast<int32_t>(peak));
  }
  std::vector<int32_t> peaks;
  Problems problems;
  for (const auto& name : read_lines(path)) {
    const auto found = index.find(name);
    if (found == index.end()) {
      problems.add("no peak '{}' in the study (its peaks look like '{}')", name,
                   study.peaks.names.front());
    } else {
      peaks.push_back(found->second);
    }
  }
  problems.raise(ErrorKind::kInput, path.string());
  if (peaks.empty()) throw input_error("{}: names no peaks; give one name per line", path.string());
  std::sort(peaks.begin(), peaks.end());
  peaks.erase(std::unique(peaks.begin(), peaks.end()), peaks.end());
  return peaks;
}

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
  const auto loaded = load_study_and_surrogate(arguments.inputs);
  const Study& study = loaded.study;
  const StudySurrogate surrogate = loaded.surrogate();
  std::vector<int32_t> mask;
  if (!arguments.mask.empty()) mask = masked_peaks(arguments.mask, study);
  Frame genes;
  genes.index = study.genes.names;
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
            options.value("--mask", arguments->mask, "Peaks to mask, one name per line");
            options.value(
                "-o,--out", arguments->out,
                "AnnData file: X = predicted expression, cells × genes, on the study's scale",
                OptionSet::Need::kRequired);
            describe_overwrite(options, arguments->overwrite);
            return [arguments](const Context& context) { predict_into(*arguments, context); };
          }};
}

}  // namespace grids::core
