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

/// ASCII letters and digits alone, in lower case: "Cell Type", "cell_type" and "celltype" are one
/// name.
std::string bare_name(std::string_view name) {
  std::string bare;
  for (const char c : name) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0) bare += static_cast<char>(std::tolower(letter));
  }
  return bare;
}

/// The first column whose header is one of these bare names.
template <size_t N>
std::optional<size_t> column_called(const Row& header,
                                    const std::array<std::string_view, N>& names) {
  for (size_t i = 0; i < header.fields.size(); ++i) {
    const auto bare = bare_name(header.fields[i]);
    if (std::find(names.begin(), names.end(), bare) != names.end()) return i;
  }
  return std::nullopt;
}

/// The column whose header says that it holds barcodes, else the first.
size_t barcode_column(const Row& header) {
  constexpr std::array<std::string_view, 6> kNames = {"barcode",     "barcodes", "barcodeid",
                                                      "cellbarcode", "cellid",   "cb"};
  return column_called(header, kNames).value_or(0);
}

/// The column that most likely holds the labels, to be named in a message: by its header, else the
/// last.
size_t likely_labels(const Row& header) {
  constexpr std::array<std::string_view, 16> kNames = {
      "celltype",          "celltypes",          "label",       "labels",
      "annotation",        "annotations",        "cellclass",   "subclass",
      "predictedcelltype", "celltypeannotation", "predictedid", "cluster",
      "clusters",          "seuratclusters",     "leiden",      "louvain"};
  return column_called(header, kNames).value_or(header.fields.size() - 1);
}

/// Where barcodes have a column of their own, what pandas writes in front, a column without a name,
/// counts the rows. Then two columns are left, and one of them holds the labels.
std::optional<size_t> label_beside_index(const Row& header, size_t barcode) {
  const bool is_pandas = header.fields.size() == 3 && barcode > 0 && header.fields[0].empty();
  if (!is_pandas) return std::nullopt;
  return barcode == 1 ? 2 : 1;
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
  if (const auto label = has_header ? label_beside_index(first, chosen.barcode) : std::nullopt) {
    chosen.label = *label;
    return chosen;
  }
  if (width > 2) {
    throw reader.error(
        first,
        fmt::format("which column holds the labels? There are {}; say it behind a colon, by name "
                    "or number: --labels {}:{}",
                    listed(first, has_header), reader.path().string(),
                    has_header ? first.fields[likely_labels(first)] : std::to_string(width)));
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
