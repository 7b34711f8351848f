#include "io/labels.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/at.hpp"
#include "io/delimited.hpp"

namespace grids::core {
namespace {

using Row = DelimitedReader::Row;

/// Which columns of a table are read.
struct LabelColumns {
  size_t barcode = 0;
  size_t label = 1;
};

std::string listed(const Row& first, bool has_header) {
  if (!has_header) return fmt::format("{} columns without a header", first.fields.size());
  return fmt::format("the columns {}", fmt::join(first.fields, ", "));
}

/// The column whose header says that it holds barcodes, else the first.
size_t barcode_column(const Row& header) {
  constexpr std::array<std::string_view, 7> kNames = {
      "barcode", "barcodes", "barcode_id", "cell_barcode", "cell barcode", "cell_id", "cb"};
  const auto found = std::find_if(header.fields.begin(), header.fields.end(), [&](auto field) {
    std::transform(field.begin(), field.end(), field.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::find(kNames.begin(), kNames.end(), field) != kNames.end();
  });
  return found == header.fields.end() ? 0 : static_cast<size_t>(found - header.fields.begin());
}

std::optional<size_t> named_column(const Row& first, const std::string& column) {
  const auto found = std::find(first.fields.begin(), first.fields.end(), column);
  if (found != first.fields.end()) return static_cast<size_t>(found - first.fields.begin());
  int64_t number = 0;
  if (parse_position(column, number) && number >= 1 && number <= std::ssize(first.fields)) {
    return at(number - 1);
  }
  return std::nullopt;
}

LabelColumns choose_columns(const DelimitedReader& reader, const Row& first, bool has_header,
                            const std::string& column) {
  LabelColumns chosen;
  const size_t width = first.fields.size();
  if (width < 2) {
    throw reader.error(first,
                       "expected two columns, barcode and label, separated by a tab, a comma or a "
                       "semicolon; found 1");
  }
  if (has_header) chosen.barcode = barcode_column(first);
  if (!column.empty()) {
    const auto label = named_column(first, column);
    if (!label) {
      throw reader.error(first, fmt::format("there is no column '{}'; there are {}", column,
                                            listed(first, has_header)));
    }
    chosen.label = *label;
    return chosen;
  }
  if (width > 2) {
    throw reader.error(
        first, fmt::format("which column holds the labels? There are {}; say it behind a colon, by "
                           "name or number: --labels {}:{}",
                           listed(first, has_header), reader.path().string(),
                           has_header ? first.fields.back() : std::to_string(width)));
  }
  if (chosen.barcode == 1) chosen.label = 0;
  return chosen;
}

}  // namespace

LabelTable read_labels(const std::filesystem::path& path, const std::string& column) {
  DelimitedReader reader(path, "\t;,");
  bool has_header = reader.complete_header();
  const Row* begin = reader.peek();
  if (begin == nullptr) throw input_error("reading {}: there are no labels in it", path.string());
  const Row first = *begin;
  const auto& names = first.fields;
  has_header = has_header || heads_names(names[0]) ||
               (!column.empty() && std::find(names.begin(), names.end(), column) != names.end());
  const auto columns = choose_columns(reader, first, has_header, column);
  Row row;
  if (has_header) reader.next(row);
  LabelTable table;
  std::unordered_map<std::string, int64_t> lines;
  while (reader.next(row)) {
    if (row.fields.size() != names.size()) {
      throw reader.error(row, fmt::format("{} columns, where the lines before have {}",
                                          row.fields.size(), names.size()));
    }
    const auto& barcode = row.fields[columns.barcode];
    if (barcode.empty()) throw reader.error(row, "the barcode is empty");
    const auto [before, fresh] = lines.emplace(barcode, row.line);
    if (!fresh) {
      throw reader.error(row, fmt::format("barcode '{}' has a label already, on line {}", barcode,
                                          before->second));
    }
    table.of_barcode.emplace(barcode, row.fields[columns.label]);
  }
  if (table.of_barcode.empty()) {
    throw input_error("reading {}: there are no labels in it", path.string());
  }
  if (reader.converted() > 0) {
    table.notes.push_back(
        fmt::format("{}: line {} and maybe others are not UTF-8, and taken for Windows-1252",
                    path.string(), reader.converted()));
  }
  return table;
}

}  // namespace grids::core
