#include "io/anndata.hpp"

#include <algorithm>
#include <cmath>

#include "io/compressed.hpp"

namespace grids {
namespace {

using hdf5::Dataset;
using hdf5::Group;

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

struct Shape {
  int64_t rows = 0;
  int64_t columns = 0;
};

Shape shape_of(const Group& group) {
  const auto* name = group.has_attribute("shape") ? "shape" : "h5sparse_shape";
  const auto shape = group.integers_attribute(name);
  if (shape.size() != 2) {
    throw group.error(
        fmt::format("attribute '{}' has {} numbers instead of 2", name, shape.size()));
  }
  return {shape[0], shape[1]};
}

CsrMatrix read_dense(const Dataset& dataset) {
  constexpr int64_t kBlockEntries = 1 << 22;
  dataset.require_dimensions(2);
  dataset.believable_size();
  const auto shape = dataset.shape();
  CsrMatrix matrix;
  matrix.pattern.rows = shape[0];
  matrix.pattern.columns = shape[1];
  if (shape[1] == 0) {
    matrix.pattern.offsets.assign(static_cast<size_t>(shape[0]) + 1, 0);
    return matrix;
  }
  const int64_t block_rows = std::max<int64_t>(1, kBlockEntries / shape[1]);
  std::vector<float> block;
  for (int64_t first = 0; first < shape[0]; first += block_rows) {
    const int64_t rows = std::min(block_rows, shape[0] - first);
    block.resize(static_cast<size_t>(rows * shape[1]));
    dataset.read_rows<float>(first, block);
    for (int64_t row = 0; row < rows; ++row) {
      const float* values = block.data() + row * shape[1];
      for (int64_t column = 0; column < shape[1]; ++column) {
        if (values[column] == 0) continue;
        matrix.pattern.indices.push_back(static_cast<int32_t>(column));
        matrix.values.push_back(values[column]);
      }
      matrix.pattern.offsets.push_back(matrix.pattern.nonzeros());
    }
  }
  return matrix;
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

RawModality read_place(const Group& group, const Place& place) {
  if (!group.has(place.matrix)) {
    std::string known = group.has("X") ? "X" : "";
    if (group.has(raw_place(group).matrix)) known += ", raw/X";
    if (group.has_group("layers")) {
      for (const auto& name : group.group("layers").names()) known += ", layers/" + name;
    }
    throw group.error(
        fmt::format("there is no such matrix; the file has: {}", known.empty() ? "none" : known),
        place.matrix);
  }
  RawModality modality;
  modality.values = read_matrix(group, place.matrix);
  modality.source = fmt::format("{}: {}{}{}", group.file(), group.path(),
                                group.path().empty() ? "" : "/", place.matrix);
  return modality;
}

void add_tables(const Group& group, const Place& place, RawModality& modality) {
  modality.obs = read_frame(group, "obs");
  modality.var = read_frame(group, place.var);
  const auto& pattern = modality.values.pattern;
  if (pattern.rows != modality.obs.rows()) {
    throw group.error(
        fmt::format("has {} rows, but obs names {} cells", pattern.rows, modality.obs.rows()),
        place.matrix);
  }
  if (pattern.columns != modality.var.rows()) {
    throw group.error(fmt::format("has {} columns, but {} names {} features", pattern.columns,
                                  place.var, modality.var.rows()),
                      place.matrix);
  }
}

}  // namespace

CsrMatrix read_matrix(const Group& parent, const std::string& name) {
  if (parent.has_dataset(name)) return read_dense(parent.dataset(name));
  const auto group = parent.group(name);
  const auto layout = layout_of(group);
  const auto shape = shape_of(group);
  if (layout == Layout::kCsr) return read_compressed(group, shape.rows, shape.columns);
  return transpose(read_compressed(group, shape.columns, shape.rows));
}

CsrPattern read_binary_matrix(const Group& parent, const std::string& name) {
  const auto group = parent.group(name);
  const auto shape = shape_of(group);
  if (layout_of(group) != Layout::kCsr) throw group.error("must be a CSR matrix");
  return read_compressed_ones(group, shape.rows, shape.columns);
}

bool all_whole(const CsrMatrix& matrix) {
  return std::all_of(matrix.values.begin(), matrix.values.end(),
                     [](float value) { return value == std::floor(value); });
}

RawModality read_anndata(const Group& group, const std::string& matrix) {
  if (!group.has("obs") || !group.has("var")) {
    throw group.error("is no AnnData: there must be obs and var");
  }
  Place place{"X"};
  RawModality modality;
  if (!matrix.empty()) {
    place = named_place(group, matrix);
    modality = read_place(group, place);
  } else if (group.has("layers/counts")) {
    place = {"layers/counts"};
    modality = read_place(group, place);
  } else {
    const auto raw = raw_place(group);
    const bool has_raw = group.has(raw.matrix);
    if (group.has("X") || !has_raw) modality = read_place(group, place);
    if (has_raw && (!group.has("X") || !all_whole(modality.values))) {
      auto other = read_place(group, raw);
      if (!group.has("X") || all_whole(other.values)) {
        modality = std::move(other);
        place = raw;
      }
    }
  }
  drop_zeros(modality.values);
  add_tables(group, place, modality);
  require_counts_like(modality);
  return modality;
}

void require_counts_like(const RawModality& modality) {
  const auto& [pattern, values] = modality.values;
  const auto bad = std::find_if(values.begin(), values.end(),
                                [](float value) { return !(value >= 0) || std::isinf(value); });
  if (bad == values.end()) return;
  const int64_t position = bad - values.begin();
  const auto after = std::upper_bound(pattern.offsets.begin(), pattern.offsets.end(), position);
  const auto row = static_cast<size_t>(after - pattern.offsets.begin()) - 1;
  const auto column = static_cast<size_t>(pattern.indices[static_cast<size_t>(position)]);
  throw input_error(
      "reading {}: cell '{}', feature '{}': the value is {}; counts, or log-normalised values, are "
      "finite and not negative (scaled values cannot be used: name a layer that holds counts)",
      modality.source, modality.obs.index[row], modality.var.index[column], *bad);
}

}  // namespace grids
