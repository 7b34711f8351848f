#include "validate/screen.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.hpp"
#include "base/nan.hpp"
#include "io/feature_kind.hpp"
#include "io/lines.hpp"
#include "io/table.hpp"
#include "validate/pairs.hpp"

namespace grids::core {
namespace {

constexpr std::string_view kPowerColumn = "PowerAtEffectSize";

/// The columns that every screen must have.
constexpr std::array<std::string_view, 9> kScreenColumns = {
    "chrom",     "chromStart",      "chromEnd", "measuredGeneSymbol", "EffectSize", "Significant",
    "Regulated", "ValidConnection", "CellType"};

/// Cells of a screen, with messages that name the line.
class ScreenTable {
 public:
  explicit ScreenTable(const Table& table) : table_(table) {}

  bool truth(size_t row, std::string_view column) const {
    const auto word = lower_case(table_.text(row, column));
    if (word == "true" || word == "1") return true;
    if (word == "false" || word == "0") return false;
    throw error(row, column, "is neither TRUE nor FALSE");
  }

  int64_t position(size_t row, std::string_view column) const {
    int64_t value = 0;
    if (parse_position(table_.text(row, column), value)) return value;
    throw error(row, column, "is no position: a whole number from 0");
  }

  double number(size_t row, std::string_view column) const {
    const double value = table_.number(row, column);
    if (std::isfinite(value)) return value;
    throw error(row, column, "must be a number");
  }

  /// A probability, or NaN where there is none.
  double power(size_t row, std::string_view column) const {
    const double value = table_.number(row, column);
    if (std::isnan(value) || (value >= 0 && value <= 1)) return value;
    throw error(row, column, "is no power: a number from 0 to 1");
  }

  const std::string& name(size_t row, std::string_view column) const {
    const auto& text = table_.text(row, column);
    if (!text.empty()) return text;
    throw error(row, column, "is empty");
  }

  Error error(size_t row, std::string_view column, std::string_view what) const {
    return input_error("{}: line {}, column '{}': '{}' {}", table_.source, row + 2, column,
                       table_.text(row, column), what);
  }

 private:
  const Table& table_;
};

void require_screen_columns(const Table& table) {
  std::string missing;
  for (const auto column : kScreenColumns) {
    if (!table.has(column)) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", column);
  }
  const bool sites = table.has("chrTSS") && table.has("startTSS") && table.has("endTSS");
  if (!table.has("distanceToTSS") && !sites) {
    missing += fmt::format("{}distanceToTSS", missing.empty() ? "" : ", ");
  }
  if (missing.empty()) return;
  throw input_error(
      "{}: no screen of elements and genes, for it lacks the columns {}: give a table in the "
      "layout of EngreitzLab/CRISPR_comparison (docs/validation-screens.md)",
      table.source, missing);
}

/// The effects in % of the power columns, ascending.
std::vector<int64_t> screen_effects(const Table& table) {
  std::vector<int64_t> effects;
  for (const auto& column : table.columns()) {
    int64_t effect = 0;
    if (column.starts_with(kPowerColumn) &&
        parse_position(std::string_view(column).substr(kPowerColumn.size()), effect)) {
      effects.push_back(effect);
    }
  }
  std::sort(effects.begin(), effects.end());
  return effects;
}

double screen_distance(const Table& table, const ScreenTable& cells, size_t row) {
  if (table.has("distanceToTSS")) return std::abs(cells.number(row, "distanceToTSS"));
  if (bare_chromosome(table.text(row, "chrom")) != bare_chromosome(table.text(row, "chrTSS"))) {
    throw cells.error(row, "chrTSS", "is not the chromosome of the element");
  }
  const auto twice = cells.position(row, "chromStart") + cells.position(row, "chromEnd") -
                     cells.position(row, "startTSS") - cells.position(row, "endTSS");
  return std::abs(static_cast<double>(twice)) / 2;
}

ScreenPair screen_pair(const Table& table, const Screen& screen, size_t row) {
  const ScreenTable cells(table);
  ScreenPair pair;
  pair.chromosome = bare_chromosome(cells.name(row, "chrom"));
  pair.start = cells.position(row, "chromStart");
  pair.end = cells.position(row, "chromEnd");
  if (pair.end <= pair.start) throw cells.error(row, "chromEnd", "must lie after chromStart");
  pair.gene = cells.name(row, "measuredGeneSymbol");
  if (table.has("measuredGeneEnsemblId")) {
    const auto& id = table.text(row, "measuredGeneEnsemblId");
    if (id != "NA") pair.gene_id = id.substr(0, id.find('.'));
  }
  pair.cell_type = cells.name(row, "CellType");
  pair.regulated = cells.truth(row, "Regulated");
  pair.increasing = cells.truth(row, "Significant") && cells.number(row, "EffectSize") > 0;
  pair.distance = screen_distance(table, cells, row);
  for (const int64_t effect : screen.effects) {
    pair.power.push_back(cells.power(row, fmt::format("{}{}", kPowerColumn, effect)));
  }
  return pair;
}

}  // namespace

Screen read_screen(const std::filesystem::path& path) {
  const Table table = read_table(path);
  require_screen_columns(table);
  Screen screen;
  screen.source = table.source;
  screen.effects = screen_effects(table);
  screen.pairs.reserve(table.rows());
  for (size_t row = 0; row < table.rows(); ++row) {
    if (lower_case(table.text(row, "ValidConnection")) != "true") {
      ++screen.invalid;
      continue;
    }
    screen.pairs.push_back(screen_pair(table, screen, row));
  }
  const auto regulated = [](const ScreenPair& pair) { return pair.regulated; };
  if (std::none_of(screen.pairs.begin(), screen.pairs.end(), regulated)) {
    throw input_error(
        "{}: of {} pairs with ValidConnection TRUE none is Regulated: there is nothing to find",
        screen.source, screen.pairs.size());
  }
  return screen;
}

std::vector<std::string> screen_cell_types(const Screen& screen) {
  std::vector<std::string> types;
  for (const auto& pair : screen.pairs) {
    if (std::find(types.begin(), types.end(), pair.cell_type) == types.end()) {
      types.push_back(pair.cell_type);
    }
  }
  return types;
}

}  // namespace grids::core
