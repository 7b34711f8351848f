#include "io/deflate.hpp"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <limits>

#include "base/error.hpp"

namespace grids::core {
namespace {

/// Costs as little as the lower ones, for files some 3 % smaller; higher ones pack no better.
constexpr uint32_t kLevel = 2;
constexpr size_t kLevelBuffer = ISAL_DEF_LVL2_DEFAULT;
/// A plane that would keep this share of its size is left as it is: reading it costs nothing then.
constexpr double kWorthIt = 0.97;
/// How much of a plane is tried.
constexpr size_t kTried = 8192;
/// Of a stored block (RFC 1951, 3.2.4), and what stands before its bytes.
constexpr size_t kMostStored = 65535;
constexpr size_t kStoredHead = 5;
/// "78 01" and Adler-32 (RFC 1950).
constexpr size_t kZlibFrame = 6;

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

uint32_t adler32_of(std::span<const uint8_t> bytes) {
  return ::isal_adler32(1, bytes.data(), bytes.size());
}

/// What making a stream needs: some 100 kB, which are better kept than taken and cleared each time.
class Deflater {
 public:
  std::vector<uint8_t> of_bytes(std::span<const uint8_t> bytes) {
    std::vector<uint8_t> out(bytes.size());
    out.resize(pack(bytes, IGZIP_ZLIB, out));
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
    const size_t packed = pack(rest, IGZIP_DEFLATE, std::span(out).subspan(begun));
    out.resize(begun + packed);
    const uint32_t sum = adler32_of(bytes);
    for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<uint8_t>(sum >> shift));
    if (packed == 0 || out.size() >= bytes.size()) return {};
    return out;
  }

 private:
  /// How many bytes of `out` the stream takes; 0 where it would not be smaller than `out`, or than
  /// what is packed.
  size_t pack(std::span<const uint8_t> bytes, uint16_t frame, std::span<uint8_t> out) {
    if (bytes.size() > std::numeric_limits<uint32_t>::max()) return 0;
    isal_zstream stream;
    ::isal_deflate_stateless_init(&stream);
    stream.level = kLevel;
    stream.level_buf = buffer_.data();
    stream.level_buf_size = static_cast<uint32_t>(buffer_.size());
    stream.gzip_flag = frame;
    stream.end_of_stream = 1;
    stream.next_in = const_cast<uint8_t*>(bytes.data());  // which it only reads
    stream.avail_in = static_cast<uint32_t>(bytes.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uint32_t>(out.size());
    const bool fits = ::isal_deflate_stateless(&stream) == COMP_OK;
    return fits && stream.total_out < bytes.size() ? stream.total_out : 0;
  }

  bool gets_smaller(std::span<const uint8_t> plane) {
    const auto tried = plane.subspan((plane.size() - std::min(plane.size(), kTried)) / 2,
                                     std::min(plane.size(), kTried));
    sample_.resize(tried.size());
    const size_t size = pack(tried, IGZIP_DEFLATE, sample_);
    return size > 0 && static_cast<double>(size) < kWorthIt * static_cast<double>(tried.size());
  }

  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(kLevelBuffer);
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

bool inflate_exactly(std::span<const uint8_t> stream, std::span<uint8_t> out) {
  constexpr size_t kMost = std::numeric_limits<uint32_t>::max();
  if (stream.size() > kMost || out.size() > kMost) return false;
  inflate_state state;
  ::isal_inflate_init(&state);
  state.crc_flag = ISAL_ZLIB;
  state.next_in = const_cast<uint8_t*>(stream.data());  // which it only reads
  state.avail_in = static_cast<uint32_t>(stream.size());
  state.next_out = out.data();
  state.avail_out = static_cast<uint32_t>(out.size());
  return ::isal_inflate_stateless(&state) == ISAL_DECOMP_OK && state.total_out == out.size();
}

}  // namespace grids::core
