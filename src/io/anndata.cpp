#include "io/anndata.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/at.hpp"
#include "io/foreign.hpp"

namespace grids::core {
namespace {

using store::Array;
using store::Group;

/// How a group stores its matrix; the second part of AnnData's encoding name, or h5sparse's.
enum class Layout : uint8_t { kCsr, kCsc };

Layout layout_of(const Group& group) {
  const auto encoding =
      group.text_attribute_or("encoding-type", group.text_attribute_or("h5sparse_format", ""));
  if (encoding == "csr_matrix" || encoding == "csr") return Layout::kCsr;
  if (encoding == "csc_matrix" || encoding == "csc") return Layout::kCsc;
  throw group.error(fmt::format(
      "holds no matrix that is understood (encoding '{}'); expected csr_matrix, csc_matrix or a "
      "dense array",
      encoding));
}

MatrixShape shape_of(const Group& group) {
  const auto* name = group.has_attribute("shape") ? "shape" : "h5sparse_shape";
  const auto shape = group.integers_attribute(name);
  if (shape.size() != 2) {
    throw group.error(
        fmt::format("attribute '{}' has {} numbers instead of 2", name, shape.size()));
  }
  return {shape[0], shape[1]};
}

MatrixShape shape_of(const Array& dense) {
  dense.require_dimensions(2);
  dense.believable_size();
  if (dense.shape()[1] > std::numeric_limits<int32_t>::max()) {
    throw dense.error(
        fmt::format("a matrix of {} × {} cannot be read", dense.shape()[0], dense.shape()[1]));
  }
  return {dense.shape()[0], dense.shape()[1]};
}

/// Appends the entries of dense rows that are not zero.
void append_dense(std::span<const float> rows, CsrMatrix& matrix) {
  auto& pattern = matrix.pattern;
  const auto width = at(pattern.columns);
  for (size_t begin = 0; begin < rows.size(); begin += width) {
    for (size_t column = 0; column < width; ++column) {
      const float value = rows[begin + column];
      if (value == 0) continue;
      pattern.indices.push_back(static_cast<int32_t>(column));
      matrix.values.push_back(value);
    }
    pattern.offsets.push_back(pattern.nonzeros());
  }
}

/// Rows [first, last) of a dense matrix, of which only a block is in memory at a time.
void read_dense_as_csr(const Array& dense, int64_t first, int64_t last, CsrMatrix& matrix) {
  constexpr int64_t kBlockEntries = 1 << 22;
  const int64_t columns = matrix.pattern.columns;
  matrix.pattern.offsets.reserve(at(last - first) + 1);
  if (columns == 0) {
    matrix.pattern.offsets.assign(at(last - first) + 1, 0);
    return;
  }
  const int64_t block_rows = dense.rows_at_once(kBlockEntries);
  std::vector<float> block;
  while (first < last) {
    // Blocks begin at multiples of their size, so that no chunk is unpacked twice.
    const int64_t count = std::min(block_rows - first % block_rows, last - first);
    block.resize(at(count * columns));
    dense.read_rows<float>(first, block);
    append_dense(block, matrix);
    first += count;
  }
}

/// Where a matrix lies and which table names its columns.
struct Place {
  std::string matrix;
  std::string var = "var";
};

Place raw_place(const Group& group) {
  // Before AnnData 0.7 `raw.X` was a name at the root.
  if (group.has("raw/X")) return {"raw/X", "raw/var"};
  return {"raw.X", "raw.var"};
}

Place named_place(const Group& group, const std::string& matrix) {
  if (matrix == "X") return {"X"};
  if (matrix == "raw/X" || matrix == "raw") return raw_place(group);
  if (matrix.starts_with("layers/")) return {matrix};
  return {"layers/" + matrix};
}

/// Whether there is nothing of a matrix at its place, and how; empty where there is something.
/// AnnData writes a missing X as an array without entries or dimensions.
std::string_view how_absent(const Group& group, const std::string& name) {
  if (!group.has(name)) return "is missing";
  if (group.has_array(name) && group.array(name).shape().empty()) return "is null";
  if (group.has_group(name) && group.group(name).names().empty()) return "is empty";
  return {};
}

std::string known_matrices(const Group& group) {
  std::vector<std::string> known = {"X", raw_place(group).matrix};
  if (group.has_group("layers")) {
    for (const auto& name : group.group("layers").names()) known.push_back("layers/" + name);
  }
  std::erase_if(known, [&](const auto& name) { return !how_absent(group, name).empty(); });
  return known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "));
}

/// Before the matrix is read: a few bytes can claim any shape.
void require_named(const Group& group, const Place& place) {
  const auto shape = matrix_shape(group, place.matrix);
  const int64_t cells = frame_rows(group, "obs"), features = frame_rows(group, place.var);
  if (shape.rows != cells) {
    throw group.error(fmt::format("has {} rows, but obs names {} cells", shape.rows, cells),
                      place.matrix);
  }
  if (shape.columns != features) {
    throw group.error(
        fmt::format("has {} columns, but {} names {} features", shape.columns, place.var, features),
        place.matrix);
  }
}

PackedRows values_at(const Group& group, const Place& place, ThreadPool* pool) {
  const auto absent = how_absent(group, place.matrix);
  if (!absent.empty()) {
    const auto fragments = fragments_without_matrix(group);
    if (!fragments.empty()) throw group.error(fragments, place.matrix);
    throw group.error(fmt::format("there is no such matrix{}; the file has: {}",
                                  group.has(place.matrix) ? fmt::format(" (it {})", absent) : "",
                                  known_matrices(group)),
                      place.matrix);
  }
  require_named(group, place);
  return read_packed(group, place.matrix, pool);
}

PackedModality taken(const Group& group, const Place& place, PackedRows values) {
  PackedModality modality;
  modality.values = std::move(values);
  modality.source = fmt::format("{}: {}{}{}", group.file(), group.path(),
                                group.path().empty() ? "" : "/", place.matrix);
  return modality;
}

void add_tables(const Group& group, const Place& place, PackedModality& modality) {
  modality.obs = read_frame(group, "obs");
  modality.obsm = read_embeddings(group, modality.obs.rows());
  modality.var = read_frame(group, place.var);
}

/// Where counts may lie, in the order in which they are looked for: the layer that AnnData's users
/// agree on, X, what was put aside as raw, layers of other usual names.
std::vector<Place> places_of_counts(const Group& group) {
  constexpr std::array<std::string_view, 7> kUsual = {"raw_counts", "raw_count", "count",     "raw",
                                                      "umi",        "umis",      "umi_counts"};
  std::vector<Place> places = {{"layers/counts"}, {"X"}, raw_place(group)};
  if (!group.has_group("layers")) return places;
  for (const auto& name : group.group("layers").names()) {
    const auto lower = lower_case(name);
    const bool usual = std::find(kUsual.begin(), kUsual.end(), lower) != kUsual.end();
    if (usual || (lower == "counts" && name != lower)) places.push_back({"layers/" + name});
  }
  return places;
}

/// What the values of a matrix speak against its being the counts; larger is worse.
enum class Doubt : uint8_t { kNone, kOnesOnly, kFractions, kZerosOnly };

Doubt doubt_about(const PackedRows& values) {
  if (values.nonzeros() == 0) return Doubt::kZerosOnly;
  if (!values.all_whole()) return Doubt::kFractions;
  return values.all_ones() ? Doubt::kOnesOnly : Doubt::kNone;
}

std::string_view in_words(Doubt doubt) {
  switch (doubt) {
    case Doubt::kNone:
      return {};
    case Doubt::kOnesOnly:
      return "holds only 0 and 1";
    case Doubt::kFractions:
      return "holds fractions";
    case Doubt::kZerosOnly:
      return "holds only zeros";
  }
  return {};
}

struct Choice {
  Place place;
  PackedRows values;
  std::string why;  ///< what was passed over; empty where nothing was
};

/// The first matrix that holds counts; without one, that with the least doubt, the first of equals.
/// Of peaks it matters only which are open, so 0 and 1 are as good as counts.
Choice choose_matrix(const Group& group, FeatureKind kind, ThreadPool* pool) {
  std::optional<Choice> best;
  Doubt least = Doubt::kZerosOnly;
  std::vector<std::string> passed;
  for (const auto& place : places_of_counts(group)) {
    const auto absent = how_absent(group, place.matrix);
    if (!absent.empty()) {
      if (group.has(place.matrix)) passed.push_back(fmt::format("{} {}", place.matrix, absent));
      continue;
    }
    auto values = values_at(group, place, pool);
    auto doubt = doubt_about(values);
    if (doubt == Doubt::kOnesOnly && kind == FeatureKind::kPeak) doubt = Doubt::kNone;
    if (doubt != Doubt::kNone) {
      passed.push_back(fmt::format("{} {}", place.matrix, in_words(doubt)));
    }
    if (!best || doubt < least) {
      best = Choice{place, std::move(values), {}};
      least = doubt;
    }
    if (doubt == Doubt::kNone) break;
  }
  if (!best)
    best = Choice{{"X"}, values_at(group, {"X"}, pool), {}};  // throws, naming what there is
  std::erase_if(passed, [&](const auto& one) { return one.starts_with(best->place.matrix + " "); });
  best->why = fmt::format("{}", fmt::join(passed, ", "));
  return std::move(*best);
}

}  // namespace

MatrixRows::MatrixRows(const Group& parent, const std::string& name) {
  if (parent.has_array(name)) {
    dense_ = parent.array(name);
    const auto shape = shape_of(*dense_);
    rows_ = shape.rows;
    columns_ = shape.columns;
    return;
  }
  const auto group = parent.group(name);
  if (layout_of(group) == Layout::kCsc) {
    throw group.error(
        "is stored by columns (csc_matrix), so that its rows cannot be read block by block; write "
        "it as csr_matrix");
  }
  const auto shape = shape_of(group);
  sparse_.emplace(group, shape.rows, shape.columns);
  rows_ = shape.rows;
  columns_ = shape.columns;
}

void MatrixRows::read(int64_t first, int64_t last, CsrMatrix& block) const {
  if (first < 0 || first > last || last > rows_) {
    throw internal_error("rows {} to {} asked for of {}", first, last, rows_);
  }
  if (sparse_) {
    sparse_->read_block(first, last, block);
    return;
  }
  block.pattern.rows = last - first;
  block.pattern.columns = columns_;
  block.pattern.offsets.assign(1, 0);
  block.pattern.indices.clear();
  block.values.clear();
  read_dense_as_csr(*dense_, first, last, block);
}

int64_t MatrixRows::block_end(int64_t first) const {
  if (sparse_) return sparse_->block_end(first);
  if (columns_ == 0) return rows_;
  return std::min(rows_, first + dense_->rows_at_once(kEntriesAtOnce));
}

void MatrixRows::read_dense(int64_t first, std::span<float> out) const {
  if (dense_) {
    dense_->read_rows<float>(first, out);
    return;
  }
  if (columns_ == 0) return;
  const int64_t count = std::ssize(out) / columns_;
  CsrMatrix block;
  read(first, first + count, block);
  std::fill(out.begin(), out.end(), 0.0f);
  for (int64_t row = 0; row < count; ++row) {
    const auto indices = block.row_indices(row);
    const auto values = block.row_values(row);
    float* to = out.data() + row * columns_;
    for (size_t k = 0; k < indices.size(); ++k) to[indices[k]] = values[k];
  }
}

MatrixShape matrix_shape(const Group& parent, const std::string& name) {
  return parent.has_array(name) ? shape_of(parent.array(name)) : shape_of(parent.group(name));
}

CsrMatrix read_matrix(const Group& parent, const std::string& name,
                      const std::shared_ptr<EntryRoom>& room) {
  CsrMatrix matrix;
  if (parent.has_array(name)) {
    const MatrixRows dense(parent, name);
    dense.read(0, dense.rows(), matrix);
    return matrix;
  }
  const auto group = parent.group(name);
  const auto layout = layout_of(group);
  const auto shape = shape_of(group);
  if (layout == Layout::kCsr) return read_compressed(group, shape.rows, shape.columns, room);
  return transpose(read_compressed(group, shape.columns, shape.rows));
}

CsrMatrix read_matrix_like(const Group& parent, const std::string& name, const CsrPattern& pattern,
                           const std::shared_ptr<EntryRoom>& room) {
  if (!stored_entries(parent, name)) return read_matrix(parent, name, room);
  return read_compressed_like(parent.group(name), pattern, room);
}

std::optional<int64_t> stored_entries(const Group& parent, const std::string& name) {
  if (!parent.has_group(name) || layout_of(parent.group(name)) != Layout::kCsr) return {};
  return parent.group(name).array("indices").believable_size();
}

namespace {

/// A matrix that is stored by columns: transposed block by block, then joined.
PackedRows packed_by_columns(const Group& group, ThreadPool* pool) {
  const auto shape = shape_of(group);
  const CompressedRows stored(group, shape.columns, shape.rows);
  std::vector<PackedRows> parts;
  CsrMatrix block;
  for (int64_t first = 0; first < shape.columns;) {
    const int64_t last = stored.block_end(first);
    stored.read_block(first, last, block);
    // Columns keep their numbers.
    auto rows = transpose(block);
    for (auto& column : rows.pattern.indices) column += static_cast<int32_t>(first);
    rows.pattern.columns = shape.columns;
    parts.emplace_back(shape.columns).append(rows, pool);
    first = last;
  }
  if (parts.empty()) {  // no column, but rows
    CsrMatrix none;
    none.pattern = {shape.rows, shape.columns, std::vector<int64_t>(at(shape.rows) + 1, 0), {}};
    return none;
  }
  int64_t doubled = -1;  // never: each part has columns of its own
  return joined_rows(std::move(parts), pool, doubled);
}

}  // namespace

PackedRows read_packed(const Group& parent, const std::string& name, ThreadPool* pool) {
  if (!parent.has_array(name) && layout_of(parent.group(name)) == Layout::kCsc) {
    return packed_by_columns(parent.group(name), pool);
  }
  const MatrixRows stored(parent, name);
  PackedRows packed(stored.columns());
  CsrMatrix block;
  for (int64_t first = 0; first < stored.rows();) {
    const int64_t last = stored.block_end(first);
    stored.read(first, last, block);
    packed.append(block, pool);
    first = last;
  }
  return packed;
}

CsrPattern read_binary_matrix(const Group& parent, const std::string& name,
                              const std::shared_ptr<EntryRoom>& room) {
  const auto group = parent.group(name);
  const auto shape = shape_of(group);
  if (layout_of(group) != Layout::kCsr) throw group.error("must be a CSR matrix");
  return read_compressed_ones(group, shape.rows, shape.columns, room);
}

PackedModality read_anndata(const Group& group, const std::string& matrix, FeatureKind kind,
                            ThreadPool* pool) {
  if (!group.has("obs") || !group.has("var")) {
    throw group.error("is not an AnnData file: there must be obs and var");
  }
  Place place;
  PackedModality modality;
  if (matrix.empty()) {
    auto choice = choose_matrix(group, kind, pool);
    place = choice.place;
    modality = taken(group, place, std::move(choice.values));
    modality.why = std::move(choice.why);
  } else {
    place = named_place(group, matrix);
    modality = taken(group, place, values_at(group, place, pool));
  }
  add_tables(group, place, modality);
  require_counts_like(modality);
  return modality;
}

void require_counts_like(const PackedModality& modality) {
  if (!modality.values.any_odd()) return;
  for (int64_t row = 0; row < modality.values.rows(); ++row) {
    modality.values.each(row, [&](int32_t column, float value) {
      if (value >= 0 && value < kMostCounted) return;
      throw input_error(
          "reading {}: cell '{}', feature '{}': the value is {}; counts, or log-normalised values, "
          "are finite, not negative and below 2^31 (scaled values cannot be used: name a layer "
          "that "
          "holds counts)",
          modality.source, modality.obs.index[at(row)], modality.var.index[at(column)], value);
    });
  }
}

}  // namespace grids::core
