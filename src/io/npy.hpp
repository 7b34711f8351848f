/// Arrays as NumPy saves them: `.npy`, and `.npz` (a zip archive of `.npy`, stored or deflated).
///
/// Read are little-endian float32, float64, int32, int64, uint8 and bool in C order, format
/// versions 1 to 3. Every error names the file, the array and what to save instead.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace grids::core {

struct NpyArray {
  std::string source;          ///< "images.npz: x", for messages
  std::vector<int64_t> shape;  ///< empty for a single number
  /// In C order. Whole numbers beyond ±2^24 would not survive as float: they are refused.
  std::vector<float> values;
};

/// Throws Error(kInput) for files that are no `.npy`, are cut short, or hold another type or order.
NpyArray read_npy(const std::filesystem::path& path);

/// Names of the arrays in a `.npz`, in its order, without ".npy".
std::vector<std::string> npz_names(const std::filesystem::path& path);

/// Throws as read_npy does; also when there is no array of that name, and when the checksum
/// disagrees.
NpyArray read_npz(const std::filesystem::path& path, const std::string& name);

}  // namespace grids::core
