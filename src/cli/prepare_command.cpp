#include "cli/commands.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "io/output_folder.hpp"
#include "pipeline/prepare_files.hpp"

namespace grids::core {
namespace {

struct PrepareCommand {
  PrepareArguments stage;
  std::filesystem::path out;
  std::filesystem::path summary;  ///< empty = none
  bool overwrite = false;
};

void prepare_into(const PrepareCommand& arguments, const Context& context) {
  const auto read = arguments.stage.files();
  std::vector<std::filesystem::path> written = {arguments.out};
  if (!arguments.summary.empty()) written.push_back(arguments.summary);
  std::string target;
  for (const auto& file : read) target += seen_from(folder_of(arguments.out), file) + "; ";
  for (const auto& file : written) require_writable(file, read);
  const OutputFiles files(written, {"prepare", target}, arguments.overwrite);
  const auto write = [&](const auto& result, const Study& features, const std::string& cells) {
    files.claim(context);
    write_prepared(arguments.out, result, context);
    if (!arguments.summary.empty()) write_table(arguments.summary, prepare_table(result.summary));
    context.reporter.info(fmt::format("{} × {} peaks × {} genes: {}", cells, features.peaks.size(),
                                      features.genes.size(), arguments.out.string()));
  };
  if (arguments.stage.input.unpaired) {
    const PreparedUnpaired result = prepare_unpaired_from_files(arguments.stage, context);
    const auto& [atac, rna, labels_in] = result.tables;
    write(result, rna,
          fmt::format("{} {} and {} {}", atac.cells.size(), kCellsWithChromatin, rna.cells.size(),
                      kCellsWithRna));
    return;
  }
  const PreparedCells result = prepare_from_files(arguments.stage, context);
  write(result, result.tables, fmt::format("{} cells", result.tables.cells.size()));
}

}  // namespace

Command prepare_command() {
  return {
      "prepare", "From raw files to a study: matched, checked, normalised, split",
      "  grids prepare cells.h5mu --labels cell_type --genes genes.bed -o study.h5mu\n"
      "  grids prepare filtered_feature_bc_matrix.h5 --labels labels.tsv -o study.h5mu\n"
      "  grids prepare --rna rna.h5ad --atac atac.h5ad --labels cell_type -o study.h5mu\n"
      "  grids prepare --unpaired --rna rna.h5ad --atac atac.h5ad --labels cell_type -o study.h5mu",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<PrepareCommand>();
        options.section("prepare");
        arguments->stage.describe(options);
        arguments->stage.describe_unpaired(options);
        options.section("");
        options.value("-o,--out", arguments->out, "The study, a MuData file",
                      OptionSet::Need::kRequired);
        options.value("--summary", arguments->summary,
                      "Table of its steps and warnings to write (prepare.tsv)");
        describe_overwrite(options, arguments->overwrite);
        return [arguments](const Context& context) { prepare_into(*arguments, context); };
      }};
}

}  // namespace grids::core
