#include "io/hdf5_filters.hpp"

#include <blosc.h>
#include <fmt/core.h>
#include <lzf.h>
#include <zstd.h>

#include <vector>

#include "io/hdf5_internal.hpp"

namespace grids::core::hdf5 {
namespace {

/// What a chunk of the dataset that is being read unpacks to; the library calls filters with
/// nothing that would say it. Set under the lock.
thread_local size_t chunk_bytes = 0;

/// Entries of variable length stand in a chunk as length, address and index.
constexpr size_t kReferenceBytes = 16;

size_t bytes_of_chunk(hid_t dataset) {
  const Handle properties(H5Dget_create_plist(dataset));
  if (H5Pget_layout(properties.id()) != H5D_CHUNKED) return 0;
  std::vector<hsize_t> chunk(extent_of(dataset).size());
  if (H5Pget_chunk(properties.id(), static_cast<int>(chunk.size()), chunk.data()) < 0) return 0;
  const Handle type(H5Dget_type(dataset));
  const bool variable = H5Tis_variable_str(type.id()) > 0;
  size_t bytes = variable ? kReferenceBytes : H5Tget_size(type.id());
  for (const auto length : chunk) bytes *= static_cast<size_t>(length);
  return bytes;
}

/// Fills all of `out` from the packed bytes, or returns false.
using Unpack = bool (*)(const void* packed, size_t size, void* out, size_t out_size);

bool unpack_lzf(const void* packed, size_t size, void* out, size_t out_size) {
  return ::lzf_decompress(packed, static_cast<unsigned>(size), out,
                          static_cast<unsigned>(out_size)) == out_size;
}

bool unpack_zstd(const void* packed, size_t size, void* out, size_t out_size) {
  const size_t count = ::ZSTD_decompress(out, out_size, packed, size);
  return ::ZSTD_isError(count) == 0 && count == out_size;
}

bool unpack_blosc(const void* packed, size_t size, void* out, size_t out_size) {
  size_t claimed = 0;
  if (::blosc_cbuffer_validate(packed, size, &claimed) < 0 || claimed != out_size) return false;
  return ::blosc_decompress_ctx(packed, out, out_size, 1) == static_cast<int>(out_size);
}

/// A filter as the library calls it: 0 is failure.
template <Unpack kUnpack>
size_t filter(unsigned flags, size_t, const unsigned*, size_t size, size_t* buffer_size,
              void** buffer) {
  const size_t out_size = chunk_bytes;
  if ((flags & H5Z_FLAG_REVERSE) == 0 || out_size == 0) return 0;
  void* out = H5allocate_memory(out_size, 0);
  if (out == nullptr) return 0;
  if (!kUnpack(*buffer, size, out, out_size)) {
    H5free_memory(out);
    return 0;
  }
  H5free_memory(*buffer);
  *buffer = out;
  *buffer_size = out_size;
  return out_size;
}

/// The numbers under which The HDF Group registered them.
constexpr H5Z_filter_t kLzf = 32000;
constexpr H5Z_filter_t kBlosc = 32001;
constexpr H5Z_filter_t kZstd = 32015;

std::string name_of_filter(H5Z_filter_t filter) {
  switch (filter) {
    case 307:
      return "bzip2";
    case 32004:
      return "lz4";
    case 32008:
      return "bitshuffle";
    case 32013:
      return "zfp";
    case 32026:
      return "blosc2";
    default:
      return {};
  }
}

}  // namespace

void register_filters() {
  static const bool registered = [] {
    const H5Z_class2_t filters[] = {
        {H5Z_CLASS_T_VERS, kLzf, 0, 1, "lzf", nullptr, nullptr, filter<unpack_lzf>},
        {H5Z_CLASS_T_VERS, kBlosc, 0, 1, "blosc", nullptr, nullptr, filter<unpack_blosc>},
        {H5Z_CLASS_T_VERS, kZstd, 0, 1, "zstd", nullptr, nullptr, filter<unpack_zstd>}};
    bool good = true;
    for (const auto& one : filters) good = H5Zregister(&one) >= 0 && good;
    return good;
  }();
  static_cast<void>(registered);
}

herr_t read_entries(hid_t dataset, hid_t type, hid_t memory, hid_t slice, void* out) {
  chunk_bytes = bytes_of_chunk(dataset);
  return H5Dread(dataset, type, memory, slice, H5P_DEFAULT, out);
}

std::string filter_without_reader(hid_t dataset) {
  const Handle properties(H5Dget_create_plist(dataset));
  const int count = H5Pget_nfilters(properties.id());
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0;
    unsigned config = 0;
    size_t values = 0;
    char said[64] = "";
    const auto filter = H5Pget_filter2(properties.id(), static_cast<unsigned>(i), &flags, &values,
                                       nullptr, sizeof said, said, &config);
    if (filter < 0 || H5Zfilter_avail(filter) > 0) continue;
    const auto known = name_of_filter(filter);
    const std::string name = known.empty() ? said : known;
    return name.empty() ? fmt::format("filter {}", filter)
                        : fmt::format("{} (filter {})", name, filter);
  }
  return {};
}

}  // namespace grids::core::hdf5
