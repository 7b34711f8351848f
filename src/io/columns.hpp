/// Tables that are declared once. A column is its name, one line that says what it holds, and how
/// it is got from a row; header, rows, reading back and the reference of all tables
/// (docs/results.md) follow from the declaration, so that a new column is one line:
///
///     Columns<Hill> hill_columns() {
///       return {"hills.tsv", "a row for each hill",
///               {{"name", "as the map spells it", &Hill::name},
///                {"height", "metres above the sea", [](const Hill& hill) { return hill.top();
///                }}}};
///     }
///
/// A row may be any struct: one that points to what its columns are got from, or one of plain
/// members, which is read back as it was written.
#pragma once

#include <concepts>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "io/table.hpp"

namespace grids::core {

/// Name and meaning of a column that several tables have, or that is read back by name; stands for
/// its name wherever a table asks for one.
struct ColumnText {
  std::string_view name;
  std::string_view what;

  /// The same column where it needs other words.
  constexpr ColumnText saying(std::string_view other) const { return {name, other}; }
  constexpr operator std::string_view() const { return name; }
};

/// What a table is called and holds, for people.
struct TableText {
  struct Entry {
    std::string name;
    std::string what;
    bool operator==(const Entry&) const = default;
  };
  std::string file;  ///< "subsets.tsv"
  std::string rows;  ///< "a row for each peak of each set"
  std::vector<Entry> columns;
};

/// A cell of a table that is read back.
struct Cell {
  const Table& table;
  size_t row = 0;
  std::string_view column;

  const std::string& text() const { return table.text(row, column); }
  /// As Table::number.
  double number() const { return table.number(row, column); }

  /// The cell as a value. Throws Error(kInput) that names table, line and column where it is none.
  void into(std::string& value) const { value = text(); }
  void into(double& value) const { value = number(); }
  void into(int64_t& value) const;
  void into(uint64_t& value) const;
  void into(bool& value) const;  ///< "yes", "no"
  void into(std::vector<std::string>& value) const;
  template <typename Value>
  void into(std::optional<Value>& value) const {
    if (text() == "NA") return value.reset();
    into(value.emplace());
  }
};

/// A probability, which is written with four digits however small it is; as the nearest float it
/// might be 0.
struct Probability {
  double value = 0;
};

/// Values as tables spell them: "yes" and "no", whole numbers, floats (format_number), "NA" for
/// what is missing, lists with commas.
std::string cell_text(Probability value);
std::string cell_text(const std::vector<std::string>& list);
inline std::string cell_text(std::string_view text) {
  return std::string(text);
}
template <typename Number>
requires std::is_arithmetic_v<Number> std::string cell_text(Number value) {
  if constexpr (std::same_as<Number, bool>) {
    return value ? "yes" : "no";
  } else if constexpr (std::integral<Number>) {
    return std::to_string(value);
  } else {
    return format_number(value);
  }
}
template <typename Value>
std::string cell_text(const std::optional<Value>& value) {
  return value ? cell_text(*value) : "NA";
}

template <typename Row>
struct Column {
  std::string name;
  std::string what;
  std::function<std::string(const Row& row)> text;
  std::function<void(Row& row, const Cell& cell)> read;  ///< empty: not read back

  /// `get`: a member of the row, or a function of it, of a type that `cell_text` takes. Members
  /// that a Cell can become are read back; `set` reads back what is got by a function.
  template <typename Get>
  Column(ColumnText said, Get get) : name(said.name), what(said.what) {
    if constexpr (std::is_member_object_pointer_v<Get>) {
      if constexpr (requires(Row row, Cell cell) { cell.into(row.*get); }) {
        read = [get](Row& row, const Cell& cell) { cell.into(row.*get); };
      }
    }
    text = [get = std::move(get)](const Row& row) { return cell_text(std::invoke(get, row)); };
  }
  template <typename Get, typename Set>
  Column(ColumnText said, Get get, Set set) : Column(said, std::move(get)) {
    read = std::move(set);
  }
  template <typename Get>
  Column(std::string_view named, std::string_view said, Get get)
      : Column(ColumnText{named, said}, std::move(get)) {}
  template <typename Get, typename Set>
  Column(std::string_view named, std::string_view said, Get get, Set set)
      : Column(ColumnText{named, said}, std::move(get), std::move(set)) {}
};

/// The columns of a table, in order.
template <typename Row>
class Columns {
 public:
  Columns(std::string file, std::string rows, std::vector<Column<Row>> columns)
      : file_(std::move(file)), rows_(std::move(rows)), columns_(std::move(columns)) {}

  TableText describe() const {
    TableText text{file_, rows_, {}};
    for (const auto& column : columns_) text.columns.push_back({column.name, column.what});
    return text;
  }

  TableRow names() const {
    TableRow names;
    for (const auto& column : columns_) names.push_back(column.name);
    return names;
  }

  TableRow cells(const Row& row) const {
    TableRow cells;
    cells.reserve(columns_.size());
    for (const auto& column : columns_) cells.push_back(column.text(row));
    return cells;
  }

  /// A table of these rows; its source is the table's file.
  Table table(std::span<const Row> rows) const {
    return table(rows, [](const Row& row) -> const Row& { return row; });
  }

  /// The same with a row for each item, which `row_of` makes of it.
  template <typename Items, typename RowOf>
  Table table(const Items& items, const RowOf& row_of) const {
    Table table(names());
    table.source = file_;
    for (const auto& item : items) table.add(cells(row_of(item)));
    return table;
  }

  /// The same for a table that is never whole in memory (write_table).
  void write(const std::filesystem::path& path,
             const std::function<void(const std::function<void(const Row&)>& add)>& fill) const {
    write_table(path, names(),
                [&](const RowSink& sink) { fill([&](const Row& row) { sink(cells(row)); }); });
  }

  /// Every row of a table that has these columns and maybe others; each begins as `blank`. Throws
  /// Error(kInput) that names the table and the column that is missing or cannot be read.
  std::vector<Row> read(const Table& table, const Row& blank = {}) const {
    std::vector<Row> rows(table.rows(), blank);
    for (const auto& column : columns_) {
      if (!column.read) continue;
      for (size_t i = 0; i < rows.size(); ++i) column.read(rows[i], {table, i, column.name});
    }
    return rows;
  }

 private:
  std::string file_;
  std::string rows_;
  std::vector<Column<Row>> columns_;
};

}  // namespace grids::core
