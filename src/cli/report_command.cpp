#include "cli/commands.hpp"
#include "io/output_folder.hpp"
#include "report/report.hpp"
#include "report/results.hpp"

namespace grids::core {
namespace {

struct ReportCommand {
  std::filesystem::path folder;
  ReportOptions options;
  bool overwrite = false;
};

}  // namespace

Command report_command() {
  return {"report", "Make the page of a results folder", "  grids report results/",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<ReportCommand>();
            options.value("folder", arguments->folder, "Results folder of grids run",
                          OptionSet::Need::kRequired);
            options.section("report");
            arguments->options.describe(options);
            options.section("");
            describe_overwrite(options, arguments->overwrite);
            return [arguments](const Context& context) {
              require_results(arguments->folder);
              OutputFolder out(arguments->folder, {"report", ""}, {"report.html"},
                               arguments->overwrite);
              out.claim_for_all("report.html", context);
              write_report(arguments->folder, arguments->options, context);
              context.reporter.info("The report: " + (arguments->folder / "report.html").string());
            };
          }};
}

}  // namespace grids::core
