#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "pipeline/find_study.hpp"
#include "pipeline/manifests.hpp"
#include "validate/validate.hpp"

namespace grids::core {
namespace {

struct ValidateCommand {
  ValidateOptions options;
  std::filesystem::path out;
  bool overwrite = false;
};

/// Throws Error(kInput) where a file is not there, before anything is read.
void require_files(const std::vector<std::filesystem::path>& files) {
  for (const auto& file : files) {
    if (!std::filesystem::exists(file)) throw input_error("{}: no such file", file.string());
  }
}

void validate_into(ValidateCommand& arguments, const OptionSet::Values& values,
                   const Context& outer) {
  auto& options = arguments.options;
  if (options.study.empty() && options.pairs.peaks.empty()) {
    options.study = study_beside(options.pairs.links).value_or(std::filesystem::path());
  }
  const auto files = options.files();
  require_files(files);
  const auto table = validation_columns().describe().file;
  OutputFolder out(arguments.out, {"validate", "links " + seen_from(arguments.out, files.front())},
                   arguments.options.tables(), arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context = outer.with_reporter(reporter);
  auto validation = validation_of(arguments.options, context);
  validation.tables.push_back(validation_columns().table(validation.rows));
  const auto tables = write_tables_into(out, validation.tables, context);
  close_folder(out, {"validate", values, record_files(files), tables, reporter.warnings()},
               context);
  context.reporter.info("Beside experiments and chance: " + (arguments.out / table).string());
}

}  // namespace

Command validate_command() {
  return {"validate", "Hold links beside distances, loops, variants and screens, and beside chance",
          "  grids validate results/ -o validated/\n"
          "  grids validate links.tsv --study study.h5mu --loops loops.bedpe.gz -o validated/\n"
          "  grids validate other-tool.tsv --score ABC.Score --peaks peaks.bed --genes genes.bed "
          "-o validated/",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<ValidateCommand>();
            options.section("validate");
            arguments->options.describe(options);
            const auto values = options.values("validate");
            options.section("");
            options.value("-o,--out", arguments->out, "Folder for validation.tsv",
                          OptionSet::Need::kRequired);
            describe_overwrite(options, arguments->overwrite);
            return [arguments, values](const Context& context) {
              validate_into(*arguments, values(), context);
            };
          }};
}

}  // namespace grids::core
