#include "cli/commands.hpp"
#include "report/report.hpp"

namespace grids::core {
namespace {

struct ReportCommand {
  std::filesystem::path folder;
  ReportOptions options;
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
            return [arguments](const Context& context) {
              write_report(arguments->folder, arguments->options, context);
              context.reporter.info("The report: " + (arguments->folder / "report.html").string());
            };
          }};
}

}  // namespace grids::core
