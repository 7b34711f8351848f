#include "io/table_query.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/suggestion.hpp"

namespace grids::core {
namespace {

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end || std::isnan(value)) return {};
  return value;
}

bool is_missing(std::string_view cell) {
  return cell.empty() || cell == "NA" || cell == "nan" || cell == "NaN";
}

std::string_view trimmed_word(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

struct Sign {
  std::string_view text;
  CellTest comparison;
};

/// Those of two characters first: they begin with some of one.
constexpr Sign kSigns[] = {{"!=", CellTest::kNotEqual}, {"<=", CellTest::kAtMost},
                           {">=", CellTest::kAtLeast},  {"==", CellTest::kEqual},
                           {"=", CellTest::kEqual},     {"<", CellTest::kBelow},
                           {">", CellTest::kAbove},     {"~", CellTest::kContains}};

bool needs_number(CellTest comparison) {
  return comparison == CellTest::kBelow || comparison == CellTest::kAtMost ||
         comparison == CellTest::kAbove || comparison == CellTest::kAtLeast;
}

bool compares(CellTest comparison, double cell, double value) {
  switch (comparison) {
    case CellTest::kEqual:
      return cell == value;
    case CellTest::kNotEqual:
      return cell != value;
    case CellTest::kBelow:
      return cell < value;
    case CellTest::kAtMost:
      return cell <= value;
    case CellTest::kAbove:
      return cell > value;
    case CellTest::kAtLeast:
      return cell >= value;
    case CellTest::kContains:
      break;
  }
  return false;
}

/// Where columns stand in a table.
class ColumnPlaces {
 public:
  ColumnPlaces(const std::filesystem::path& path, TableRow columns)
      : path_(path), columns_(std::move(columns)) {}

  std::optional<size_t> find(const std::string& name) const {
    const auto found = std::find(columns_.begin(), columns_.end(), name);
    if (found == columns_.end()) return {};
    return static_cast<size_t>(found - columns_.begin());
  }
  size_t of(const std::string& name) const {
    const auto place = find(name);
    if (!place) {
      throw input_error("{}: no column '{}'{}; it has: {}", path_.string(), name,
                        suggestion(name, columns_), fmt::join(columns_, ", "));
    }
    return *place;
  }

 private:
  std::filesystem::path path_;
  TableRow columns_;
};

/// In the order in which they come.
enum class KeyKind : uint8_t { kNumber, kText, kMissing };

/// A row with what it is ordered by.
struct KeptRow {
  TableRow cells;
  KeyKind kind = KeyKind::kMissing;
  std::string key;
  double number = 0;
  size_t place = 0;  ///< among the rows of the file
};

/// So many more rows than are asked for may wait until they are cut.
constexpr size_t kRowsBeyond = 1 << 16;

class QueryReader {
 public:
  QueryReader(const std::filesystem::path& path, const TableQuery& query)
      : path_(path), query_(query) {}

  QueryResult read() {
    read_rows(
        path_, [&](const TableRow& columns) { begin(columns); },
        [&](const TableRow& row) { take(row); });
    cut();
    for (auto& row : rows_) result_.table.add(std::move(row.cells));
    return std::move(result_);
  }

 private:
  void begin(const TableRow& columns) {
    const ColumnPlaces places(path_, columns);
    for (const auto& condition : query_.conditions) tested_.push_back(places.of(condition.column));
    if (!query_.order_by.empty() && (!query_.order_if_there || places.find(query_.order_by))) {
      order_by_ = places.of(query_.order_by);
      result_.ordered_by = query_.order_by;
    }
    for (const auto& name : query_.columns) {
      if (!query_.columns_if_there || places.find(name)) shown_.push_back(places.of(name));
    }
    for (size_t i = 0; i < columns.size() && query_.columns.empty(); ++i) shown_.push_back(i);
    for (const auto& name : query_.counted) {
      const auto place = places.find(name);
      if (!place) continue;
      counted_.push_back(*place);
      result_.counts.push_back({name, {}});
    }
    std::vector<std::string> names;
    names.reserve(shown_.size());
    for (const size_t place : shown_) names.push_back(columns[place]);
    result_.table = Table(std::move(names));
    result_.table.source = path_.string();
  }

  void take(const TableRow& row) {
    ++result_.rows;
    for (size_t i = 0; i < tested_.size(); ++i) {
      if (!holds(query_.conditions[i], row[tested_[i]])) return;
    }
    ++result_.kept;
    for (size_t i = 0; i < counted_.size(); ++i) ++result_.counts[i].second[row[counted_[i]]];
    keep(row);
  }

  void keep(const TableRow& row) {
    if (!order_by_ && rows_.size() >= query_.most_rows) return;
    KeptRow kept;
    kept.place = result_.rows;
    if (order_by_) {
      kept.key = row[*order_by_];
      const auto number = number_in(kept.key);
      kept.number = number.value_or(0);
      kept.kind = number                 ? KeyKind::kNumber
                  : is_missing(kept.key) ? KeyKind::kMissing
                                         : KeyKind::kText;
    }
    for (const size_t place : shown_) kept.cells.push_back(row[place]);
    rows_.push_back(std::move(kept));
    if (rows_.size() > kRowsBeyond && rows_.size() - kRowsBeyond > query_.most_rows) cut();
  }

  bool comes_before(const KeptRow& a, const KeptRow& b) const {
    if (a.kind != b.kind) return a.kind < b.kind;
    if (a.kind == KeyKind::kNumber && a.number != b.number) {
      return (a.number < b.number) != query_.descending;
    }
    if (a.kind == KeyKind::kText && a.key != b.key) return (a.key < b.key) != query_.descending;
    return a.place < b.place;
  }

  /// Brings rows into order and drops those that will not be shown.
  void cut() {
    if (order_by_) {
      std::sort(rows_.begin(), rows_.end(),
                [&](const KeptRow& a, const KeptRow& b) { return comes_before(a, b); });
    }
    if (rows_.size() > query_.most_rows) {
      rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(query_.most_rows), rows_.end());
    }
  }

  std::filesystem::path path_;
  const TableQuery& query_;
  std::vector<size_t> tested_, shown_, counted_;
  std::optional<size_t> order_by_;
  std::vector<KeptRow> rows_;
  QueryResult result_;
};

}  // namespace

Condition parse_condition(std::string_view text) {
  const size_t place = text.find_first_of("=!<>~");
  for (const auto& sign : kSigns) {
    if (place == std::string_view::npos || !text.substr(place).starts_with(sign.text)) continue;
    Condition condition;
    condition.column = trimmed_word(text.substr(0, place));
    condition.comparison = sign.comparison;
    condition.value = trimmed_word(text.substr(place + sign.text.size()));
    if (condition.column.empty()) break;
    if (needs_number(sign.comparison) && !number_in(condition.value)) {
      throw usage_error("--where '{}': '{}' is not a number", text, condition.value);
    }
    return condition;
  }
  throw usage_error(
      "--where '{}': give a column, one of = != < <= > >= ~ (contains), and a value, as in 'q<0.1'",
      text);
}

bool holds(const Condition& condition, std::string_view cell) {
  const auto number = number_in(cell);
  const auto value = number_in(condition.value);
  switch (condition.comparison) {
    case CellTest::kContains:
      return !is_missing(cell) && cell.find(condition.value) != std::string_view::npos;
    case CellTest::kEqual:
    case CellTest::kNotEqual: {
      const bool equal = number && value    ? *number == *value
                         : is_missing(cell) ? is_missing(condition.value)
                                            : cell == condition.value;
      return equal == (condition.comparison == CellTest::kEqual);
    }
    default:
      return number && value && compares(condition.comparison, *number, *value);
  }
}

QueryResult query_table(const std::filesystem::path& path, const TableQuery& query) {
  return QueryReader(path, query).read();
}

}  // namespace grids::core
