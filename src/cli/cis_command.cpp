#include "cli/commands.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "io/output_folder.hpp"
#include "pipeline/cis_into.hpp"
#include "pipeline/inputs.hpp"

namespace grids::core {
namespace {

struct CisCommand {
  StudyArguments inputs;
  CisArguments stage;
  std::filesystem::path out;
  bool overwrite = false;
};

}  // namespace

Command cis_command() {
  return {
      "cis", "Fit the peaks around each gene, beside the surrogate",
      "  grids cis study.h5mu surrogate.safetensors -o surrogate-cis.safetensors\n\n"
      "For each gene with a position: few peaks, and pairs of peaks, whose openness explains the "
      "gene's\n"
      "counts beyond the state of the cell. Genes in which this predicts held-out cells better "
      "are then\n"
      "predicted by it in every command that is given the new file; cis.tsv beside it lists all.",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<CisCommand>();
        arguments->inputs.describe(options);
        options.section("cis");
        arguments->stage.describe(options);
        options.section("");
        options.value("-o,--out", arguments->out,
                      "The surrogate with its cis path; cis.tsv is written beside it",
                      OptionSet::Need::kRequired);
        describe_overwrite(options, arguments->overwrite);
        return [arguments](const Context& context) {
          const auto table = cis_table_beside(arguments->out);
          if (arguments->out == table) throw usage_error("-o: cis.tsv is the name of the table");
          const std::filesystem::path read[] = {arguments->inputs.study,
                                                arguments->inputs.surrogate};
          // The surrogate itself may be replaced: all that it holds is kept.
          require_writable(arguments->out, std::span(read).first(1));
          require_writable(table, read);
          const OutputFiles files(
              {arguments->out, table},
              {"cis", "study " + seen_from(folder_of(arguments->out), arguments->inputs.study)},
              arguments->overwrite);
          auto loaded = load_study_and_surrogate(arguments->inputs);
          files.claim(context);
          fit_cis_into(arguments->out, loaded.study, std::move(loaded.file), loaded.folded,
                       arguments->stage, context);
          context.reporter.info("The surrogate with its cis path: " + arguments->out.string());
        };
      }};
}

}  // namespace grids::core
