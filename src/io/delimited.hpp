/// Fields of a line of text: one reader for labels, lists of names, BED of peaks and of genes.
#pragma once

#include <deque>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/lines.hpp"

namespace grids::core {

/// The fields of a line, without the blanks and the quotes around them; separators between quotes
/// belong to the field, and two quotes there are one.
void split_fields(std::string_view line, char separator, std::vector<std::string>& fields);

/// The first of the separators that the line has outside of quotes; 0 where it has none.
char separator_of(std::string_view line, std::string_view separators);

/// Whether a word heads a column of names of cells, genes or peaks, in any letter case: "barcode",
/// "gene", "x" as R has it, nothing, …
bool heads_names(std::string_view word);

/// The lines of a file that say something, as fields. Passed over are empty lines and comments (#),
/// and of a BED those that begin with `track` or `browser`. The first line that has one tells the
/// separator. As with all text, a byte order mark and the line ends of Windows do not matter.
class DelimitedReader {
 public:
  struct Row {
    std::vector<std::string> fields;
    int64_t line = 0;
  };
  enum class Kind : uint8_t { kTable, kBed };

  /// `separators`: those that are looked for, in this order; beside quotes any of tab, comma and
  /// semicolon.
  DelimitedReader(const std::filesystem::path& path, std::string_view separators,
                  Kind kind = Kind::kTable);

  /// The next row in place of `row`; false at the end.
  bool next(Row& row);
  /// The row that `next` will return, or null.
  const Row* peek(size_t ahead = 0);

  /// Whether the first row has one field fewer than the second: the header that R's write.table
  /// writes above row names. Then it is given an empty field in front.
  bool complete_header();

  const std::filesystem::path& path() const { return reader_.path(); }
  /// Number of the first line that was taken for Windows-1252; 0 where all is UTF-8.
  int64_t converted() const { return reader_.converted(); }
  /// "reading PATH, line N: message".
  Error error(const Row& row, std::string_view message) const;

 private:
  bool read(Row& row);

  LineReader reader_;
  std::string separators_;
  Kind kind_;
  char separator_ = 0;
  std::deque<Row> ahead_;
};

/// Names in columns, as lists of cells and genes have them: one a line, maybe with more behind.
struct NameTable {
  std::vector<std::string> header;                ///< where the first line heads the names
  std::vector<std::vector<std::string>> columns;  ///< at least one
  std::string note;  ///< what to say of how it was read; empty where nothing is

  int64_t rows() const { return static_cast<int64_t>(columns[0].size()); }
};

/// Reads a list of names: plain, gzip, quoted, with R's header and row numbers. A first line that
/// `heads_names` is a header, unless there are as many lines as one of `sizes` says. Commas and
/// semicolons separate only in files called .csv and between quotes. Throws Error(kInput) with the
/// line number for rows of another width.
NameTable read_names(const std::filesystem::path& path, std::span<const int64_t> sizes = {});

/// The names of such a list, and nothing else: the first column.
std::vector<std::string> read_name_list(const std::filesystem::path& path);

}  // namespace grids::core
