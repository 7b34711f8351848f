#include "io/table.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <ostream>

#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "io/utf8.hpp"

namespace grids::core {
namespace {

// A cell may be any text. So that it cannot break the row that it stands in, one that holds a tab
// or the end of a line, or begins with a quote, stands in quotes, its own doubled (as R, pandas and
// spreadsheets read it). So that it is no formula to a spreadsheet, one that begins as formulas do
// and is no number has an apostrophe before it.

/// Of more than one character: "+" and "-" are strands.
bool begins_as_formula(std::string_view text) {
  return text.size() > 1 && std::string_view("=+-@'\t\r").find(text[0]) != std::string_view::npos;
}

bool is_number(std::string_view text) {
  double value = 0;
  const auto* end = text.data() + text.size();
  return std::from_chars(text.data(), end, value).ptr == end;
}

bool needs_quotes(std::string_view text) {
  return text.starts_with('"') || text.starts_with(kByteOrderMark) ||
         text.find_first_of("\t\n\r") != std::string_view::npos;
}

void append_cell(std::string& out, std::string_view cell) {
  const bool formula = begins_as_formula(cell) && !is_number(cell);
  if (!needs_quotes(cell)) {
    if (formula) out += '\'';
    out += cell;
    return;
  }
  out += formula ? "\"'" : "\"";
  for (const char c : cell) out.append(c == '"' ? 2 : 1, c);
  out += '"';
}

/// Takes back what `append_cell` put before a cell.
void drop_apostrophe(std::string& text) {
  const bool put =
      text.size() > 2 && text[0] == '\'' && begins_as_formula(std::string_view(text).substr(1));
  if (put) text.erase(0, 1);
}

/// Takes cells and rows off the front of a text.
class CellReader {
 public:
  CellReader(std::string_view text, std::string source) : rest_(text), source_(std::move(source)) {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  /// The number of the line in which the last row began.
  size_t line() const { return line_; }

  /// The next row that is not empty, or false.
  bool next(std::vector<std::string>& cells) {
    do {
      if (rest_.empty()) return false;
      line_ = next_line_;
      cells.clear();
      while (take_cell(cells)) {
      }
    } while (cells.size() == 1 && cells[0].empty());
    return true;
  }

 private:
  /// False behind the last cell of a row.
  bool take_cell(std::vector<std::string>& cells) {
    cells.push_back(rest_.starts_with('"') ? take_quoted() : take_plain());
    drop_apostrophe(cells.back());
    const bool more = rest_.starts_with('\t');
    if (!rest_.empty()) rest_.remove_prefix(1);
    if (!more) ++next_line_;
    return more;
  }

  std::string take_plain() {
    const size_t end = std::min(rest_.find_first_of("\t\n"), rest_.size());
    std::string_view cell = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (!rest_.starts_with('\t') && cell.ends_with('\r')) cell.remove_suffix(1);
    return std::string(cell);
  }

  std::string take_quoted() {
    std::string cell;
    for (size_t begin = 1;;) {
      const size_t quote = rest_.find('"', begin);
      if (quote == std::string_view::npos) throw broken_quotes();
      cell += rest_.substr(begin, quote - begin);
      begin = quote + 2;
      if (rest_.substr(quote + 1).starts_with('"')) {
        cell += '"';
        continue;
      }
      next_line_ += static_cast<size_t>(std::count(cell.begin(), cell.end(), '\n'));
      rest_.remove_prefix(quote + 1);
      if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
      if (!rest_.empty() && rest_[0] != '\t' && rest_[0] != '\n') throw broken_quotes();
      return cell;
    }
  }

  Error broken_quotes() const {
    return input_error("{}: line {}: a cell that begins with a quote must end with one", source_,
                       line_);
  }

  std::string_view rest_;
  std::string source_;
  size_t line_ = 0;
  size_t next_line_ = 1;
};

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

void read_rows(const std::filesystem::path& path,
               const std::function<void(const TableRow& columns)>& begin, const RowSink& row) {
  const std::string content = read_file(path);
  CellReader reader(content, path.string());
  TableRow cells;
  if (!reader.next(cells)) {
    throw input_error("{}: empty; expected a header line", path.string());
  }
  const size_t columns = cells.size();
  begin(cells);
  while (reader.next(cells)) {
    if (cells.size() != columns) {
      throw input_error("{}: line {} has {} tab-separated cells, the header has {}", path.string(),
                        reader.line(), cells.size(), columns);
    }
    row(cells);
  }
}

Table read_table(const std::filesystem::path& path) {
  Table table;
  read_rows(
      path, [&](const TableRow& columns) { table = Table(columns); },
      [&](const TableRow& row) { table.add(row); });
  table.source = path.string();
  return table;
}

std::string table_text(const Table& table) {
  std::string content;
  append_row(content, table.columns());
  for (size_t row = 0; row < table.rows(); ++row) append_row(content, table.row(row));
  return content;
}

void write_table(const std::filesystem::path& path, const Table& table) {
  const auto text = table_text(table);
  replace_text_file(path, [&](std::ostream& out) {
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
  });
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
