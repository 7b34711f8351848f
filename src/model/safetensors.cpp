#include "model/safetensors.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <tuple>

#include "base/error.hpp"
#include "io/atomic_file.hpp"

namespace grids::core {
namespace {

using Json = nlohmann::json;

struct TypeName {
  Tensor::Type type;
  const char* name;
  int64_t bytes;
};

constexpr TypeName kTypes[] = {{Tensor::Type::kF32, "F32", 4},
                               {Tensor::Type::kF64, "F64", 8},
                               {Tensor::Type::kI64, "I64", 8},
                               {Tensor::Type::kU8, "U8", 1}};

const TypeName& describe(Tensor::Type type) {
  for (const auto& entry : kTypes) {
    if (entry.type == type) return entry;
  }
  throw internal_error("unknown tensor type");
}

template <typename T>
Tensor make(Tensor::Type type, std::vector<int64_t> shape, const std::vector<T>& values) {
  Tensor tensor;
  tensor.type = type;
  tensor.shape = std::move(shape);
  if (tensor.size() != static_cast<int64_t>(values.size())) {
    throw internal_error("a tensor of shape [{}] with {} values", fmt::join(tensor.shape, ", "),
                         values.size());
  }
  tensor.bytes.resize(values.size() * sizeof(T));
  // memcpy must not be handed the null pointer of an empty vector, even for no bytes.
  if (!values.empty()) {
    std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  }
  return tensor;
}

const std::byte* typed(const Tensor& tensor, Tensor::Type type) {
  if (tensor.type != type) {
    throw internal_error("a tensor of type {} read as {}", describe(tensor.type).name,
                         describe(type).name);
  }
  return tensor.bytes.data();
}

Tensor::Type parse_type(const std::string& name) {
  for (const auto& entry : kTypes) {
    if (name == entry.name) return entry.type;
  }
  throw input_error("type {} is not one of F32, F64, I64, U8", name);
}

/// Bytes of the data.
struct DataRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string name;
};

DataRange range_of(const std::string& name, const Json& entry) {
  const auto range = entry.at("data_offsets").get<std::vector<uint64_t>>();
  if (range.size() != 2 || range[0] > range[1]) {
    throw input_error("data_offsets [{}] are no range", fmt::join(range, ", "));
  }
  return {range[0], range[1], name};
}

/// As the format asks: each byte of the data belongs to one tensor.
void require_tiled(std::vector<DataRange> ranges, uint64_t bytes) {
  std::sort(ranges.begin(), ranges.end(), [](const DataRange& a, const DataRange& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  uint64_t end = 0;
  for (const auto& range : ranges) {
    if (range.begin < end) throw input_error("{}: shares bytes with another tensor", range.name);
    if (range.begin > end) {
      throw input_error("the {} bytes before '{}' belong to no tensor", range.begin - end,
                        range.name);
    }
    end = range.end;
  }
  if (end != bytes) {
    throw input_error("the tensors take {} bytes, the file holds {}", end, bytes);
  }
}

Tensor parse_tensor(const Json& entry, std::string_view data) {
  Tensor tensor;
  tensor.type = parse_type(entry.at("dtype").get<std::string>());
  tensor.shape = entry.at("shape").get<std::vector<int64_t>>();
  const auto range = entry.at("data_offsets").get<std::vector<uint64_t>>();
  int64_t size = describe(tensor.type).bytes;
  for (const int64_t length : tensor.shape) {
    if (length < 0 || __builtin_mul_overflow(size, length, &size)) {
      throw input_error("impossible shape [{}]", fmt::join(tensor.shape, ", "));
    }
  }
  if (range.size() != 2 || range[0] > range[1] || range[1] > data.size() ||
      range[1] - range[0] != static_cast<uint64_t>(size)) {
    throw input_error("shape [{}] needs {} bytes, its data_offsets are [{}] of {} bytes of data",
                      fmt::join(tensor.shape, ", "), size, fmt::join(range, ", "), data.size());
  }
  tensor.bytes.resize(static_cast<size_t>(size));
  if (!tensor.bytes.empty()) {
    std::memcpy(tensor.bytes.data(), data.data() + range[0], tensor.bytes.size());
  }
  return tensor;
}

/// Discarded where it is no JSON, or not of the shape that headers have: so that one made to fill
/// the memory is dropped at once.
Json parse_header(std::string_view header) {
  constexpr int kDeepest = 3;  // header, tensor, shape, number
  constexpr int kMostDimensions = 64;
  int numbers = 0;
  return Json::parse(
      header,
      [&](int depth, Json::parse_event_t event, const Json&) {
        if (event == Json::parse_event_t::array_start) numbers = 0;
        const bool number = event == Json::parse_event_t::value && depth == kDeepest;
        if (depth > kDeepest || (number && ++numbers > kMostDimensions)) {
          throw input_error("the header is none of tensors");
        }
        return true;
      },
      false);
}

SafeTensors parse(std::string_view content) {
  uint64_t header_length = 0;
  if (content.size() < sizeof(header_length)) throw input_error("shorter than its header");
  std::memcpy(&header_length, content.data(), sizeof(header_length));
  content.remove_prefix(sizeof(header_length));
  constexpr uint64_t kLongestHeader = 100'000'000;  // the format's own limit
  if (header_length > kLongestHeader) throw input_error("this is no safetensors file");
  if (header_length > content.size()) {
    throw input_error("the header should take {} bytes, the file has {} (is it complete?)",
                      header_length, content.size());
  }
  const std::string_view header = content.substr(0, header_length);
  const std::string_view data = content.substr(header_length);
  const Json json = parse_header(header);
  if (!json.is_object()) throw input_error("the header is not a JSON object");
  SafeTensors file;
  std::vector<DataRange> ranges;
  for (const auto& item : json.items()) {
    with_context(item.key(), [&] {
      try {
        if (item.key() == "__metadata__") {
          file.metadata = item.value().get<std::map<std::string, std::string>>();
        } else {
          ranges.push_back(range_of(item.key(), item.value()));
          file.tensors.emplace(item.key(), parse_tensor(item.value(), data));
        }
      } catch (const Json::exception& error) {
        throw input_error("malformed entry in the header ({})", error.what());
      }
    });
  }
  require_tiled(std::move(ranges), data.size());
  return file;
}

std::string header_of(const SafeTensors& file) {
  Json header = Json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  size_t offset = 0;
  for (const auto& [name, tensor] : file.tensors) {
    header[name] = {{"dtype", describe(tensor.type).name},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');  // the format asks for aligned data
  return text;
}

}  // namespace

int64_t Tensor::size() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

const float* Tensor::f32() const {
  return reinterpret_cast<const float*>(typed(*this, Type::kF32));
}
float* Tensor::f32() {
  typed(*this, Type::kF32);
  return reinterpret_cast<float*>(bytes.data());
}
const double* Tensor::f64() const {
  return reinterpret_cast<const double*>(typed(*this, Type::kF64));
}
const int64_t* Tensor::i64() const {
  return reinterpret_cast<const int64_t*>(typed(*this, Type::kI64));
}
const uint8_t* Tensor::u8() const {
  return reinterpret_cast<const uint8_t*>(typed(*this, Type::kU8));
}

Tensor Tensor::of_f32(std::vector<int64_t> shape, const std::vector<float>& values) {
  return make(Type::kF32, std::move(shape), values);
}

Tensor Tensor::of_f32(std::vector<int64_t> shape) {
  Tensor tensor;
  tensor.shape = std::move(shape);
  tensor.bytes.resize(static_cast<size_t>(tensor.size()) * sizeof(float));
  return tensor;
}

Tensor Tensor::of_f64(std::vector<int64_t> shape, const std::vector<double>& values) {
  return make(Type::kF64, std::move(shape), values);
}

Tensor Tensor::of_i64(std::vector<int64_t> shape, const std::vector<int64_t>& values) {
  return make(Type::kI64, std::move(shape), values);
}

const Tensor& SafeTensors::at(const std::string& name, const std::vector<int64_t>& shape) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw input_error("no tensor '{}'", name);
  const Tensor& tensor = found->second;
  bool fits = tensor.shape.size() == shape.size();
  for (size_t i = 0; fits && i < shape.size(); ++i) {
    fits = shape[i] < 0 || shape[i] == tensor.shape[i];
  }
  if (!fits) {
    throw input_error("tensor '{}' has shape [{}], expected [{}]", name,
                      fmt::join(tensor.shape, ", "), fmt::join(shape, ", "));
  }
  return tensor;
}

SafeTensors read_safetensors(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  return with_context(fmt::format("reading {}", path.string()), [&] { return parse(content); });
}

void write_safetensors(const std::filesystem::path& path, const SafeTensors& file) {
  const std::string header = header_of(file);
  replace_file(path, [&](const std::filesystem::path& temporary) {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    const uint64_t length = header.size();
    out.write(reinterpret_cast<const char*>(&length), sizeof(length));
    out.write(header.data(), static_cast<std::streamsize>(header.size()));
    for (const auto& [name, tensor] : file.tensors) {
      out.write(reinterpret_cast<const char*>(tensor.bytes.data()),
                static_cast<std::streamsize>(tensor.bytes.size()));
    }
    out.close();
    if (!out) throw input_error("cannot write {}: the disk may be full", path.string());
  });
}

}  // namespace grids::core
