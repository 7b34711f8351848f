#include "io/lines.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "io/atomic_file.hpp"
#include "io/utf8.hpp"

namespace grids::core {

struct LineReader::Stream {
  explicit Stream(const std::filesystem::path& path) : file(::gzopen(path.c_str(), "rb")) {}
  ~Stream() {
    if (file != nullptr) ::gzclose(file);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  gzFile file;
};

LineReader::LineReader(const std::filesystem::path& path) : path_(path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw input_error("reading {}: it is a folder", path.string());
  }
  errno = 0;
  stream_ = std::make_unique<Stream>(path);
  if (stream_->file == nullptr) {
    throw input_error("reading {}: {}", path.string(),
                      errno != 0 ? std::strerror(errno) : "cannot be opened");
  }
  // Lines that differ take at least a byte each, packed or not.
  constexpr int64_t kAlways = int64_t{1} << 20;
  const uintmax_t bytes = std::filesystem::file_size(path, ignored);
  most_lines_ = kAlways + (ignored ? 0 : 2 * static_cast<int64_t>(bytes));
  block_ = ignored ? kLargestBlock : block_for(bytes);
  ::gzbuffer(stream_->file, static_cast<unsigned>(std::min<size_t>(block_, 1 << 17)));
}

LineReader::~LineReader() = default;

int64_t LineReader::packed_bytes() const {
  return ::gzoffset(stream_->file);
}

namespace {

/// Whether a line needs no closer look: neither bytes beyond ASCII, nor zeros, nor carriage
/// returns. Without branches, so that large files are not slower for it.
bool is_plain(std::string_view text) {
  unsigned odd = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    odd |= static_cast<unsigned>(byte >= 0x80) | static_cast<unsigned>(byte == 0) |
           static_cast<unsigned>(byte == '\r');
  }
  return odd == 0;
}

}  // namespace

std::string_view LineReader::checked(std::string_view line) {
  if (line_ == 1) {
    for (const std::string_view mark : {"\xFF\xFE", "\xFE\xFF"}) {
      if (line.starts_with(mark)) {
        throw input_error("reading {}: is UTF-16 text; save it as UTF-8", path_.string());
      }
    }
    if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  }
  if (line.find('\0') != std::string_view::npos) {
    throw error("holds zero bytes, so it is no text, or UTF-16: save it as UTF-8");
  }
  if (line.find('\r') != std::string_view::npos) {
    throw error(
        "holds carriage returns alone, the line ends of an old Mac: save the file with those of "
        "Unix or Windows");
  }
  if (is_utf8(line)) return line;
  auto text = from_windows_1252(line);
  if (!text) throw error("is neither UTF-8 nor Windows-1252 text; save the file as UTF-8");
  if (converted_ == 0) converted_ = line_;
  text_ = std::move(*text);
  return text_;
}

bool LineReader::refill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const size_t before = buffer_.size();
  buffer_.resize(before + block_);
  const int count = ::gzread(stream_->file, buffer_.data() + before, static_cast<unsigned>(block_));
  buffer_.resize(before + static_cast<size_t>(count > 0 ? count : 0));
  int status = Z_OK;
  const char* reason = ::gzerror(stream_->file, &status);
  if (count < 0 || (status != Z_OK && status != Z_STREAM_END)) {
    throw error(fmt::format("{} (is the file complete?)",
                            status == Z_ERRNO ? std::strerror(errno) : reason));
  }
  plain_ = plain_ && is_plain(std::string_view(buffer_).substr(before));
  return count > 0;
}

bool LineReader::next(std::string_view& line) {
  size_t end = buffer_.find('\n', begin_);
  while (end == std::string::npos) {
    const size_t searched = buffer_.size() - begin_;
    if (searched > kLongestLine) {
      ++line_;
      throw error(fmt::format("is longer than {} bytes; this is no list or table", kLongestLine));
    }
    if (!refill()) {
      if (buffer_.empty()) return false;
      end = buffer_.size();  // a last line without its end
      break;
    }
    end = buffer_.find('\n', searched);
  }
  line = std::string_view(buffer_).substr(begin_, end - begin_);
  begin_ = std::min(end + 1, buffer_.size());
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  ++line_;
  if (line_ > most_lines_) {
    throw error(
        "so many lines in so few bytes repeat each other; unpack the file first (gunzip) "
        "where that is right");
  }
  if (!plain_) line = checked(line);
  return true;
}

Error LineReader::error(std::string_view message) const {
  return input_error("reading {}, line {}: {}", path_.string(), line_, message);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> fields;
  for (;;) {
    const size_t end = text.find(separator);
    fields.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return fields;
    text.remove_prefix(end + 1);
  }
}

bool parse_position(std::string_view text, int64_t& value) {
  const auto* end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  return status == std::errc() && rest == end && !text.empty() && text[0] != '-';
}

}  // namespace grids::core
