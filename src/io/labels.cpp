#include "io/labels.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "io/lines.hpp"

namespace grids::core {
namespace {

std::string_view unquote(std::string_view field) {
  while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
  while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
  if (field.size() >= 2 && field.front() == '"' && field.back() == '"') {
    return field.substr(1, field.size() - 2);
  }
  return field;
}

/// Fields of a line; separators between quotes belong to the field (only commas need this).
std::vector<std::string_view> fields_of(std::string_view line, char separator) {
  std::vector<std::string_view> fields;
  bool quoted = false;
  size_t begin = 0;
  for (size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] == '"') quoted = !quoted;
    if (i < line.size() && (line[i] != separator || quoted)) continue;
    fields.push_back(unquote(line.substr(begin, i - begin)));
    begin = i + 1;
  }
  return fields;
}

bool is_header(std::string_view field) {
  std::string name(field);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array<std::string_view, 12> kNames = {
      "",       "barcode",      "barcodes",     "cell",  "cells",     "cell_id",
      "cellid", "cell_barcode", "cell barcode", "index", "obs_names", "cb"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

std::unordered_map<std::string, std::string> read_labels(const std::filesystem::path& path) {
  LineReader reader(path);
  std::unordered_map<std::string, std::string> labels;
  std::unordered_map<std::string, int64_t> lines;
  std::string_view line;
  char separator = 0;
  while (reader.next(line)) {
    if (reader.line() == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.empty()) continue;
    const bool first = separator == 0;
    if (first) separator = line.find('\t') != std::string_view::npos ? '\t' : ',';
    const auto fields = fields_of(line, separator);
    if (fields.size() != 2) {
      throw reader.error(
          fmt::format("expected two columns, barcode and label, separated by {}; found {}",
                      separator == '\t' ? "a tab" : "a tab or comma", fields.size()));
    }
    if (first && is_header(fields[0])) continue;
    const std::string barcode(fields[0]);
    if (barcode.empty()) throw reader.error("the barcode is empty");
    const auto [before, fresh] = lines.emplace(barcode, reader.line());
    if (!fresh) {
      throw reader.error(
          fmt::format("barcode '{}' has a label already, on line {}", barcode, before->second));
    }
    labels.emplace(barcode, fields[1]);
  }
  if (labels.empty()) throw input_error("reading {}: there are no labels in it", path.string());
  return labels;
}

}  // namespace grids::core
