/// The safetensors format: an 8-byte little-endian header length, a JSON header, raw tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace grids::core {

/// A dense row-major tensor. Files may hold F32, F64, I64 and U8; all are kept as what they were.
struct Tensor {
  enum class Type : uint8_t { kF32, kF64, kI64, kU8 };

  Type type = Type::kF32;
  std::vector<int64_t> shape;
  std::vector<std::byte> bytes;

  int64_t size() const;  ///< number of entries
  /// Typed views; throw Error(kInternal) when the type is another.
  const float* f32() const;
  float* f32();
  const double* f64() const;
  const int64_t* i64() const;
  const uint8_t* u8() const;

  static Tensor of_f32(std::vector<int64_t> shape, const std::vector<float>& values);
  static Tensor of_f32(std::vector<int64_t> shape);  ///< zeros
  static Tensor of_f64(std::vector<int64_t> shape, const std::vector<double>& values);
  static Tensor of_i64(std::vector<int64_t> shape, const std::vector<int64_t>& values);
};

struct SafeTensors {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;  ///< the header's `__metadata__`

  /// The tensor of that name and shape (-1 = any length); throws Error(kInput) naming both.
  const Tensor& at(const std::string& name, const std::vector<int64_t>& shape) const;
};

/// Throws Error(kInput) for anything that is not a whole, well-formed file.
SafeTensors read_safetensors(const std::filesystem::path& path);

/// Writes to a temporary name beside `path`, then renames.
void write_safetensors(const std::filesystem::path& path, const SafeTensors& file);

}  // namespace grids::core
