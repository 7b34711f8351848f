#include "io/table.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <ostream>

#include "base/error.hpp"
#include "io/atomic_file.hpp"

namespace grids::core {
namespace {

std::vector<std::string> split_line(std::string_view line) {
  std::vector<std::string> cells;
  for (;;) {
    const size_t tab = line.find('\t');
    cells.emplace_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return cells;
    line.remove_prefix(tab + 1);
  }
}

/// A cell must not break the row that it stands in.
void append_cell(std::string& out, const std::string& cell) {
  for (const char c : cell) out += (c == '\t' || c == '\n' || c == '\r') ? ' ' : c;
}

void append_row(std::string& out, const std::vector<std::string>& row) {
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += '\t';
    append_cell(out, row[i]);
  }
  out += '\n';
}

}  // namespace

void Table::add(std::vector<std::string> row) {
  if (row.size() != columns_.size()) {
    throw internal_error("{}: a row of {} cells in a table of {} columns", source, row.size(),
                         columns_.size());
  }
  cells_.push_back(std::move(row));
}

bool Table::has(std::string_view column) const {
  return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
}

size_t Table::index_of(std::string_view column) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found == columns_.end()) {
    const bool commas = columns_.size() == 1 && columns_[0].find(',') != std::string::npos;
    throw input_error("{}: no column '{}'; it has: {}{}{}{}", source, column,
                      fmt::join(columns_, ", "),
                      commas ? " (columns are separated by tabs, not commas)" : "",
                      remedy.empty() ? "" : "; ", remedy);
  }
  return static_cast<size_t>(found - columns_.begin());
}

const std::string& Table::text(size_t row, std::string_view column) const {
  return cells_.at(row)[index_of(column)];
}

double Table::number(size_t row, std::string_view column) const {
  const std::string& cell = text(row, column);
  if (cell.empty() || cell == "NA" || cell == "nan" || cell == "NaN") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size()) {
    throw input_error("{}: line {}, column '{}': '{}' is not a number", source, row + 2, column,
                      cell);
  }
  return value;
}

Table read_table(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  std::string_view rest = content;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  Table table;
  bool header = true;
  for (size_t line_number = 1; !rest.empty(); ++line_number) {
    const size_t newline = rest.find('\n');
    std::string_view line = rest.substr(0, newline);
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    auto cells = split_line(line);
    if (header) {
      table = Table(std::move(cells));
      table.source = path.string();
      header = false;
      continue;
    }
    if (cells.size() != table.columns().size()) {
      throw input_error("{}: line {} has {} tab-separated cells, the header has {}", path.string(),
                        line_number, cells.size(), table.columns().size());
    }
    table.add(std::move(cells));
  }
  if (header) throw input_error("{}: empty; expected a header line", path.string());
  return table;
}

void write_table(const std::filesystem::path& path, const Table& table) {
  std::string content;
  append_row(content, table.columns());
  for (size_t row = 0; row < table.rows(); ++row) append_row(content, table.row(row));
  replace_file(path, content);
}

std::string write_into(const std::filesystem::path& folder, const Table& table) {
  write_table(folder / table.source, table);
  return table.source;
}

void write_table(const std::filesystem::path& path, const TableRow& columns,
                 const std::function<void(const RowSink&)>& fill) {
  constexpr size_t kPiece = 1 << 16;
  replace_text_file(path, [&](std::ostream& out) {
    std::string piece;
    append_row(piece, columns);
    fill([&](const TableRow& row) {
      if (row.size() != columns.size()) {
        throw internal_error("{}: a row of {} cells in a table of {} columns", path.string(),
                             row.size(), columns.size());
      }
      append_row(piece, row);
      if (piece.size() < kPiece) return;
      out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
      piece.clear();
    });
    out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
  });
}

std::string format_number(double value) {
  if (std::isnan(value)) return "NA";
  const float rounded = static_cast<float>(value);
  if (!std::isfinite(rounded)) return fmt::format("{}", value);
  return fmt::format("{}", rounded);
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; !text.empty() && begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return parts;
}

}  // namespace grids::core
