/// Text files line by line, plain or gzip, with the line number for messages.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace grids::core {

class LineReader {
 public:
  /// No name, label or annotation is longer, in bytes.
  static constexpr size_t kLongestLine = size_t{1} << 24;

  /// Throws Error(kInput) when the file cannot be opened.
  explicit LineReader(const std::filesystem::path& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The next line without its end (also of Windows), or false at the end of the file. The view
  /// lives until the next call. Throws Error(kInput) for damaged or cut gzip files, and for those
  /// made to fill the memory: lines beyond `kLongestLine`, or more lines than bytes could tell
  /// apart.
  bool next(std::string_view& line);

  int64_t line() const { return line_; }  ///< number of the last line returned, from 1
  const std::filesystem::path& path() const { return path_; }

  /// "reading PATH, line N: message".
  Error error(std::string_view message) const;

 private:
  struct Stream;

  bool refill();

  std::filesystem::path path_;
  std::unique_ptr<Stream> stream_;
  int64_t most_lines_ = 0;
  std::string buffer_;
  size_t begin_ = 0;
  int64_t line_ = 0;
};

/// The lines of a text file, trimmed; empty lines and lines that begin with '#' are skipped.
std::vector<std::string> read_lines(const std::filesystem::path& path);

/// The fields between separators; an empty text has one empty field.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The whole text as a whole number from 0; false for anything else.
bool parse_position(std::string_view text, int64_t& value);

}  // namespace grids::core
