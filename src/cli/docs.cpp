#include <cstdio>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/table_list.hpp"
#include "io/atomic_file.hpp"

namespace grids {
namespace {

struct Arguments {
  std::string what;
  std::filesystem::path page_template;
};

std::string page_of(const Arguments& arguments) {
  if (arguments.what != "results") {
    throw usage_error("docs: '{}' is none of: results", arguments.what);
  }
  if (arguments.page_template.empty()) return tables_page();
  return with_context(arguments.page_template.string(),
                      [&] { return fill_in_tables(read_file(arguments.page_template)); });
}

}  // namespace

Command docs_command() {
  return {"docs", "Pages of the documentation that are made from what the program declares",
          "  grids docs results\n"
          "  grids docs results --template docs/templates/results.md > docs/results.md",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<Arguments>();
            options.value("what", arguments->what, "results: every table and its columns",
                          OptionSet::Need::kRequired);
            options.value("--template", arguments->page_template,
                          "Markdown with a line <!-- table COMMAND/FILE --> for each table");
            return [arguments](const Context&) { std::fputs(page_of(*arguments).c_str(), stdout); };
          }};
}

}  // namespace grids
