#include "cli/commands.hpp"
#include "io/atomic_file.hpp"
#include "pipeline/prepare_files.hpp"

namespace grids::core {
namespace {

struct PrepareCommand {
  PrepareArguments stage;
  std::filesystem::path out;
};

}  // namespace

Command prepare_command() {
  return {"prepare", "From raw files to a study: matched, checked, normalised, split",
          "  grids prepare cells.h5mu --labels cell_type --genes genes.bed -o study.h5mu\n"
          "  grids prepare filtered_feature_bc_matrix.h5 --labels labels.tsv -o study.h5mu\n"
          "  grids prepare --rna rna.h5ad --atac atac.h5ad --labels cell_type -o study.h5mu",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<PrepareCommand>();
            options.section("prepare");
            arguments->stage.describe(options);
            options.section("");
            options.value("-o,--out", arguments->out, "The study, a MuData file",
                          OptionSet::Need::kRequired);
            return [arguments](const Context& context) {
              require_writable(arguments->out, arguments->stage.files());
              const PrepareResult result = prepare_from_files(arguments->stage, context);
              write_study(arguments->out, result.study);
              context.reporter.info(fmt::format(
                  "{} cells × {} peaks × {} genes: {}", result.study.cells.size(),
                  result.study.peaks.size(), result.study.genes.size(), arguments->out.string()));
            };
          }};
}

}  // namespace grids::core
