#include "io/zip_archive.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/error.hpp"
#include "io/atomic_file.hpp"

// The layout is that of PKWARE's APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central
// directory), 4.3.14 to 4.3.16 (its ends) and 4.5.3 (zip64). Numbers are little-endian.
namespace grids::core {
namespace {

constexpr std::string_view kEnd("PK\5\6", 4);
constexpr size_t kEndBytes = 22;
constexpr uint64_t kMostComment = 65535;
constexpr uint32_t kEnd64 = 0x06064b50;
constexpr size_t kEnd64Bytes = 56;
constexpr uint32_t kLocator = 0x07064b50;
constexpr size_t kLocatorBytes = 20;
constexpr uint32_t kEntry = 0x02014b50;
constexpr size_t kEntryBytes = 46;
constexpr uint32_t kLocal = 0x04034b50;
constexpr size_t kLocalBytes = 30;
constexpr uint32_t kStored = 0;
constexpr uint32_t kDeflated = 8;
constexpr uint32_t kEncrypted = 1;  ///< a flag
constexpr uint64_t kElsewhere = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kZip64 = 1;  ///< an extra field

/// Deflate without the frame of zlib or gzip. Empty where the stream is damaged.
std::string inflated(std::string_view packed, size_t bytes) {
  std::string content(bytes, '\0');
  z_stream stream = {};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw internal_error("zlib cannot be started");
  // Counts of zlib have 32 bits.
  constexpr size_t kAtOnce = size_t{1} << 30;
  size_t in = 0;
  size_t out = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    const size_t in_now = std::min(kAtOnce, packed.size() - in);
    const size_t out_now = std::min(kAtOnce, bytes - out);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + in));
    stream.avail_in = static_cast<uInt>(in_now);
    stream.next_out = reinterpret_cast<Bytef*>(content.data() + out);
    stream.avail_out = static_cast<uInt>(out_now);
    status = ::inflate(&stream, Z_NO_FLUSH);
    in += in_now - stream.avail_in;
    out += out_now - stream.avail_out;
  }
  ::inflateEnd(&stream);
  return status == Z_STREAM_END && out == bytes ? content : std::string();
}

uint32_t crc_of(std::string_view bytes) {
  return static_cast<uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// Of bytes that are there.
uint64_t number(std::string_view from, size_t place, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<uint8_t>(from[place + i]);
  return value;
}

/// The numbers of eight bytes that an entry keeps in its extra fields, in their order.
std::string_view zip64_of(std::string_view extra) {
  while (extra.size() >= 4) {
    const uint64_t size = number(extra, 2, 2);
    if (size > extra.size() - 4) return {};
    if (number(extra, 0, 2) == kZip64) return extra.substr(4, size);
    extra.remove_prefix(4 + size);
  }
  return {};
}

}  // namespace

RandomFile::RandomFile(const std::filesystem::path& path) : source_(path.string()) {
  std::error_code ignored;
  // A pipe would keep whoever opens it waiting.
  if (!std::filesystem::is_regular_file(path, ignored)) {
    throw input_error("cannot read {}: it is {}", source_,
                      std::filesystem::exists(path, ignored) ? "no file" : "not there");
  }
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw input_error("cannot read {}: {}", source_, std::strerror(errno));
  struct stat status {};
  if (::fstat(descriptor_, &status) == 0) bytes_ = static_cast<uint64_t>(status.st_size);
}

RandomFile::~RandomFile() {
  ::close(descriptor_);
}

std::optional<std::string> RandomFile::read(uint64_t first, uint64_t count) const {
  if (first > bytes_ || count > bytes_ - first) return std::nullopt;
  std::string content(count, '\0');
  for (size_t done = 0; done < content.size();) {
    const auto got = ::pread(descriptor_, content.data() + done, content.size() - done,
                             static_cast<off_t>(first + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw input_error("cannot read {}: {}", source_, std::strerror(errno));
    if (got == 0) return std::nullopt;  // it became shorter
    done += static_cast<size_t>(got);
  }
  return content;
}

ZipArchive::ZipArchive(const std::filesystem::path& path, std::string remedy)
    : source_(path.string()), remedy_(std::move(remedy)), file_(path) {
  read_members();
}

std::string ZipArchive::piece(uint64_t first, uint64_t count) const {
  auto bytes = file_.read(first, count);
  if (!bytes) throw input_error("{}: the archive is damaged, or not copied to its end", source_);
  return std::move(*bytes);
}

void ZipArchive::read_members() {
  if (file_.bytes() == 0) throw input_error("{}: the file is empty", source_);
  if (file_.bytes() < 2 || piece(0, 2) != "PK") {
    throw input_error("{}: this is not a zip archive", source_);
  }
  const uint64_t tail_bytes = std::min<uint64_t>(file_.bytes(), kEndBytes + kMostComment);
  const uint64_t tail_begin = file_.bytes() - tail_bytes;
  const auto tail = piece(tail_begin, tail_bytes);
  const size_t end = tail.rfind(kEnd);
  if (end == std::string::npos || tail.size() - end < kEndBytes) {
    throw input_error("{}: the archive is damaged, or not copied to its end", source_);
  }
  uint64_t count = number(tail, end + 10, 2);
  uint64_t size = number(tail, end + 12, 4);
  uint64_t place = number(tail, end + 16, 4);
  const uint64_t end_place = tail_begin + end;
  if (end_place >= kLocatorBytes) {
    const auto locator = piece(end_place - kLocatorBytes, kLocatorBytes);
    if (number(locator, 0, 4) == kLocator) {
      const auto end64 = piece(number(locator, 8, 8), kEnd64Bytes);
      if (number(end64, 0, 4) != kEnd64) {
        throw input_error("{}: the archive's list of members is damaged", source_);
      }
      count = number(end64, 32, 8);
      size = number(end64, 40, 8);
      place = number(end64, 48, 8);
    }
  }
  read_members(piece(place, size), count);
}

void ZipArchive::read_members(std::string_view list, uint64_t count) {
  const auto damaged = [&] {
    return input_error("{}: the archive's list of members is damaged", source_);
  };
  for (uint64_t i = 0; i < count; ++i) {
    if (list.size() < kEntryBytes || number(list, 0, 4) != kEntry) throw damaged();
    Member member;
    member.flags = static_cast<uint32_t>(number(list, 8, 2));
    member.method = static_cast<uint32_t>(number(list, 10, 2));
    member.checksum = static_cast<uint32_t>(number(list, 16, 4));
    member.packed_bytes = number(list, 20, 4);
    member.bytes = number(list, 24, 4);
    member.place = number(list, 42, 4);
    const size_t name_bytes = number(list, 28, 2);
    const size_t extra_bytes = number(list, 30, 2);
    const size_t all = kEntryBytes + name_bytes + extra_bytes + number(list, 32, 2);
    if (list.size() < all) throw damaged();
    auto large = zip64_of(list.substr(kEntryBytes + name_bytes, extra_bytes));
    for (auto* value : {&member.bytes, &member.packed_bytes, &member.place}) {
      if (*value != kElsewhere) continue;
      if (large.size() < 8) throw damaged();
      *value = number(large, 0, 8);
      large.remove_prefix(8);
    }
    std::string name(list.substr(kEntryBytes, name_bytes));
    list.remove_prefix(all);
    if (members_.insert_or_assign(name, member).second) names_.push_back(std::move(name));
  }
}

const ZipArchive::Member* ZipArchive::find(const std::string& name) const {
  const auto found = members_.find(name);
  return found == members_.end() ? nullptr : &found->second;
}

const ZipArchive::Member& ZipArchive::member(const std::string& name) const {
  const Member* found = find(name);
  if (found == nullptr) throw input_error("{}: no member '{}'", source_, name);
  if ((found->flags & kEncrypted) != 0) {
    throw input_error("{}: {}: is encrypted; {}", source_, name, remedy_);
  }
  if (found->method != kStored && found->method != kDeflated) {
    throw input_error("{}: {}: packed by a method ({}) that is not read; {}", source_, name,
                      found->method, remedy_);
  }
  return *found;
}

std::optional<uint64_t> ZipArchive::size(const std::string& name) const {
  const Member* found = find(name);
  return found == nullptr ? std::nullopt : std::optional(found->bytes);
}

bool ZipArchive::is_stored(const std::string& name) const {
  return member(name).method == kStored;
}

uint64_t ZipArchive::begin_of(const Member& member, const std::string& name) const {
  const auto local = piece(member.place, kLocalBytes);
  if (number(local, 0, 4) != kLocal) {
    throw input_error("{}: {}: the archive is damaged here", source_, name);
  }
  const uint64_t begin = member.place + kLocalBytes + number(local, 26, 2) + number(local, 28, 2);
  if (begin > file_.bytes() || file_.bytes() - begin < member.packed_bytes) {
    throw input_error("{}: {}: the archive is damaged, or not copied to its end", source_, name);
  }
  return begin;
}

std::string ZipArchive::read(const std::string& name) const {
  const Member& here = member(name);
  const uint64_t begin = begin_of(here, name);
  if (here.bytes > most_unpacked(here.packed_bytes)) {
    throw input_error(
        "{}: {}: its {} bytes claim to unpack to {}, far more than real arrays do; {}", source_,
        name, here.packed_bytes, here.bytes, remedy_);
  }
  auto bytes = piece(begin, here.packed_bytes);
  if (here.method == kDeflated) bytes = inflated(bytes, here.bytes);
  if (bytes.size() != here.bytes || crc_of(bytes) != here.checksum) {
    throw input_error("{}: {}: damaged (its checksum disagrees)", source_, name);
  }
  return bytes;
}

std::string ZipArchive::read_stored(const std::string& name, uint64_t first, uint64_t count) const {
  const Member& here = member(name);
  if (here.method != kStored || first > here.packed_bytes || count > here.packed_bytes - first) {
    throw input_error("{}: {}: damaged, or cut short", source_, name);
  }
  return piece(begin_of(here, name) + first, count);
}

}  // namespace grids::core
