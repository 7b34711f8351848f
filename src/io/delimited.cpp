#include "io/delimited.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace grids::core {
namespace {

constexpr std::string_view kAnySeparator = "\t,;";

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string unquoted(std::string_view field) {
  field = without_blanks(field);
  if (field.size() < 2 || field.front() != '"' || field.back() != '"') return std::string(field);
  field = field.substr(1, field.size() - 2);
  std::string text;
  for (size_t i = 0; i < field.size(); ++i) {
    text += field[i];
    if (field.substr(i, 2) == "\"\"") ++i;
  }
  return text;
}

bool is_track(std::string_view line) {
  for (const std::string_view word : {"track", "browser"}) {
    if (line == word) return true;
    if (line.starts_with(word) && (line[word.size()] == ' ' || line[word.size()] == '\t')) {
      return true;
    }
  }
  return false;
}

/// Whether the fields count 1, 2, 3, … or 0, 1, 2, …, as row numbers do.
bool counts_rows(const std::vector<std::string>& fields) {
  int64_t first = 0;
  if (fields.empty() || !parse_position(fields[0], first) || first > 1) return false;
  for (size_t i = 0; i < fields.size(); ++i) {
    int64_t number = 0;
    if (!parse_position(fields[i], number) || number != first + static_cast<int64_t>(i)) {
      return false;
    }
  }
  return true;
}

bool has_ending(const std::filesystem::path& path, std::string_view ending) {
  const auto name = path.filename().string();
  return name.ends_with(ending) || name.ends_with(std::string(ending) + ".gz");
}

void add_row(const DelimitedReader& reader, const DelimitedReader::Row& row, NameTable& table) {
  if (table.columns.empty()) table.columns.resize(row.fields.size());
  if (row.fields.size() != table.columns.size()) {
    throw reader.error(row, fmt::format("{} fields, where the lines before have {}",
                                        row.fields.size(), table.columns.size()));
  }
  for (size_t i = 0; i < row.fields.size(); ++i) table.columns[i].push_back(row.fields[i]);
}

/// Row names that are mere numbers say nothing where a column of names is beside them.
void drop_row_numbers(NameTable& table) {
  if (table.columns.size() < 2 || !counts_rows(table.columns[0])) return;
  table.columns.erase(table.columns.begin());
  if (!table.header.empty()) table.header.erase(table.header.begin());
}

}  // namespace

void split_fields(std::string_view line, char separator, std::vector<std::string>& fields) {
  fields.clear();
  bool quoted = false;
  size_t begin = 0;
  for (size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] == '"') quoted = !quoted;
    if (i < line.size() && (line[i] != separator || quoted)) continue;
    fields.push_back(unquoted(line.substr(begin, i - begin)));
    begin = i + 1;
  }
}

char separator_of(std::string_view line, std::string_view separators) {
  for (const char separator : separators) {
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      if (c == separator && !quoted) return separator;
    }
  }
  return 0;
}

bool heads_names(std::string_view word) {
  std::string name(word);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array<std::string_view, 33> kNames = {
      "",          "barcode",    "barcodes",     "cell",         "cells",
      "cell_id",   "cellid",     "cell_barcode", "cell barcode", "barcode_id",
      "index",     "obs_names",  "var_names",    "cb",           "x",
      "v1",        "gene",       "genes",        "gene_id",      "gene_ids",
      "gene_name", "gene_names", "gene_symbol",  "gene_symbols", "symbol",
      "feature",   "features",   "feature_id",   "feature_name", "peak",
      "peaks",     "peak_id",    "peak_name"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

DelimitedReader::DelimitedReader(const std::filesystem::path& path, std::string_view separators,
                                 Kind kind)
    : reader_(path), separators_(separators), kind_(kind) {}

bool DelimitedReader::read(Row& row) {
  std::string_view line;
  while (reader_.next(line)) {
    if (without_blanks(line).empty() || line[0] == '#') continue;
    if (kind_ == Kind::kBed && is_track(line)) continue;
    if (separator_ == 0) {
      separator_ =
          separator_of(line, line[0] == '"' ? kAnySeparator : std::string_view(separators_));
    }
    split_fields(line, separator_, row.fields);
    row.line = reader_.line();
    return true;
  }
  return false;
}

const DelimitedReader::Row* DelimitedReader::peek(size_t ahead) {
  while (ahead_.size() <= ahead) {
    Row row;
    if (!read(row)) return nullptr;
    ahead_.push_back(std::move(row));
  }
  return &ahead_[ahead];
}

bool DelimitedReader::next(Row& row) {
  if (ahead_.empty()) return read(row);
  row = std::move(ahead_.front());
  ahead_.pop_front();
  return true;
}

bool DelimitedReader::complete_header() {
  const Row* second = peek(1);
  if (second == nullptr || second->fields.size() != ahead_[0].fields.size() + 1) return false;
  ahead_[0].fields.insert(ahead_[0].fields.begin(), std::string());
  return true;
}

Error DelimitedReader::error(const Row& row, std::string_view message) const {
  return input_error("reading {}, line {}: {}", path().string(), row.line, message);
}

NameTable read_names(const std::filesystem::path& path, std::span<const int64_t> sizes) {
  DelimitedReader reader(path, has_ending(path, ".csv") ? kAnySeparator : "\t");
  NameTable table;
  bool header = reader.complete_header();
  const auto* first = reader.peek();
  if (first == nullptr) {
    table.columns.resize(1);
    return table;
  }
  const bool may_be_header = heads_names(first->fields[0]);
  DelimitedReader::Row row;
  if (header) {
    reader.next(row);
    table.header = row.fields;
  }
  while (reader.next(row)) add_row(reader, row, table);
  if (table.columns.empty()) table.columns.resize(1);  // but a header
  if (!header && may_be_header && table.rows() > 1 &&
      std::find(sizes.begin(), sizes.end(), table.rows()) == sizes.end()) {
    for (auto& column : table.columns) {
      table.header.push_back(column[0]);
      column.erase(column.begin());
    }
    header = true;
  }
  drop_row_numbers(table);
  if (header) {
    table.note = fmt::format("{}: the first line ('{}') is taken for a header", path.string(),
                             table.header[0]);
  }
  if (reader.converted() > 0) {
    table.note += fmt::format("{}{}: line {} and others are not UTF-8, and taken for Windows-1252",
                              table.note.empty() ? "" : "; ", path.string(), reader.converted());
  }
  return table;
}

std::vector<std::string> read_name_list(const std::filesystem::path& path) {
  return std::move(read_names(path).columns[0]);
}

}  // namespace grids::core
