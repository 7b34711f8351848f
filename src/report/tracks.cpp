#include "report/tracks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/file_name.hpp"
#include "evaluate/set_columns.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"

namespace grids::core {
namespace {

struct TrackItem {
  std::string chrom;
  int64_t start;
  int64_t end;
  std::string name;
  int64_t score;
  size_t method;  // in order of appearance
};

/// Okabe–Ito, distinguishable for colour-blind readers.
constexpr const char* kMethodColours[] = {"0,114,178",   "230,159,0", "0,158,115",
                                          "204,121,167", "213,94,0",  "86,180,233"};

/// Without what would end a quoted value or the line.
std::string unquoted(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 32) continue;
    result.push_back(c == '"' ? '\'' : c);
  }
  return result;
}

/// BED separates by white space; a name may hold none.
std::string one_word(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (static_cast<unsigned char>(c) <= 32) c = '_';
  }
  // BED knows no quotes, and a spreadsheet would take the name for a formula.
  if (!result.empty() && std::string_view("=+-@").find(result[0]) != std::string_view::npos) {
    result[0] = '_';
  }
  return result;
}

std::string bed(const std::string& cell_type, const std::string& gene,
                std::vector<TrackItem> intervals, const std::vector<std::string>& methods) {
  std::stable_sort(intervals.begin(), intervals.end(), [](const auto& a, const auto& b) {
    return std::tie(a.chrom, a.start, a.end) < std::tie(b.chrom, b.start, b.end);
  });
  std::string text = fmt::format(
      "track name=\"{} in {}\" description=\"grids: peaks whose joint masking changes the "
      "prediction of {} in {} most\" itemRgb=\"On\" useScore=0\n",
      unquoted(gene), unquoted(cell_type), unquoted(gene), unquoted(cell_type));
  for (const auto& entry : intervals) {
    const std::string name = methods.size() > 1
                                 ? fmt::format("{}_{}", entry.name, one_word(methods[entry.method]))
                                 : entry.name;
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t.\t{}\t{}\t{}\n", one_word(entry.chrom), entry.start,
                        entry.end, name, entry.score, entry.start, entry.end,
                        kMethodColours[entry.method % std::size(kMethodColours)]);
  }
  return text;
}

}  // namespace

std::string track_file_name(std::string_view cell_type, std::string_view gene) {
  // No underscore in the gene's part: the last one of the name separates the two.
  return safe_file_name(cell_type) + "_" + safe_file_name(gene, "_") + ".bed";
}

std::vector<std::string> track_names(const Table& subsets) {
  std::vector<std::string> names;
  for (size_t row = 0; row < subsets.rows(); ++row) {
    auto name =
        track_file_name(subsets.text(row, column::kCellType), subsets.text(row, column::kGene));
    if (std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::filesystem::path> write_tracks(const std::filesystem::path& folder,
                                                const Table& subsets) {
  using Pair = std::pair<std::string, std::string>;
  std::vector<Pair> order;
  std::map<Pair, std::vector<TrackItem>> intervals;
  std::map<Pair, std::vector<std::string>> methods;
  for (size_t row = 0; row < subsets.rows(); ++row) {
    const Pair pair = {subsets.text(row, column::kCellType), subsets.text(row, column::kGene)};
    if (!intervals.contains(pair)) order.push_back(pair);
    auto& seen = methods[pair];
    const auto& method = subsets.text(row, column::kMethod);
    auto found = std::find(seen.begin(), seen.end(), method);
    if (found == seen.end()) found = seen.insert(seen.end(), method);
    const auto rank = static_cast<int64_t>(subsets.number(row, column::kRank));
    const auto size = static_cast<int64_t>(subsets.number(row, column::kSetSize));
    intervals[pair].push_back({subsets.text(row, column::kChrom),
                               static_cast<int64_t>(subsets.number(row, column::kStart)),
                               static_cast<int64_t>(subsets.number(row, column::kEnd)),
                               fmt::format("{}_{}", one_word(pair.second), rank),
                               1000 - (size > 1 ? 900 * (rank - 1) / (size - 1) : 0),
                               static_cast<size_t>(found - seen.begin())});
  }
  std::vector<std::filesystem::path> files;
  if (order.empty()) return files;
  make_folder(folder);
  for (const Pair& pair : order) {
    files.push_back(folder / track_file_name(pair.first, pair.second));
    replace_file(files.back(), bed(pair.first, pair.second, intervals[pair], methods[pair]));
  }
  return files;
}

}  // namespace grids::core
