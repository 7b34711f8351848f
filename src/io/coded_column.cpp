#include "io/coded_column.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "base/at.hpp"
#include "io/raw_multiome.hpp"

namespace grids::core {
namespace {

/// Puts the names in order and the codes with them.
void sort_names(CategoricalColumn& column) {
  std::vector<int32_t> order(column.categories.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return column.categories[at(a)] < column.categories[at(b)];
  });
  std::vector<std::string> names;
  std::vector<int32_t> code(order.size());
  for (const int32_t old : order) {
    code[at(old)] = static_cast<int32_t>(names.size());
    names.push_back(std::move(column.categories[at(old)]));
  }
  column.categories = std::move(names);
  for (int32_t& value : column.codes) value = value < 0 ? value : code[at(value)];
}

CategoricalColumn coded_text(const FrameColumn& column, std::span<const int32_t> rows) {
  const auto& texts = column.text();
  CategoricalColumn result{column.categories, {}};
  result.codes.reserve(rows.size());
  std::unordered_map<std::string_view, int32_t> known;
  for (const auto& name : column.categories) {
    known.emplace(name, static_cast<int32_t>(known.size()));
  }
  for (const int32_t row : rows) {
    if (row < 0 || texts[at(row)].empty()) {
      result.codes.push_back(-1);
      continue;
    }
    const auto& text = texts[at(row)];
    const auto [entry, is_new] =
        known.emplace(text, static_cast<int32_t>(result.categories.size()));
    if (is_new) result.categories.push_back(text);
    result.codes.push_back(entry->second);
  }
  if (column.kind != ColumnKind::kCategory) sort_names(result);
  return result;
}

bool same_numbers(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

}  // namespace

int64_t CodedColumn::size() const {
  return static_cast<int64_t>(is_text() ? text().codes.size() : numbers().size());
}

std::string CodedColumn::text_at(size_t row) const {
  if (is_text()) {
    const int32_t code = text().codes[row];
    return code < 0 ? std::string() : text().categories[at(code)];
  }
  return std::isnan(numbers()[row]) ? std::string() : fmt::format("{}", numbers()[row]);
}

CodedColumn coded_column(const FrameColumn& column, std::span<const int32_t> rows) {
  CodedColumn result{column.name, column.kind, column.ordered, {}};
  if (column.is_text()) {
    result.values = coded_text(column, rows);
    return result;
  }
  std::vector<double> numbers;
  numbers.reserve(rows.size());
  for (const int32_t row : rows) {
    numbers.push_back(row < 0 ? std::numeric_limits<double>::quiet_NaN()
                              : column.numbers()[at(row)]);
  }
  result.values = std::move(numbers);
  return result;
}

bool same_values(const CodedColumn& a, const CodedColumn& b) {
  if (a.kind != b.kind || a.ordered != b.ordered || a.is_text() != b.is_text()) return false;
  return a.is_text() ? a.text() == b.text() : same_numbers(a.numbers(), b.numbers());
}

Embedding rows_of_embedding(const Embedding& embedding, std::span<const int32_t> rows) {
  const auto columns = at(embedding.columns);
  Embedding result{embedding.name, embedding.columns, {}};
  result.values.assign(rows.size() * columns, std::numeric_limits<float>::quiet_NaN());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0) continue;
    const auto* from = embedding.values.data() + at(rows[i]) * columns;
    std::copy_n(from, columns, result.values.data() + i * columns);
  }
  return result;
}

}  // namespace grids::core
