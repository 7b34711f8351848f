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
  /// lives until the next call. A line that is no UTF-8 is taken for Windows-1252 (io/utf8.hpp); a
  /// byte order mark is no part of the first. Throws Error(kInput) for damaged or cut gzip files,
  /// for what is no text in lines (UTF-16, zero bytes, line ends of carriage returns alone), and
  /// for files made to fill the memory: lines beyond `kLongestLine`, or more lines than bytes could
  /// tell apart.
  bool next(std::string_view& line);

  /// How far into the file, packed as it is, reading has come: for progress.
  int64_t packed_bytes() const;

  int64_t line() const { return line_; }  ///< number of the last line returned, from 1
  const std::filesystem::path& path() const { return path_; }
  /// Number of the first line that was taken for Windows-1252; 0 where all was UTF-8.
  int64_t converted() const { return converted_; }

  /// "reading PATH, line N: message".
  Error error(std::string_view message) const;

 private:
  struct Stream;

  bool refill();
  /// The line as UTF-8, where it may be something else.
  std::string_view checked(std::string_view line);

  std::filesystem::path path_;
  std::unique_ptr<Stream> stream_;
  int64_t most_lines_ = 0;
  size_t block_ = 0;  ///< bytes that are unpacked at a time
  std::string buffer_;
  size_t begin_ = 0;
  int64_t line_ = 0;
  bool plain_ = true;  ///< so far nothing but ASCII was read
  std::string text_;   ///< a line that was converted
  int64_t converted_ = 0;
};

/// The fields between separators; an empty text has one empty field.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The whole text as a whole number from 0; false for anything else.
bool parse_position(std::string_view text, int64_t& value);

}  // namespace grids::core
