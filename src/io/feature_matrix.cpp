#include "io/feature_matrix.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>

#include "base/at.hpp"
#include "base/error.hpp"
#include "io/anndata.hpp"
#include "io/npy.hpp"

namespace grids::core {
namespace {

constexpr std::string_view kDefaultData = "x";
constexpr std::string_view kDefaultLabels = "y";

void require_finite(const FeatureMatrix& matrix) {
  const auto bad = std::find_if_not(matrix.values.begin(), matrix.values.end(),
                                    [](float value) { return std::isfinite(value); });
  if (bad == matrix.values.end()) return;
  const auto place = bad - matrix.values.begin();
  throw input_error("{}: row {}, feature {} is {}; every value must be a finite number",
                    matrix.source, place / matrix.features, place % matrix.features, *bad);
}

FeatureMatrix matrix_of(NpyArray array) {
  if (array.shape.size() < 2) {
    throw input_error("{}: an array of {} dimension{}; rows × features are needed", array.source,
                      array.shape.size(), array.shape.size() == 1 ? "" : "s");
  }
  FeatureMatrix matrix;
  matrix.source = std::move(array.source);
  matrix.rows = array.shape.front();
  matrix.features =
      std::accumulate(array.shape.begin() + 1, array.shape.end(), int64_t{1}, std::multiplies<>());
  matrix.values = std::move(array.values);
  return matrix;
}

/// Whole numbers without a point, so that class 8 is "8" whatever type it was stored in.
std::vector<std::string> labels_of(const NpyArray& array, int64_t rows) {
  if (array.shape.size() != 1 || array.shape[0] != rows) {
    throw input_error("{}: {} labels in {} dimensions for {} rows; each row needs one label",
                      array.source, array.values.size(), array.shape.size(), rows);
  }
  std::vector<std::string> labels;
  for (const float value : array.values) labels.push_back(fmt::format("{}", value));
  return labels;
}

std::string data_name(const std::filesystem::path& path, const std::string& label_key) {
  auto names = npz_names(path);
  if (std::find(names.begin(), names.end(), kDefaultData) != names.end()) {
    return std::string(kDefaultData);
  }
  std::erase(names, label_key);
  if (names.size() == 1) return names.front();
  throw input_error("{}: which array holds the rows? It holds {}; name one with --data-key",
                    path.string(),
                    names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
}

FeatureMatrix read_from_npz(const FeatureMatrixInput& input) {
  const std::string data =
      input.data_key.empty() ? data_name(input.path, input.label_key) : input.data_key;
  auto matrix = matrix_of(read_npz(input.path, data));
  const auto names = npz_names(input.path);
  const bool has_labels = std::find(names.begin(), names.end(), input.label_key) != names.end();
  if (has_labels || input.label_key != kDefaultLabels) {
    matrix.labels = labels_of(read_npz(input.path, input.label_key), matrix.rows);
  }
  return matrix;
}

/// The numbers of a dense matrix go where they are to stay.
FeatureMatrix read_values(const store::Group& root, const std::string& place) {
  FeatureMatrix matrix;
  if (!root.has_array(place)) {
    const auto values = read_matrix(root, place);
    matrix.rows = values.rows();
    matrix.features = values.columns();
    matrix.values = to_dense(values);
    return matrix;
  }
  const MatrixRows dense(root, place);
  matrix.rows = dense.rows();
  matrix.features = dense.columns();
  matrix.values.resize(at(matrix.rows * matrix.features));
  dense.read_dense(0, matrix.values);
  for (float& value : matrix.values) value += 0.0f;  // a zero has no sign, as in a sparse matrix
  return matrix;
}

FeatureMatrix read_from_h5ad(const FeatureMatrixInput& input) {
  const auto root = store::open(input.path);
  const std::string place =
      input.data_key.empty() || input.data_key == "X" ? "X" : "layers/" + input.data_key;
  const auto source = fmt::format("{}: {}", input.path.string(), place);
  const auto obs = read_frame(root, "obs");
  auto names = read_frame(root, "var").index;
  const auto shape = matrix_shape(root, place);
  if (std::ssize(names) != shape.columns || obs.rows() != shape.rows) {
    throw input_error("{}: {} × {} values for {} rows of obs and {} of var", source, shape.rows,
                      shape.columns, obs.rows(), names.size());
  }
  auto matrix = read_values(root, place);
  matrix.source = source;
  matrix.names = std::move(names);
  const auto* labels = obs.find(input.label_key);
  if (labels == nullptr && input.label_key != kDefaultLabels) {
    throw input_error("{}: obs has no column '{}'", input.path.string(), input.label_key);
  }
  if (labels != nullptr && labels->is_text()) matrix.labels = labels->text();
  if (labels != nullptr && !labels->is_text()) {
    for (const double value : labels->numbers()) matrix.labels.push_back(fmt::format("{}", value));
  }
  return matrix;
}

std::string first_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes(2, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

FeatureMatrix read_any(const FeatureMatrixInput& input) {
  if (store::is_store(input.path)) return read_from_h5ad(input);
  if (first_bytes(input.path) == "PK" || input.path.extension() == ".npz") {
    return read_from_npz(input);
  }
  return matrix_of(read_npy(input.path));
}

}  // namespace

FeatureMatrix read_feature_matrix(const FeatureMatrixInput& input) {
  auto matrix = read_any(input);
  if (matrix.rows == 0 || matrix.features == 0) {
    throw input_error("{}: {} rows × {} features: there is nothing to explain", matrix.source,
                      matrix.rows, matrix.features);
  }
  require_finite(matrix);
  return matrix;
}

}  // namespace grids::core
