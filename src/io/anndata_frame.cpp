#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include "base/at.hpp"
#include "io/anndata.hpp"

namespace grids::core {
namespace {

using store::Array;
using store::Group;
using store::Kind;

/// The entries of a vector as text, whatever they are: category names are at times numbers.
std::vector<std::string> as_text(const Array& dataset) {
  const Kind kind = dataset.kind();
  if (kind == Kind::kText) return dataset.read_text();
  dataset.require_believable_texts();
  std::vector<std::string> texts;
  if (kind == Kind::kFloat) {
    for (const double value : dataset.read<double>()) texts.push_back(fmt::format("{}", value));
    return texts;
  }
  for (const auto value : dataset.read<int64_t>()) {
    texts.push_back(kind == Kind::kBoolean ? (value != 0 ? "True" : "False")
                                           : fmt::format("{}", value));
  }
  return texts;
}

void check_codes(const Array& dataset, const CategoricalColumn& column) {
  const auto count = static_cast<int32_t>(column.categories.size());
  for (size_t i = 0; i < column.codes.size(); ++i) {
    if (column.codes[i] < -1 || column.codes[i] >= count) {
      throw dataset.error(fmt::format("code {} of entry {} is outside of the {} categories",
                                      column.codes[i], i, count));
    }
  }
}

/// pandas' nullable vectors: `values` beside a `mask` that is true where one is missing.
std::vector<uint8_t> mask_of(const Group& group, int64_t length) {
  if (!group.has_array("mask")) return std::vector<uint8_t>(at(length), 0);
  auto mask = group.array("mask").read<uint8_t>();
  if (std::ssize(mask) != length) {
    throw group.error(fmt::format("has {} entries for {} values", mask.size(), length), "mask");
  }
  return mask;
}

std::vector<std::string> nullable_text(const Group& group) {
  const auto values = group.array("values");
  auto texts = as_text(values);
  const auto mask = mask_of(group, values.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    if (mask[i] != 0) texts[i].clear();
  }
  return texts;
}

/// The names of categories: an array, or nullable text as pandas 3 has them.
std::vector<std::string> names_of_categories(const Group& parent, const std::string& name) {
  if (parent.has_group(name)) return nullable_text(parent.group(name));
  return as_text(parent.array(name));
}

/// Categories of the encoding 0.1.0: an attribute of the codes refers to them.
std::optional<CategoricalColumn> referenced_categories(const Group& table, const std::string& name,
                                                       const Array& codes) {
  if (!codes.has_attribute("categories")) return std::nullopt;
  auto categories = codes.referenced_array("categories");
  if (!categories && codes.attribute_is_text("categories")) {
    categories = table.array(codes.text_attribute("categories"));
  }
  if (!categories) categories = table.array("__categories/" + name);
  CategoricalColumn column{as_text(*categories), codes.read_whole<int32_t>()};
  check_codes(codes, column);
  return column;
}

/// R's factors as SeuratDisk converts them: codes beside `__categories/NAME`, to which nothing
/// refers. R's missing integer stays what it is.
std::optional<CategoricalColumn> factor_of_seurat_disk(const Group& table, const std::string& name,
                                                       const Array& codes) {
  const auto place = "__categories/" + name;
  if (codes.kind() != Kind::kInteger || !table.has(place)) return std::nullopt;
  CategoricalColumn column{names_of_categories(table, place), codes.read_whole<int32_t>()};
  std::replace(column.codes.begin(), column.codes.end(), std::numeric_limits<int32_t>::min(), -1);
  check_codes(codes, column);
  return column;
}

std::optional<CategoricalColumn> stored_categorical(const Group& table, const std::string& name) {
  if (table.has_group(name)) {
    const auto group = table.group(name);
    if (!group.has("codes") || !group.has("categories")) return std::nullopt;
    const auto codes = group.array("codes");
    CategoricalColumn column{names_of_categories(group, "categories"), codes.read_whole<int32_t>()};
    check_codes(codes, column);
    return column;
  }
  const auto codes = table.array(name);
  if (auto column = referenced_categories(table, name, codes)) return column;
  return factor_of_seurat_disk(table, name, codes);
}

/// Whether the order of the categories is said to mean something.
bool is_ordered(const Group& table, const std::string& name) {
  if (!table.has_group(name) || !table.group(name).has_attribute("ordered")) return false;
  const auto flags = table.group(name).integers_attribute("ordered");
  return flags.size() == 1 && flags[0] != 0;
}

ColumnKind column_kind(Kind kind) {
  if (kind == Kind::kInteger) return ColumnKind::kInteger;
  return kind == Kind::kBoolean ? ColumnKind::kBoolean : ColumnKind::kPlain;
}

std::vector<std::string> expand(const CategoricalColumn& column) {
  std::vector<std::string> texts(column.codes.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    if (column.codes[i] >= 0) texts[i] = column.categories[static_cast<size_t>(column.codes[i])];
  }
  return texts;
}

std::optional<FrameColumn> read_nullable(const Group& group, const std::string& name) {
  if (!group.has_array("values")) return std::nullopt;
  const auto values = group.array("values");
  if (values.kind() == Kind::kText) return FrameColumn{name, nullable_text(group)};
  if (!is_number(values.kind())) return std::nullopt;
  auto numbers = values.read<double>();
  const auto mask = mask_of(group, values.size());
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (mask[i] != 0) numbers[i] = std::numeric_limits<double>::quiet_NaN();
  }
  return FrameColumn{name, std::move(numbers), column_kind(values.kind())};
}

/// Nothing when the column is of a kind that a Frame has no place for.
std::optional<FrameColumn> read_column(const Group& table, const std::string& name) {
  if (auto categorical = stored_categorical(table, name)) {
    auto texts = expand(*categorical);
    return FrameColumn{name, std::move(texts), ColumnKind::kCategory,
                       std::move(categorical->categories), is_ordered(table, name)};
  }
  if (table.has_group(name)) return read_nullable(table.group(name), name);
  const auto dataset = table.array(name);
  const auto& shape = dataset.shape();
  const bool one_column = shape.size() == 2 && shape[1] == 1;
  if (shape.size() != 1 && !one_column) return std::nullopt;
  if (dataset.kind() == Kind::kText) return FrameColumn{name, dataset.read_text()};
  if (is_number(dataset.kind())) {
    return FrameColumn{name, dataset.read<double>(), column_kind(dataset.kind())};
  }
  return std::nullopt;
}

/// How many rows a column has, before any is read; nothing for kinds without a place.
std::optional<int64_t> length_of(const Group& table, const std::string& name) {
  if (!table.has_group(name)) {
    const auto dataset = table.array(name);
    return dataset.shape().size() == 1 ? std::optional(dataset.size()) : std::nullopt;
  }
  const auto group = table.group(name);
  for (const auto* part : {"codes", "values"}) {
    if (group.has_array(part)) return group.array(part).size();
  }
  return std::nullopt;
}

std::string index_of(const Group& table) {
  auto name = table.text_attribute_or("_index", "_index");
  return !table.has(name) && table.has("index") ? "index" : name;
}

std::vector<std::string> read_index(const Group& table) {
  const auto index_name = index_of(table);
  if (!table.has(index_name)) throw table.error("the names of the rows are missing", index_name);
  if (auto categorical = stored_categorical(table, index_name)) return expand(*categorical);
  if (table.has_group(index_name)) {
    if (table.has_array(index_name + "/values")) return nullable_text(table.group(index_name));
    throw table.error("the names of the rows are not text", index_name);
  }
  const auto dataset = table.array(index_name);
  dataset.require_dimensions(1);
  return as_text(dataset.without_fill());
}

/// Whether a group is one column (categories, a nullable vector, …) and no part of a name.
bool is_column(const Group& group) {
  return group.has_attribute("encoding-type") || group.has("codes") || group.has("values");
}

/// The columns of a table that does not list them. HDF5 takes the slash of a column's name for a
/// group: "T/B type" lies in T.
void add_column_names(const Group& table, const std::string& before, int depth,
                      std::vector<std::string>& names) {
  constexpr int kDeepest = 8;  // slashes in a name; links may run in a circle
  for (const auto& name : table.names()) {
    if (before.empty() && name == "__categories") continue;
    if (table.has_array(name)) names.push_back(before + name);
    if (!table.has_group(name)) continue;
    const auto group = table.group(name);
    if (is_column(group)) {
      names.push_back(before + name);
    } else if (depth < kDeepest) {
      add_column_names(group, before + name + "/", depth + 1, names);
    }
  }
}

std::vector<std::string> columns_of(const Group& table) {
  if (table.attribute_is_text("column-order")) return table.texts_attribute("column-order");
  if (table.has_attribute("column-order")) return {};  // a number there is numpy's empty list
  std::vector<std::string> names;
  add_column_names(table, {}, 0, names);
  std::erase(names, index_of(table));
  return names;
}

using Wanted = std::function<bool(const std::string& column)>;

Frame read_group(const Group& table, const Wanted& wanted) {
  Frame frame;
  frame.index = read_index(table);
  for (const auto& name : columns_of(table)) {
    if (!wanted(name)) continue;
    const auto length = length_of(table, name);
    if (length && *length != frame.rows()) {
      throw table.error(fmt::format("has {} entries for {} rows", *length, frame.rows()), name);
    }
    auto column = length ? read_column(table, name) : std::nullopt;
    if (column) {
      frame.columns.push_back(std::move(*column));
    } else {
      frame.passed_over.push_back(name);
    }
  }
  return frame;
}

/// Before AnnData 0.7 categories lay in `uns` and served obs and var alike; as AnnData does, they
/// are taken where all codes fit.
void apply_old_categories(const Group& parent, FrameColumn& column) {
  const auto place = "uns/" + column.name + "_categories";
  if (column.is_text() || !parent.has_array(place)) return;
  const auto categories = as_text(parent.array(place));
  const auto count = static_cast<double>(categories.size());
  for (const double code : column.numbers()) {
    if (!(code >= -1 && code < count && code == std::floor(code))) return;
  }
  std::vector<std::string> texts;
  for (const double code : column.numbers()) {
    texts.push_back(code < 0 ? "" : categories[static_cast<size_t>(code)]);
  }
  column.values = std::move(texts);
  column.kind = ColumnKind::kCategory;
  column.categories = categories;
}

Frame read_compound(const Group& parent, const Array& dataset, const Wanted& wanted) {
  Frame frame;
  dataset.require_dimensions(1);
  bool first = true;
  for (const auto& field : dataset.fields()) {
    const Kind kind = dataset.field_kind(field);
    if (first) {
      if (kind == Kind::kText) {
        frame.index = dataset.read_field_text(field);
      } else {
        for (const double value : dataset.read_field(field)) {
          frame.index.push_back(fmt::format("{}", value));
        }
      }
      first = false;
      continue;
    }
    if (!wanted(field)) continue;
    FrameColumn column{field, {}, column_kind(kind)};
    if (kind == Kind::kText) {
      column.values = dataset.read_field_text(field);
    } else if (is_number(kind)) {
      column.values = dataset.read_field(field);
    } else {
      frame.passed_over.push_back(field);
      continue;
    }
    apply_old_categories(parent, column);
    frame.columns.push_back(std::move(column));
  }
  return frame;
}

}  // namespace

int64_t frame_rows(const Group& parent, const std::string& name) {
  if (parent.has_array(name)) {  // a compound, as before AnnData 0.7
    const auto table = parent.array(name);
    table.require_dimensions(1);
    return table.size();
  }
  const auto table = parent.group(name);
  const auto index = index_of(table);
  if (!table.has(index)) throw table.error("the names of the rows are missing", index);
  if (const auto length = length_of(table, index)) return *length;
  throw table.error("the names of the rows are not text", index);
}

Frame read_frame(const Group& parent, const std::string& name) {
  return read_frame(parent, name, [](const std::string&) { return true; });
}

Frame read_frame(const Group& parent, const std::string& name, const Wanted& wanted) {
  if (parent.has_array(name)) return read_compound(parent, parent.array(name), wanted);
  return read_group(parent.group(name), wanted);
}

std::vector<std::string> frame_columns(const Group& parent, const std::string& name) {
  if (!parent.has_array(name)) return columns_of(parent.group(name));
  auto fields = parent.array(name).fields();
  if (!fields.empty()) fields.erase(fields.begin());
  return fields;
}

Embeddings read_embeddings(const Group& parent, int64_t rows) {
  Embeddings result;
  if (!parent.has_group("obsm")) return result;
  const auto obsm = parent.group("obsm");
  for (const auto& name : obsm.names()) {
    const bool dense = obsm.has_array(name) && is_number(obsm.array(name).kind());
    const auto shape = dense ? obsm.array(name).shape() : std::vector<int64_t>();
    if (shape.size() == 1) continue;  // MuData's mask of a modality
    if (shape.size() != 2 || shape[1] < 1 || shape[1] > kMostEmbeddingColumns) {
      result.passed_over.push_back(name);
      continue;
    }
    if (shape[0] != rows) {
      throw obsm.error(fmt::format("has {} rows for {} cells", shape[0], rows), name);
    }
    result.list.push_back({name, shape[1], obsm.array(name).read<float>()});
  }
  return result;
}

CategoricalColumn read_categorical(const Group& table, const std::string& name) {
  if (auto categorical = stored_categorical(table, name)) return std::move(*categorical);
  const auto texts = table.array(name).read_text();
  CategoricalColumn column;
  column.categories = texts;
  std::sort(column.categories.begin(), column.categories.end());
  const auto last = std::unique(column.categories.begin(), column.categories.end());
  column.categories.erase(last, column.categories.end());
  for (const auto& text : texts) {
    const auto found = std::lower_bound(column.categories.begin(), column.categories.end(), text);
    column.codes.push_back(static_cast<int32_t>(found - column.categories.begin()));
  }
  return column;
}

}  // namespace grids::core
