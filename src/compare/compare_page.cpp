#include "compare/compare_page.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "evaluate/set_columns.hpp"
#include "report/heat_map.hpp"
#include "report/markdown.hpp"
#include "report/svg.hpp"

namespace grids::core {
namespace {

/// "0.01235" for a number with a fraction, the text itself for any other.
std::string rounded(const std::string& text) {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(value)) {
    return escape_markdown(text);
  }
  if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
  return fmt::format("{:.4g}", value);
}

/// "0.5 (1)" where partners find more than the set, else "0.5".
std::string recall_words(const Table& recall, size_t row) {
  const auto& alone = recall.text(row, column::kRecall);
  const auto& with_partners = recall.text(row, column::kRecallWithPartners);
  if (alone == with_partners) return rounded(alone);
  return fmt::format("{} ({})", rounded(alone), rounded(with_partners));
}

/// recall_by_kind.tsv with a column a method instead of a row; "–" where a method has none.
Table methods_side_by_side(const Table& recall) {
  constexpr ColumnText kKeys[] = {column::kRecallObjective, column::kSetSize,
                                  column::kAllowance,       column::kKind,
                                  column::kPlantedMembers,  column::kSets};
  std::vector<std::string> methods;
  std::vector<std::vector<std::string>> kinds;
  std::map<std::pair<std::vector<std::string>, std::string>, std::string> words;
  for (size_t row = 0; row < recall.rows(); ++row) {
    std::vector<std::string> kind;
    kind.reserve(std::size(kKeys));
    for (const auto& key : kKeys) kind.push_back(recall.text(row, key));
    const auto& method = recall.text(row, column::kMethod);
    if (std::find(methods.begin(), methods.end(), method) == methods.end()) {
      methods.push_back(method);
    }
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
    words[{kind, method}] = recall_words(recall, row);
  }
  std::vector<std::string> columns;
  for (const auto& key : kKeys) columns.emplace_back(key.name);
  columns.insert(columns.end(), methods.begin(), methods.end());
  Table table(columns);
  for (const auto& kind : kinds) {
    auto line = kind;
    for (const auto& method : methods) {
      const auto found = words.find({kind, method});
      line.push_back(found == words.end() ? "–" : found->second);
    }
    table.add(std::move(line));
  }
  return table;
}

void section(std::string& page, const std::string& title, const std::string& words,
             const Table& table) {
  if (table.rows() == 0) return;
  page += fmt::format("\n## {}\n\n{}\n\n{}", title, words, markdown_table(table));
}

}  // namespace

std::string markdown_table(const Table& table) {
  std::string text = "|";
  for (const auto& column : table.columns()) text += fmt::format(" {} |", escape_markdown(column));
  text += "\n|";
  for (size_t c = 0; c < table.columns().size(); ++c) text += " --- |";
  text += "\n";
  for (size_t row = 0; row < table.rows(); ++row) {
    text += "|";
    for (const auto& cell : table.row(row)) text += fmt::format(" {} |", rounded(cell));
    text += "\n";
  }
  return text;
}

std::string compare_markdown(const ComparePage& page) {
  std::string text = "# Methods compared\n\n" + page.setting + "\n";
  section(text, "Held out",
          "Predicted changes held against measured expression of test cells, which no method "
          "optimises: sets with q < 0.05 (`share_called`), then the median z, rank the methods. "
          "`mean_slope` 1 = predicted changes are right on average. `recall`: planted peaks found, "
          "where they are known.",
          page.held_out);
  section(
      text, "Own objective",
      "Predicted change when masked in the surrogate, on test cells. A method that searches "
      "for this change must win here: it says how well methods search, not how right they are. "
      "`t_p`, `wilcoxon_p`: one-sided paired tests over targets and seeds that the reference "
      "goes further in relative change (near 1: the method wins); `wilcoxon_p_targets`: seeds "
      "averaged first, since "
      "seeds of one target are not independent. `relative_sd_seeds`: how far the seeds of one "
      "target lie apart. `objective`: what the methods minimise, on the training cells on which "
      "they do; `objective_t_p`, `objective_wilcoxon_p`: that the reference is lower there.",
      page.own_objective);
  section(
      text, "Planted regulation found",
      "Members found ÷ members planted. Objective `true function`: the search alone is judged, "
      "on the simulator's own regulatory function; `redundant`: on cells with every member "
      "open, where no single mask changes anything. Objective `surrogate`: the whole. In brackets: "
      "with partners.",
      methods_side_by_side(page.recall));
  section(text, "By cell type",
          "Means over genes and seeds at equal budget: average change (counts per 100,000 as the "
          "paper defines it) and relative change in percent.",
          page.by_type);
  section(text, "By method", "The same, the other way round.", page.by_method);
  if (page.has_types) {
    text +=
        "\n## Between types\n\nSets learned for a gene in one type (rows), masked in test "
        "cells of the gene's type (columns), relative to the set that was learned there.\n\n"
        "![Sets learned in one type, tested in another](types.svg)\n";
  }
  section(text, "Skipped", "Not compared, and why.", page.skipped);
  return text;
}

std::string draw_type_matrix(const TypeMatrix& matrix) {
  HeatMap map;
  map.label = "Sets learned in one type, masked in another";
  map.title = "learned in (rows), tested in (columns); 1 = the type's own set";
  map.rows = matrix.learned_in;
  map.columns = matrix.tested_in;
  map.values = matrix.normalised;
  for (size_t i = 0; i < map.values.size(); ++i) {
    map.texts.push_back(std::isnan(map.values[i]) ? "" : fmt::format("{:.2f}", map.values[i]));
    map.outlined.push_back(matrix.learned_in[i / matrix.tested_in.size()] ==
                           matrix.tested_in[i % matrix.tested_in.size()]);
  }
  map.colour = [](double share) { return sequential_colour(share); };
  std::string svg = draw_heat_map(map);
  constexpr std::string_view kOpening = "<svg ";
  const size_t start = svg.find(kOpening);
  if (start != std::string::npos) {
    svg.insert(start + kOpening.size(),
               "xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\" "
               "font-size=\"11.5\" ");
  }
  return svg;
}

}  // namespace grids::core
