#include "io/zip_archive.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/error.hpp"
#include "io/atomic_file.hpp"

// The layout is that of PKWARE's APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central
// directory) and 4.3.16 (its end). Numbers are little-endian.
namespace grids::core {
namespace {

constexpr std::string_view kEnd("PK\5\6", 4);
constexpr size_t kEndBytes = 22;
constexpr uint32_t kEntry = 0x02014b50;
constexpr size_t kEntryBytes = 46;
constexpr uint32_t kLocal = 0x04034b50;
constexpr size_t kLocalBytes = 30;
constexpr uint32_t kStored = 0;
constexpr uint32_t kDeflated = 8;
constexpr uint32_t kElsewhere = std::numeric_limits<uint32_t>::max();  ///< zip64

/// Deflate without the frame of zlib or gzip. Empty where the stream is damaged.
std::string inflated(std::string_view packed, size_t bytes) {
  std::string content(bytes, '\0');
  z_stream stream = {};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw internal_error("zlib cannot be started");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(content.data());
  stream.avail_out = static_cast<uInt>(content.size());
  const int status = ::inflate(&stream, Z_FINISH);
  const bool whole = status == Z_STREAM_END && stream.avail_out == 0;
  ::inflateEnd(&stream);
  return whole ? content : std::string();
}

uint32_t crc_of(std::string_view bytes) {
  return static_cast<uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace

ZipArchive::ZipArchive(const std::filesystem::path& path)
    : source_(path.string()), content_(read_file(path)) {
  read_members();
}

uint32_t ZipArchive::number(size_t place, size_t bytes) const {
  if (place > content_.size() || content_.size() - place < bytes) {
    throw input_error("{}: the archive is damaged, or not copied to its end", source_);
  }
  uint32_t value = 0;
  for (size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<uint8_t>(content_[place + i]);
  return value;
}

void ZipArchive::read_members() {
  if (content_.empty()) throw input_error("{}: the file is empty", source_);
  if (!content_.starts_with("PK")) throw input_error("{}: this is not a zip archive", source_);
  const size_t end = content_.rfind(kEnd);
  if (end == std::string::npos || content_.size() - end < kEndBytes) {
    throw input_error("{}: the archive is damaged, or not copied to its end", source_);
  }
  const uint32_t count = number(end + 10, 2);
  size_t place = number(end + 16, 4);
  for (uint32_t i = 0; i < count; ++i) {
    if (number(place, 4) != kEntry) {
      throw input_error("{}: the archive's list of members is damaged", source_);
    }
    Member member;
    member.method = number(place + 10, 2);
    member.checksum = number(place + 16, 4);
    member.packed_bytes = number(place + 20, 4);
    member.bytes = number(place + 24, 4);
    member.place = number(place + 42, 4);
    if (std::max({member.packed_bytes, member.bytes, member.place}) == kElsewhere) {
      throw input_error("{}: archives of 4 GB and more are not read; save the array as .npy",
                        source_);
    }
    const uint32_t name_bytes = number(place + 28, 2);
    number(place + kEntryBytes, name_bytes == 0 ? 0 : 1);
    member.name = content_.substr(place + kEntryBytes, name_bytes);
    place += kEntryBytes + name_bytes + number(place + 30, 2) + number(place + 32, 2);
    members_.push_back(std::move(member));
  }
}

std::vector<std::string> ZipArchive::names() const {
  std::vector<std::string> names;
  for (const auto& member : members_) names.push_back(member.name);
  return names;
}

const ZipArchive::Member* ZipArchive::find(const std::string& name) const {
  for (const auto& member : members_) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

bool ZipArchive::has(const std::string& name) const {
  return find(name) != nullptr;
}

std::string ZipArchive::read(const std::string& name) const {
  const Member* member = find(name);
  if (member == nullptr) throw input_error("{}: no member '{}'", source_, name);
  if (number(member->place, 4) != kLocal) {
    throw input_error("{}: {}: the archive is damaged here", source_, name);
  }
  const size_t begin =
      member->place + kLocalBytes + number(member->place + 26, 2) + number(member->place + 28, 2);
  if (begin > content_.size() || content_.size() - begin < member->packed_bytes) {
    throw input_error("{}: {}: the archive is damaged, or not copied to its end", source_, name);
  }
  const std::string_view packed(content_.data() + begin, member->packed_bytes);
  std::string bytes;
  if (member->method == kStored) {
    bytes = packed;
  } else if (member->method == kDeflated) {
    if (member->bytes > most_unpacked(member->packed_bytes)) {
      throw input_error(
          "{}: {}: its {} bytes claim to unpack to {}, far more than real arrays do; save it with "
          "numpy.savez or numpy.save",
          source_, name, member->packed_bytes, member->bytes);
    }
    bytes = inflated(packed, member->bytes);
  } else {
    throw input_error("{}: {}: packed by a method ({}) that is not read; use numpy.savez", source_,
                      name, member->method);
  }
  if (bytes.size() != member->bytes || crc_of(bytes) != member->checksum) {
    throw input_error("{}: {}: damaged (its checksum disagrees)", source_, name);
  }
  return bytes;
}

}  // namespace grids::core
