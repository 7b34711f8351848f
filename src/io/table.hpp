/// Tab-separated tables with a header line: how every stage hands its results to people and to the
/// report. Read whole (plain or gzip), written through a temporary name.
///
/// A cell may hold any text and reads back as it was. In the file one with a tab or an end of line
/// in it, or a quote before it, stands in quotes, with its own doubled; one that a spreadsheet
/// would take for a formula (begins with = + - @ and is no number, or with an apostrophe) has an
/// apostrophe before it.
#pragma once

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace grids::core {

class Table {
 public:
  Table() = default;
  explicit Table(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  const std::vector<std::string>& columns() const { return columns_; }
  size_t rows() const { return cells_.size(); }
  const std::vector<std::string>& row(size_t i) const { return cells_.at(i); }

  /// Appends a row; throws Error(kInternal) when the number of cells is not that of the columns.
  void add(std::vector<std::string> row);

  bool has(std::string_view column) const;
  /// Throws Error(kInput) that names the table and the column that it lacks.
  const std::string& text(size_t row, std::string_view column) const;
  /// Also throws when the text is no number; "NA" and "" are NaN.
  double number(size_t row, std::string_view column) const;

  /// Its file, for messages and `write_into`; the path when it was read from one.
  std::string source = "table";
  std::string remedy;  ///< likewise: what to do where a column is missing; may be empty

 private:
  size_t index_of(std::string_view column) const;

  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> cells_;
};

using TableRow = std::vector<std::string>;
using RowSink = std::function<void(const TableRow& row)>;

/// Reads a table row by row, for those who keep few of them: `begin` is told the columns first.
/// Throws what `read_table` throws, and what the two throw.
void read_rows(const std::filesystem::path& path,
               const std::function<void(const TableRow& columns)>& begin, const RowSink& row);

/// Throws Error(kInput) for unreadable files, no header, or rows of another length.
Table read_table(const std::filesystem::path& path);

/// Packed where the name of the file ends in .gz, as every table that is written.
void write_table(const std::filesystem::path& path, const Table& table);
/// The same as a text.
std::string table_text(const Table& table);

/// Writes the table into a folder under the name of its source, which is returned.
std::string write_into(const std::filesystem::path& folder, const Table& table);

/// The same for a table that is never whole in memory: `fill` hands over row by row.
void write_table(const std::filesystem::path& path, const TableRow& columns,
                 const std::function<void(const RowSink& add)>& fill);

/// Shortest text that reads back as the same float; "NA" for NaN.
std::string format_number(double value);

/// The parts of a cell that lists several things with commas between; none for an empty cell.
std::vector<std::string> split_list(const std::string& text);

}  // namespace grids::core
