#include "io/zarr_codecs.hpp"

#include <blosc.h>
#include <fmt/core.h>
#include <isa-l/crc.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "base/at.hpp"
#include "base/error.hpp"

namespace grids::core::zarr {
namespace {

/// Why a chunk cannot be unpacked, on its way to who knows its name.
Error damage(const std::string& what) {
  return {ErrorKind::kInput, what};
}

/// A place for what comes out: of the size that is known, or growing up to the most that it may be.
class Room {
 public:
  Room(std::optional<int64_t> bytes, int64_t most, size_t packed)
      : most_(at(bytes.value_or(most))),
        bytes_(bytes ? at(*bytes) : std::min(most_, 4 * packed + 1024), '\0') {}

  std::span<char> rest() { return std::span(bytes_).subspan(filled_); }
  void fill(size_t count) { filled_ += count; }
  /// Makes more room, or says that there is none to be had.
  void grow() {
    if (bytes_.size() >= most_) throw damage("unpacks to more than it should");
    bytes_.resize(std::min(most_, 2 * bytes_.size() + 1024));
  }
  std::string take() {
    bytes_.resize(filled_);
    return std::move(bytes_);
  }

 private:
  size_t most_;
  std::string bytes_;
  size_t filled_ = 0;
};

constexpr size_t kAtOnce = size_t{1} << 30;  ///< zlib counts in 32 bits

/// gzip, of which there may be several streams, or zlib.
std::string inflated(std::string_view packed, Room room) {
  z_stream stream = {};
  constexpr int kAnyFrame = 32;
  if (::inflateInit2(&stream, MAX_WBITS + kAnyFrame) != Z_OK) {
    throw internal_error("zlib cannot be started");
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, ::inflateEnd);
  bool whole = false;
  while (!packed.empty()) {
    auto out = room.rest();
    const size_t in_now = std::min(kAtOnce, packed.size());
    const size_t out_now = std::min(kAtOnce, out.size());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(in_now);
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out_now);
    const int status = ::inflate(&stream, Z_NO_FLUSH);
    const size_t used = in_now - stream.avail_in;
    packed.remove_prefix(used);
    room.fill(out_now - stream.avail_out);
    whole = status == Z_STREAM_END;
    if (whole && !packed.empty() && ::inflateReset(&stream) != Z_OK) whole = false;
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      throw damage("the gzip stream is damaged");
    }
    if (!whole && used == 0 && out_now - stream.avail_out == 0) {
      if (stream.avail_out > 0) break;
      room.grow();
    }
  }
  if (!whole) throw damage("the gzip stream is cut short");
  return room.take();
}

std::string from_zstd(std::string_view packed, Room room) {
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ::ZSTD_freeDCtx(context); }
  };
  const std::unique_ptr<ZSTD_DCtx, Free> context(::ZSTD_createDCtx());
  if (context == nullptr) throw internal_error("Zstandard cannot be started");
  ZSTD_inBuffer in = {packed.data(), packed.size(), 0};
  size_t left = 1;
  while (in.pos < in.size || left != 0) {
    const auto rest = room.rest();
    ZSTD_outBuffer out = {rest.data(), rest.size(), 0};
    const size_t before = in.pos;
    left = ::ZSTD_decompressStream(context.get(), &out, &in);
    if (::ZSTD_isError(left) != 0) {
      throw damage(fmt::format("the Zstandard frame is damaged ({})", ::ZSTD_getErrorName(left)));
    }
    room.fill(out.pos);
    if (in.pos == before && out.pos == 0) {
      if (out.size > 0) throw damage("the Zstandard frame is cut short");
      room.grow();
    }
  }
  return room.take();
}

/// Where the frame tells its size, all at once.
std::string unpacked_zstd(std::string_view packed, std::optional<int64_t> bytes, int64_t most) {
  if (!bytes) return from_zstd(packed, Room(bytes, most, packed.size()));
  std::string content(at(*bytes), '\0');
  const size_t count =
      ::ZSTD_decompress(content.data(), content.size(), packed.data(), packed.size());
  if (::ZSTD_isError(count) != 0) {
    throw damage(fmt::format("the Zstandard frame is damaged ({})", ::ZSTD_getErrorName(count)));
  }
  content.resize(count);
  return content;
}

std::string unpacked_blosc(std::string_view packed, int64_t most) {
  size_t bytes = 0;
  if (packed.size() < BLOSC_MIN_HEADER_LENGTH ||
      ::blosc_cbuffer_validate(packed.data(), packed.size(), &bytes) < 0) {
    throw damage("the Blosc buffer is damaged");
  }
  if (bytes > at(most)) throw damage("unpacks to more than it should");
  std::string content(bytes, '\0');
  if (bytes == 0) return content;
  const int count = ::blosc_decompress_ctx(packed.data(), content.data(), bytes, 1);
  if (count == static_cast<int>(bytes)) return content;
  const char* library = ::blosc_cbuffer_complib(packed.data());
  throw damage(fmt::format("the Blosc buffer ({}) is damaged, or packed in a way that is not read",
                           library == nullptr ? "of an unknown kind" : library));
}

std::string unshuffled(std::string_view bytes, int64_t entry_bytes) {
  const size_t width = at(entry_bytes);
  if (bytes.size() % width != 0) throw damage("what was shuffled is cut short");
  std::string content(bytes.size(), '\0');
  const size_t entries = bytes.size() / width;
  for (size_t byte = 0; byte < width; ++byte) {
    for (size_t i = 0; i < entries; ++i) content[i * width + byte] = bytes[byte * entries + i];
  }
  return content;
}

uint32_t checksum_of(Codec::Kind kind, std::string_view bytes) {
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
  if (kind == Codec::Kind::kCrc32) return static_cast<uint32_t>(::crc32_z(0, data, bytes.size()));
  if (kind == Codec::Kind::kAdler32) {
    return static_cast<uint32_t>(::adler32_z(1, data, bytes.size()));
  }
  return crc32c_of(bytes);
}

constexpr size_t kChecksumBytes = 4;

std::string without_checksum(const Codec& codec, std::string_view bytes) {
  if (bytes.size() < kChecksumBytes) throw damage("is shorter than its checksum");
  const auto content = codec.checksum_first ? bytes.substr(kChecksumBytes)
                                            : bytes.substr(0, bytes.size() - kChecksumBytes);
  uint32_t said = 0;
  std::memcpy(&said, codec.checksum_first ? bytes.data() : content.data() + content.size(),
              sizeof said);
  if (said != checksum_of(codec.kind, content)) {
    throw damage("its checksum disagrees with what it holds");
  }
  return std::string(content);
}

std::string undone(const Codec& codec, std::string_view packed, std::optional<int64_t> bytes,
                   int64_t most) {
  switch (codec.kind) {
    case Codec::Kind::kGzip:
    case Codec::Kind::kZlib:
      return inflated(packed, Room(bytes, most, packed.size()));
    case Codec::Kind::kZstd:
      return unpacked_zstd(packed, bytes, most);
    case Codec::Kind::kBlosc:
      return unpacked_blosc(packed, bytes.value_or(most));
    case Codec::Kind::kShuffle:
      return unshuffled(packed, codec.entry_bytes);
    default:
      return without_checksum(codec, packed);
  }
}

}  // namespace

uint32_t crc32c_of(std::string_view bytes) {
  uint32_t sum = ~uint32_t{0};
  while (!bytes.empty()) {
    const auto now = bytes.substr(0, kAtOnce);
    // Which it only reads.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(now.data()));
    sum = ::crc32_iscsi(data, static_cast<int>(now.size()), sum);
    bytes.remove_prefix(now.size());
  }
  return ~sum;
}

std::string unpacked(const std::vector<Codec>& codecs, std::string packed,
                     std::optional<int64_t> bytes, int64_t most) {
  for (size_t i = codecs.size(); i-- > 0;) {
    // Between two codecs there may be as much as what packing does not make smaller.
    const bool last = i == 0;
    packed = undone(codecs[i], packed, last ? bytes : std::nullopt, last ? most : 2 * most + 1024);
  }
  if (bytes && std::ssize(packed) != *bytes) {
    throw damage(fmt::format("holds {} bytes instead of {}", packed.size(), *bytes));
  }
  return packed;
}

}  // namespace grids::core::zarr
