#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

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

std::optional<CategoricalColumn> stored_categorical(const Group& table, const std::string& name) {
  if (table.has_group(name)) {
    const auto group = table.group(name);
    if (!group.has("codes") || !group.has("categories")) return std::nullopt;
    const auto codes = group.array("codes");
    CategoricalColumn column{as_text(group.array("categories")), codes.read_whole<int32_t>()};
    check_codes(codes, column);
    return column;
  }
  return referenced_categories(table, name, table.array(name));
}

std::vector<std::string> expand(const CategoricalColumn& column) {
  std::vector<std::string> texts(column.codes.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    if (column.codes[i] >= 0) texts[i] = column.categories[static_cast<size_t>(column.codes[i])];
  }
  return texts;
}

/// pandas' nullable columns: values beside a mask that is true where one is missing.
std::optional<FrameColumn> read_nullable(const Group& group, const std::string& name) {
  if (!group.has_array("values")) return std::nullopt;
  const auto values = group.array("values");
  FrameColumn column{name, {}};
  if (values.kind() == Kind::kText) {
    column.values = values.read_text();
  } else if (is_number(values.kind())) {
    column.values = values.read<double>();
  } else {
    return std::nullopt;
  }
  if (!group.has_array("mask")) return column;
  const auto mask = group.array("mask").read<uint8_t>();
  const auto length = values.size();
  if (static_cast<int64_t>(mask.size()) != length) {
    throw group.error(fmt::format("has {} entries for {} values", mask.size(), length), "mask");
  }
  for (size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] == 0) continue;
    if (column.is_text()) {
      std::get<0>(column.values)[i].clear();
    } else {
      std::get<1>(column.values)[i] = std::numeric_limits<double>::quiet_NaN();
    }
  }
  return column;
}

/// Nothing when the column is of a kind that a Frame has no place for.
std::optional<FrameColumn> read_column(const Group& table, const std::string& name) {
  if (auto categorical = stored_categorical(table, name)) {
    return FrameColumn{name, expand(*categorical)};
  }
  if (table.has_group(name)) return read_nullable(table.group(name), name);
  const auto dataset = table.array(name);
  if (dataset.shape().size() != 1) return std::nullopt;
  if (dataset.kind() == Kind::kText) return FrameColumn{name, dataset.read_text()};
  if (is_number(dataset.kind())) return FrameColumn{name, dataset.read<double>()};
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

std::vector<std::string> read_index(const Group& table, std::string& index_name) {
  index_name = table.text_attribute_or("_index", "_index");
  if (!table.has(index_name)) {
    index_name = table.has("index") ? "index" : index_name;
  }
  if (!table.has(index_name)) throw table.error("the names of the rows are missing", index_name);
  if (auto categorical = stored_categorical(table, index_name)) return expand(*categorical);
  if (table.has_group(index_name)) {
    auto column = read_nullable(table.group(index_name), index_name);
    if (column && column->is_text()) return column->text();
    throw table.error("the names of the rows are not text", index_name);
  }
  const auto dataset = table.array(index_name);
  dataset.require_dimensions(1);
  return as_text(dataset);
}

Frame read_group(const Group& table) {
  Frame frame;
  std::string index_name;
  frame.index = read_index(table, index_name);
  std::vector<std::string> names;
  if (table.attribute_is_text("column-order")) {
    names = table.texts_attribute("column-order");
  } else if (!table.has_attribute("column-order")) {  // a number there is numpy's empty list
    names = table.names();
    std::erase_if(names, [&](const auto& n) { return n == index_name || n == "__categories"; });
  }
  for (const auto& name : names) {
    const auto length = length_of(table, name);
    if (!length) continue;
    if (*length != frame.rows()) {
      throw table.error(fmt::format("has {} entries for {} rows", *length, frame.rows()), name);
    }
    if (auto column = read_column(table, name)) frame.columns.push_back(std::move(*column));
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
}

Frame read_compound(const Group& parent, const Array& dataset) {
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
    FrameColumn column{field, {}};
    if (kind == Kind::kText) {
      column.values = dataset.read_field_text(field);
    } else if (is_number(kind)) {
      column.values = dataset.read_field(field);
    } else {
      continue;
    }
    apply_old_categories(parent, column);
    frame.columns.push_back(std::move(column));
  }
  return frame;
}

}  // namespace

Frame read_frame(const Group& parent, const std::string& name) {
  if (parent.has_array(name)) return read_compound(parent, parent.array(name));
  return read_group(parent.group(name));
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
