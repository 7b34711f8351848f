#include "report/report.hpp"

#include "cli/commands.hpp"

namespace grids {
namespace {

struct Arguments {
  std::filesystem::path folder;
  ReportOptions options;
};

}  // namespace

Command report_command() {
  return {"report", "Make the page of a results folder", "  grids report results/",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<Arguments>();
            options.value("folder", arguments->folder, "Results folder of grids run",
                          OptionSet::Need::kRequired);
            options.value("--title", arguments->options.title, "Title of the page");
            options.value("--drawn-cells", arguments->options.drawn_cells,
                          "Most cells drawn on a map");
            options.value("--drawn-markers", arguments->options.drawn_markers,
                          "Most marker genes drawn on maps");
            return [arguments](const Context& context) {
              arguments->options.validate();
              write_report(arguments->folder, arguments->options, context);
              context.reporter.info("The report: " + (arguments->folder / "report.html").string());
            };
          }};
}

}  // namespace grids
