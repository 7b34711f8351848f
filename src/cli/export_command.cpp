#include <fmt/ranges.h>

#include "base/recording_reporter.hpp"
#include "cli/commands.hpp"
#include "pipeline/export_into.hpp"
#include "pipeline/manifests.hpp"

namespace grids::core {
namespace {

struct ExportCommand {
  ExportArguments stage;
  std::filesystem::path out;
  bool overwrite = false;
};

/// Other formats are another thing that was asked: their files stay.
std::string asked_words(const ExportCommand& arguments) {
  return fmt::format("{}; {}", seen_from(arguments.out, arguments.stage.results),
                     fmt::join(arguments.stage.formats, ","));
}

void export_links(const ExportCommand& arguments, const OptionSet::Values& values,
                  const Context& outer) {
  OutputFolder out(arguments.out, {"export", asked_words(arguments)}, {}, arguments.overwrite);
  RecordingReporter reporter(outer.reporter);
  const Context context = outer.with_reporter(reporter);
  const auto exported = export_into(out, arguments.stage, context);
  close_folder(out, {"export", values, exported.inputs, exported.files, reporter.warnings()},
               context);
}

}  // namespace

Command export_command() {
  return {"export", "Write links.tsv for genome browsers, muon and MultiQC",
          "  grids export results/ --format igv,bigwig -o browser/\n"
          "  grids export results/ --format interact --verdict borne_out -o ucsc/\n"
          "docs/export.md says what each format holds and how to open it.",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<ExportCommand>();
            options.value("results", arguments->stage.results,
                          "Folder that run, explain or redundancy wrote, or a links.tsv",
                          OptionSet::Need::kRequired);
            options.section("export");
            arguments->stage.describe(options);
            const auto values = options.values("export");
            options.section("");
            options.value("-o,--out", arguments->out, "Folder for the files",
                          OptionSet::Need::kRequired);
            describe_overwrite(options, arguments->overwrite);
            return [arguments, values](const Context& context) {
              export_links(*arguments, values(), context);
            };
          }};
}

}  // namespace grids::core
