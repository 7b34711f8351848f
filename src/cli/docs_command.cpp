#include <cstdio>

#include "cli/commands.hpp"
#include "cli/options_page.hpp"
#include "cli/table_list.hpp"
#include "io/atomic_file.hpp"

namespace grids::core {
namespace {

enum class Page : uint8_t { kNone, kOptions, kResults };

struct DocsCommand {
  Page page = Page::kNone;
  std::filesystem::path page_template;

  void describe(OptionSet& set) {
    set.choice<Page>(
        "page", page, {{"options", Page::kOptions}, {"results", Page::kResults}},
        "options: every option of every command; results: every table and its columns");
    set.value("--template", page_template,
              "Of results: Markdown with a line <!-- table COMMAND/FILE --> for each table");
    set.rule([this](Problems& problems) {
      if (page == Page::kNone) problems.add("which page? options or results");
      if (page == Page::kOptions && !page_template.empty()) {
        problems.add("--template goes with results");
      }
    });
  }
};

std::string text_of(const DocsCommand& arguments) {
  if (arguments.page == Page::kOptions) return options_page();
  if (arguments.page_template.empty()) return tables_page();
  return with_context(arguments.page_template.string(),
                      [&] { return fill_in_tables(read_file(arguments.page_template)); });
}

}  // namespace

Command docs_command() {
  return {"docs", "Print a page of the reference, as it stands in docs/",
          "  grids docs options\n"
          "  grids docs results --template docs/templates/results.md > docs/results.md",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<DocsCommand>();
            arguments->describe(options);
            return [arguments](const Context&) { std::fputs(text_of(*arguments).c_str(), stdout); };
          }};
}

}  // namespace grids::core
