#include <algorithm>
#include <cmath>
#include <map>

#include "io/anndata.hpp"
#include "io/atomic_file.hpp"

namespace grids::core {
namespace {

using store::ArrayWriter;
using store::GroupWriter;
using store::Type;

void encode(const store::ObjectWriter& object, std::string_view type, std::string_view version) {
  object.set_attribute("encoding-type", type);
  object.set_attribute("encoding-version", version);
}

void write_texts(const GroupWriter& table, const std::string& name,
                 std::span<const std::string> texts) {
  encode(table.write_text(name, texts), "string-array", "0.2.0");
}

template <store::Number T>
void write_numbers(const GroupWriter& table, const std::string& name,
                   const std::vector<T>& values) {
  encode(table.write<T>(name, values), "array", "0.2.0");
}

/// Codes into the sorted distinct texts, or nothing when hardly any text repeats.
bool categorise(const std::vector<std::string>& texts, CategoricalColumn& column) {
  std::map<std::string_view, int32_t> codes;
  for (const auto& text : texts) {
    if (!text.empty()) codes.emplace(text, 0);
  }
  if (codes.size() >= texts.size()) return false;
  for (auto& [text, code] : codes) {
    code = static_cast<int32_t>(column.categories.size());
    column.categories.emplace_back(text);
  }
  column.codes.reserve(texts.size());
  for (const auto& text : texts) column.codes.push_back(text.empty() ? -1 : codes.at(text));
  return true;
}

bool all_integers(const std::vector<double>& values) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  return std::all_of(values.begin(), values.end(), [](double value) {
    return std::abs(value) < kExact && value == std::floor(value);
  });
}

void write_categorical_group(const GroupWriter& table, const std::string& name,
                             const CategoricalColumn& column, bool ordered = false) {
  const auto group = table.create_group(name);
  encode(group, "categorical", "0.2.0");
  group.set_attribute("ordered", ordered);
  if (column.categories.size() <= 127) {  // as pandas: the smallest type that holds the codes
    write_numbers<int8_t>(group, "codes", {column.codes.begin(), column.codes.end()});
  } else {
    write_numbers<int32_t>(group, "codes", column.codes);
  }
  write_texts(group, "categories", column.categories);
}

void write_column(const GroupWriter& table, const FrameColumn& column) {
  if (column.is_text()) {
    CategoricalColumn categorical;
    if (categorise(column.text(), categorical)) {
      write_categorical_group(table, column.name, categorical);
    } else {
      write_texts(table, column.name, column.text());
    }
  } else if (all_integers(column.numbers())) {
    write_numbers<int64_t>(table, column.name, {column.numbers().begin(), column.numbers().end()});
  } else {
    write_numbers<double>(table, column.name, column.numbers());
  }
}

void write_booleans(const GroupWriter& table, const std::string& name,
                    std::span<const uint8_t> values) {
  encode(table.write_booleans(name, values), "array", "0.2.0");
}

std::vector<uint8_t> as_flags(const std::vector<double>& numbers) {
  std::vector<uint8_t> flags;
  flags.reserve(numbers.size());
  for (const double value : numbers) flags.push_back(value != 0 && !std::isnan(value) ? 1 : 0);
  return flags;
}

std::vector<int64_t> as_integers(const std::vector<double>& numbers) {
  std::vector<int64_t> integers;
  integers.reserve(numbers.size());
  for (const double value : numbers) {
    integers.push_back(std::isnan(value) ? 0 : static_cast<int64_t>(value));
  }
  return integers;
}

/// pandas' nullable columns: values beside a mask that is true where one is missing.
void write_nullable(const GroupWriter& table, const std::string& name, ColumnKind kind,
                    const std::vector<double>& numbers) {
  const auto group = table.create_group(name);
  std::vector<uint8_t> mask;
  mask.reserve(numbers.size());
  for (const double value : numbers) mask.push_back(std::isnan(value) ? 1 : 0);
  if (kind == ColumnKind::kBoolean) {
    encode(group, "nullable-boolean", "0.1.0");
    write_booleans(group, "values", as_flags(numbers));
  } else {
    encode(group, "nullable-integer", "0.1.0");
    write_numbers<int64_t>(group, "values", as_integers(numbers));
  }
  write_booleans(group, "mask", mask);
}

void write_coded_text(const GroupWriter& table, const std::string& name,
                      const CodedColumn& column) {
  const auto& [categories, codes] = column.text();
  const bool missing = std::any_of(codes.begin(), codes.end(), [](int32_t c) { return c < 0; });
  if (missing || column.kind == ColumnKind::kCategory) {
    write_categorical_group(table, name, column.text(), column.ordered);
    return;
  }
  std::vector<std::string> texts;
  texts.reserve(codes.size());
  for (const int32_t code : codes) texts.push_back(categories[static_cast<size_t>(code)]);
  write_texts(table, name, texts);
}

void write_coded_numbers(const GroupWriter& table, const std::string& name, ColumnKind kind,
                         const std::vector<double>& numbers) {
  const bool missing =
      std::any_of(numbers.begin(), numbers.end(), [](double value) { return std::isnan(value); });
  constexpr double kBeyond = 9223372036854775808.0;  // 2^63
  const bool fits = std::none_of(numbers.begin(), numbers.end(),
                                 [](double value) { return std::abs(value) >= kBeyond; });
  if (kind == ColumnKind::kPlain || (kind == ColumnKind::kInteger && !fits)) {
    write_numbers<double>(table, name, numbers);
  } else if (missing) {
    write_nullable(table, name, kind, numbers);
  } else if (kind == ColumnKind::kBoolean) {
    write_booleans(table, name, as_flags(numbers));
  } else {
    write_numbers<int64_t>(table, name, as_integers(numbers));
  }
}

/// The attribute that lists the columns.
constexpr const char* kColumnOrder = "column-order";

}  // namespace

void write_frame(const GroupWriter& parent, const std::string& name, const Frame& frame) {
  const auto table = parent.create_group(name);
  encode(table, "dataframe", "0.2.0");
  table.set_attribute("_index", "_index");
  write_texts(table, "_index", frame.index);
  std::vector<std::string> names;
  for (const auto& column : frame.columns) {
    if (column.name == "_index" || column.name.empty()) {
      throw internal_error("{}: a column cannot be called '{}'", table.path(), column.name);
    }
    const auto length = column.is_text() ? column.text().size() : column.numbers().size();
    if (length != frame.index.size()) {
      throw internal_error("{}: column '{}' has {} entries for {} rows", table.path(), column.name,
                           length, frame.index.size());
    }
    names.push_back(column.name);
    write_column(table, column);
  }
  table.set_attribute(kColumnOrder, names);
}

void write_categorical(const GroupWriter& table, const std::string& name,
                       const CategoricalColumn& column) {
  write_categorical_group(table, name, column);
  table.extend_attribute(kColumnOrder, name);
}

void write_coded_column(const GroupWriter& table, const std::string& name,
                        const CodedColumn& column) {
  if (column.is_text()) {
    write_coded_text(table, name, column);
  } else {
    write_coded_numbers(table, name, column.kind, column.numbers());
  }
  table.extend_attribute(kColumnOrder, name);
}

void write_embedding(const GroupWriter& parent, const Embedding& embedding) {
  const auto rows = static_cast<int64_t>(embedding.values.size()) / embedding.columns;
  DenseRowsWriter writer(parent, "obsm/" + embedding.name, embedding.columns, rows);
  writer.append(embedding.values);
}

GroupWriter create_dict(const GroupWriter& parent, const std::string& name) {
  auto group = parent.create_group(name);
  encode(group, "dict", "0.1.0");
  return group;
}

void write_text_element(const GroupWriter& parent, const std::string& name, std::string_view text) {
  encode(parent.write_scalar(name, text), "string", "0.2.0");
}

void write_texts_element(const GroupWriter& parent, const std::string& name,
                         std::span<const std::string> texts) {
  write_texts(parent, name, texts);
}

void write_integer_element(const GroupWriter& parent, const std::string& name, int64_t value) {
  encode(parent.write_scalar(name, value), "numeric-scalar", "0.2.0");
}

void write_boolean_element(const GroupWriter& parent, const std::string& name, bool value) {
  encode(parent.write_scalar(name, value), "numeric-scalar", "0.2.0");
}

void begin_anndata(const GroupWriter& group, const Frame& obs, const Frame& var) {
  encode(group, "anndata", "0.1.0");
  write_frame(group, "obs", obs);
  write_frame(group, "var", var);
  for (const auto* dict : {"obsm", "varm", "obsp", "varp", "layers", "uns"}) {
    create_dict(group, dict);
  }
}

template <store::Number T>
void EntriesWriter<T>::append(std::span<const T> entries) {
  constexpr size_t kAtOnce = size_t{1} << 20;  // a multiple of any chunk that is written
  while (!entries.empty()) {
    const auto now = entries.first(std::min(entries.size(), kAtOnce - waiting_.size()));
    entries = entries.subspan(now.size());
    if (now.size() == kAtOnce) {
      array_.append(now);
      continue;
    }
    waiting_.insert(waiting_.end(), now.begin(), now.end());
    if (waiting_.size() < kAtOnce) return;
    array_.append(std::span<const T>(waiting_));
    waiting_.clear();
  }
}

template <store::Number T>
const ArrayWriter& EntriesWriter<T>::finish() {
  if (!waiting_.empty()) array_.append(std::span<const T>(waiting_));
  waiting_ = {};
  return array_;
}

template class EntriesWriter<int32_t>;
template class EntriesWriter<float>;

namespace {

void encode_sparse(const GroupWriter& group) {
  encode(group, "csr_matrix", "0.1.0");
}

void set_shape(const GroupWriter& group, int64_t rows, int64_t columns) {
  const std::vector<int64_t> shape = {rows, columns};
  group.set_attribute("shape", shape);
}

}  // namespace

SparseRowsWriter::SparseRowsWriter(const GroupWriter& parent, const std::string& name,
                                   int64_t columns, Values values)
    : group_(parent.create_group(name)),
      columns_(columns),
      indices_(group_.create_growing("indices", Type::kInt32)) {
  if (values != Values::kOnes) {
    const auto repeats = values == Values::kLogs ? store::Repeats::kWords : store::Repeats::kBytes;
    data_.emplace(group_.create_growing("data", Type::kFloat32, 0, repeats));
  }
  encode_sparse(group_);
}

void SparseRowsWriter::add_bounds(const CsrPattern& rows) {
  if (rows.columns != columns_) {
    throw internal_error("{}: rows of {} columns appended to {}", group_.path(), rows.columns,
                         columns_);
  }
  const int64_t before = offsets_.back();
  for (size_t i = 1; i < rows.offsets.size(); ++i) offsets_.push_back(before + rows.offsets[i]);
}

void SparseRowsWriter::append(const CsrMatrix& rows) {
  if (!data_) throw internal_error("{}: values given for ones", group_.path());
  add_bounds(rows.pattern);
  indices_.append(rows.pattern.indices);
  data_->append(rows.values);
}

void SparseRowsWriter::append(const CsrPattern& rows) {
  add_bounds(rows);
  indices_.append(rows.indices);
  if (data_) data_->append(std::vector<float>(rows.indices.size(), 1.0f));
}

void SparseRowsWriter::finish() {
  indices_.finish();
  if (data_) {
    data_->finish();
  } else {
    group_.create_filled("data", 1, offsets_.back());
  }
  constexpr int64_t kLargest32 = 2147483647;
  if (offsets_.back() <= kLargest32) {  // the type of the indices, which scipy prefers
    bounds_ =
        group_.write<int32_t>("indptr", std::vector<int32_t>(offsets_.begin(), offsets_.end()));
  } else {
    bounds_ = group_.write<int64_t>("indptr", offsets_);
  }
  set_shape(group_, std::ssize(offsets_) - 1, columns_);
}

FurtherValuesWriter::FurtherValuesWriter(const GroupWriter& parent, const std::string& name)
    : group_(parent.create_group(name)), data_(group_.create_growing("data", Type::kFloat32)) {
  encode_sparse(group_);
}

void FurtherValuesWriter::finish(SparseRowsWriter& places) {
  if (!places.bounds_) throw internal_error("{}: its places are not finished", group_.path());
  data_.finish();
  group_.link("indices", places.indices_.finish());
  group_.link("indptr", *places.bounds_);
  set_shape(group_, std::ssize(places.offsets_) - 1, places.columns_);
}

DenseRowsWriter::DenseRowsWriter(const GroupWriter& parent, const std::string& name,
                                 int64_t columns)
    : columns_(columns), grows_(true), data_(parent.create_growing(name, Type::kFloat32, columns)) {
  encode(data_, "array", "0.2.0");
}

DenseRowsWriter::DenseRowsWriter(const GroupWriter& parent, const std::string& name,
                                 int64_t columns, int64_t rows)
    : columns_(columns),
      grows_(false),
      data_(parent.create_plain(name, Type::kFloat32, rows, columns)) {
  encode(data_, "array", "0.2.0");
}

void DenseRowsWriter::append(std::span<const float> rows) {
  if (grows_) {
    data_.append(rows);
    return;
  }
  data_.write_rows(next_, rows);
  next_ += static_cast<int64_t>(rows.size()) / columns_;
}

void write_matrix(const GroupWriter& parent, const std::string& name, const CsrMatrix& matrix,
                  SparseRowsWriter::Values values) {
  SparseRowsWriter writer(parent, name, matrix.columns(), values);
  writer.append(matrix);
  writer.finish();
}

void write_matrix(const GroupWriter& parent, const std::string& name, const CsrPattern& ones) {
  SparseRowsWriter writer(parent, name, ones.columns, SparseRowsWriter::Values::kOnes);
  writer.append(ones);
  writer.finish();
}

void write_matrices(const GroupWriter& parent, const std::string& name, const CsrMatrix& matrix,
                    SparseRowsWriter::Values values, const std::string& further,
                    std::span<const float> further_values) {
  SparseRowsWriter writer(parent, name, matrix.columns(), values);
  writer.append(matrix);
  writer.finish();
  FurtherValuesWriter beside(parent, further);
  beside.append(further_values);
  beside.finish(writer);
}

void write_h5ad(const std::filesystem::path& path, const Frame& obs, const Frame& var,
                const std::function<void(const GroupWriter& group)>& fill) {
  replace_file(path, [&](const std::filesystem::path& temporary) {
    const auto root = store::create(temporary);
    begin_anndata(root, obs, var);
    fill(root);
    root.flush();
  });
}

}  // namespace grids::core
