/// Rows × features for a model of the user's own: numbers, and what is known of rows and features.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace grids::core {

struct FeatureMatrix {
  std::string source;  ///< "images.npz: x", for messages
  int64_t rows = 0;
  int64_t features = 0;
  std::vector<float> values;        ///< rows × features, all finite
  std::vector<std::string> labels;  ///< of the rows, numbers as text; empty when there are none
  std::vector<std::string> names;   ///< of the features; empty when the file has none
};

struct FeatureMatrixInput {
  std::filesystem::path path;
  /// `.npz`: the array; empty = 'x', or the only one beside the labels. `.h5ad`: X, or the NAME of
  /// a layer. A `.npy` has one array.
  std::string data_key;
  /// `.npz`: the array of labels. `.h5ad`: the column of obs. May be missing where it is the
  /// default.
  std::string label_key = "y";
};

/// Reads `.npy`, `.npz` or `.h5ad`, by content. Arrays of more than two dimensions become rows of
/// all but the first (images of 28 × 28: 784 features). Throws Error(kInput) naming file, array and
/// place for what cannot be read, values that are not finite, and labels that do not fit the rows.
FeatureMatrix read_feature_matrix(const FeatureMatrixInput& input);

}  // namespace grids::core
