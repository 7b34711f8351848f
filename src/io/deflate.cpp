#include "io/deflate.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <memory>
#include <new>

#include "base/error.hpp"

namespace grids::core {
namespace {

/// The lowest level costs two thirds of the time of the next ones for files 2 to 5 % larger.
constexpr int kLibraryLevel = 1;
/// A plane that would keep this share of its size is left as it is: reading it costs nothing then.
constexpr double kWorthIt = 0.97;
/// How much of a plane is tried.
constexpr size_t kTried = 8192;
/// Of a stored block (RFC 1951, 3.2.4), and what stands before its bytes.
constexpr size_t kMostStored = 65535;
constexpr size_t kStoredHead = 5;
/// "78 01" and Adler-32 (RFC 1950).
constexpr size_t kZlibFrame = 6;

struct FreeCompressor {
  void operator()(libdeflate_compressor* one) const { ::libdeflate_free_compressor(one); }
};

/// Bytes as they are, before further blocks.
void put_stored(std::span<const uint8_t> bytes, std::vector<uint8_t>& out) {
  while (!bytes.empty()) {
    const auto now = bytes.first(std::min(bytes.size(), kMostStored));
    bytes = bytes.subspan(now.size());
    const auto low = static_cast<uint8_t>(now.size()), high = static_cast<uint8_t>(now.size() >> 8);
    const uint8_t head[] = {0, low, high, static_cast<uint8_t>(~low), static_cast<uint8_t>(~high)};
    out.insert(out.end(), std::begin(head), std::end(head));
    out.insert(out.end(), now.begin(), now.end());
  }
}

/// What making a stream needs: a megabyte, which is better kept than taken and cleared each time.
class Deflater {
 public:
  Deflater() : library_(::libdeflate_alloc_compressor(kLibraryLevel)) {
    if (library_ == nullptr) throw std::bad_alloc();
  }

  std::vector<uint8_t> of_bytes(std::span<const uint8_t> bytes) {
    std::vector<uint8_t> out(bytes.size());
    out.resize(::libdeflate_zlib_compress(library_.get(), bytes.data(), bytes.size(), out.data(),
                                          out.size()));
    return out;
  }

  std::vector<uint8_t> of_planes(std::span<const uint8_t> bytes, size_t planes) {
    const size_t size = bytes.size() / planes;
    size_t stored = 0;
    while (stored < planes && !gets_smaller(bytes.subspan(stored * size, size))) ++stored;
    if (stored == 0) return of_bytes(bytes);
    if (stored == planes) return {};
    const auto rest = bytes.subspan(stored * size);
    std::vector<uint8_t> out = {0x78, 0x01};
    out.reserve(bytes.size() + kZlibFrame + kStoredHead * (1 + stored * size / kMostStored));
    put_stored(bytes.first(stored * size), out);
    const size_t begun = out.size();
    out.resize(begun + rest.size());
    const size_t packed = ::libdeflate_deflate_compress(library_.get(), rest.data(), rest.size(),
                                                        out.data() + begun, rest.size());
    out.resize(begun + packed);
    const uint32_t sum = ::libdeflate_adler32(1, bytes.data(), bytes.size());
    for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<uint8_t>(sum >> shift));
    if (packed == 0 || out.size() >= bytes.size()) return {};
    return out;
  }

 private:
  bool gets_smaller(std::span<const uint8_t> plane) {
    const auto tried = plane.subspan((plane.size() - std::min(plane.size(), kTried)) / 2,
                                     std::min(plane.size(), kTried));
    sample_.resize(tried.size());
    const size_t size = ::libdeflate_deflate_compress(library_.get(), tried.data(), tried.size(),
                                                      sample_.data(), sample_.size());
    return size > 0 && static_cast<double>(size) < kWorthIt * static_cast<double>(tried.size());
  }

  std::unique_ptr<libdeflate_compressor, FreeCompressor> library_;
  std::vector<uint8_t> sample_;
};

/// One a thread.
Deflater& deflater() {
  thread_local Deflater one;
  return one;
}

}  // namespace

std::vector<uint8_t> deflate_bytes(std::span<const uint8_t> bytes) {
  return deflater().of_bytes(bytes);
}

std::vector<uint8_t> deflate_planes(std::span<const uint8_t> bytes, size_t planes) {
  if (bytes.empty() || planes == 0 || bytes.size() % planes != 0) {
    throw internal_error("{} bytes in {} planes", bytes.size(), planes);
  }
  return deflater().of_planes(bytes, planes);
}

}  // namespace grids::core
