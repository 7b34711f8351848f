#include "io/lines.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <sstream>

#include "io/atomic_file.hpp"

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
  ::gzbuffer(stream_->file, 1 << 17);
  // Lines that differ take at least a byte each, packed or not.
  constexpr int64_t kAlways = int64_t{1} << 20;
  const auto bytes = std::filesystem::file_size(path, ignored);
  most_lines_ = kAlways + (ignored ? 0 : 2 * static_cast<int64_t>(bytes));
}

LineReader::~LineReader() = default;

bool LineReader::refill() {
  constexpr size_t kBlock = 1 << 20;
  buffer_.erase(0, begin_);
  begin_ = 0;
  const size_t before = buffer_.size();
  buffer_.resize(before + kBlock);
  const int count = ::gzread(stream_->file, buffer_.data() + before, kBlock);
  buffer_.resize(before + static_cast<size_t>(count > 0 ? count : 0));
  int status = Z_OK;
  const char* reason = ::gzerror(stream_->file, &status);
  if (count < 0 || (status != Z_OK && status != Z_STREAM_END)) {
    throw error(fmt::format("{} (is the file complete?)",
                            status == Z_ERRNO ? std::strerror(errno) : reason));
  }
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
  return true;
}

Error LineReader::error(std::string_view message) const {
  return input_error("reading {}, line {}: {}", path_.string(), line_, message);
}

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  std::istringstream content(read_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(content, line);) {
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    lines.push_back(line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1));
  }
  return lines;
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
