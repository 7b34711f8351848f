#include "report/report.hpp"

#include <fmt/core.h>

#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "report/html.hpp"
#include "report/page_data.hpp"
#include "report/page_script.hpp"
#include "report/sections.hpp"
#include "report/style.hpp"

namespace grids::core {
namespace {

struct Section {
  const char* id;
  const char* title;  ///< nullptr: the block that the page begins with
  std::string (*render)(const Results&, Page&);
  bool is_folded;
};

/// First what a reader came for; then, folded, what it rests on.
constexpr Section kSections[] = {
    {"summary", nullptr, summary_section, false},
    {"sets", "The sets of peaks", sets_section, false},
    {"redundancy", "Do the elements of a set stand in for one another?", redundancy_section, false},
    {"validation", "Beside other experiments, and beside chance", validation_section, false},
    {"methods", "Methods, to copy", methods_section, false},
    {"contrast", "Predicted against measured", contrast_section, true},
    {"types", "The same sets in other cell types", types_section, true},
    {"recovery", "What was planted, and what was found", recovery_section, true},
    {"accuracy", "How well the surrogate predicts", accuracy_section, true},
    {"cells", "The cells", cells_section, true},
    {"training", "Learning curves", training_section, true},
    {"run", "What was run", run_section, true},
    {"words", "The words of this page", words_section, true},
};

/// A section, and its link. Links lead into what is folded, so that a browser opens it.
struct RenderedSection {
  std::string link;
  std::string html;
};

RenderedSection rendered(const Section& section, const std::string& html) {
  const auto& [id, title, render, is_folded] = section;
  if (title == nullptr) return {"", fmt::format("<section id=\"{}\">{}</section>\n", id, html)};
  if (!is_folded) {
    return {fmt::format("<a href=\"#{}\">{}</a>\n", id, title),
            fmt::format("<section id=\"{}\"><h2>{}</h2>\n{}</section>\n", id, title, html)};
  }
  return {fmt::format("<a href=\"#{}-in\">{}</a>\n", id, title),
          fmt::format("<section id=\"{0}\" class=\"folded\"><details><summary><h2>{1}</h2>"
                      "</summary><div id=\"{0}-in\">\n{2}</div></details></section>\n",
                      id, title, html)};
}

/// Whether the page is a file, or served by `grids view`.
enum class PageKind : uint8_t { kFile, kLive };

/// What the page's script reads, and the script; nothing where there are no sets to show. A live
/// page has the script always, and by its address: it asks for more than the sets.
std::string script_of(const Results& results, const ReportOptions& options, PageKind kind) {
  const bool live = kind == PageKind::kLive;
  if (options.is_static || page_script().empty()) return {};
  if (results.sets.empty() && !live) return {};
  return fmt::format(
      "<script type=\"application/json\" id=\"grids-data\">{}</script>\n<script{}>{}</script>\n",
      page_data(results, options), live ? " src=\"page.js\"" : "",
      live ? std::string_view() : page_script());
}

std::string page_of(const std::filesystem::path& folder, const ReportOptions& options,
                    PageKind kind, const Context& context) {
  validate(options, "report options");
  const Results results = read_results(folder);
  for (const auto& sentence : results.outdated) context.reporter.warning(sentence);
  Page page{options};
  std::string contents;
  std::string body;
  for (const Section& section : kSections) {
    context.check_cancelled();
    const std::string html = section.render(results, page);
    if (html.empty()) continue;  // a section that this run has no use for
    const auto [link, whole] = rendered(section, html);
    contents += link;
    body += whole;
  }
  const std::string version = results.manifests.empty()
                                  ? std::string("grids")
                                  : "grids " + escape_html(results.manifests.back().version);
  const std::string title = escape_html(options.title);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"{6}><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title>\n<style>{1}</style></head>\n<body>\n"
      "<header><p class=\"mark\">{2}</p><h1>{0}</h1>\n<nav>{3}</nav></header>\n"
      "<main>\n{4}</main>\n<footer>Made by {2}. This page is whole: it loads nothing "
      "over a network. The tables beside it hold every number.</footer>\n"
      "{5}</body></html>\n",
      title, kStyle, version, contents, body, script_of(results, options, kind),
      kind == PageKind::kLive ? " data-live=\"yes\"" : "");
}

}  // namespace

void ReportOptions::describe(OptionSet& set) {
  set.value("--title", title, "Title of the page");
  set.value("--drawn-cells", drawn_cells, "Most cells drawn on a map", at_least(1));
  set.value("--drawn-markers", drawn_markers, "Most marker genes drawn on maps", at_least(0));
  set.value("--report-sets", report_sets,
            "Sets whose genome, evidence and members are on the page; of others it has a row",
            at_least(0));
  set.flag("--static", is_static,
           "A page without the script that sorts and searches sets and draws the genome");
}

void write_report(const std::filesystem::path& folder, const ReportOptions& options,
                  const Context& context) {
  replace_file(folder / "report.html", page_of(folder, options, PageKind::kFile, context));
}

std::string live_page(const std::filesystem::path& folder, const ReportOptions& options,
                      const Context& context) {
  return page_of(folder, options, PageKind::kLive, context);
}

}  // namespace grids::core
