#include "io/fragments.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "io/fragment_cells.hpp"
#include "io/fragment_peaks.hpp"
#include "io/lines.hpp"
#include "io/peak_name.hpp"
#include "math/packed_rows.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

/// Ends in peaks that are held before they are packed: 8 bytes each, 12 while they are.
constexpr size_t kEndsAtOnce = size_t{1} << 24;
/// Lines of a file whose barcodes tell how cells are spelt.
constexpr int64_t kFirstLines = 200'000;
/// Below, the peaks are hardly those of these fragments: even poor libraries have more in theirs.
constexpr double kFewInPeaks = 0.02;

struct FragmentLine {
  std::string_view chromosome;
  int64_t start = 0;
  int64_t end = 0;
  std::string_view barcode;
};

/// The next field of a line, with its tab.
std::string_view take_field(std::string_view& line) {
  const size_t end = line.find('\t');
  const auto field = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return field;
}

std::optional<FragmentLine> parse_fragment(std::string_view line) {
  FragmentLine fragment;
  fragment.chromosome = take_field(line);
  if (!parse_position(take_field(line), fragment.start) ||
      !parse_position(take_field(line), fragment.end) || fragment.end < fragment.start) {
    return std::nullopt;
  }
  fragment.barcode = take_field(line);
  if (fragment.chromosome.empty() || fragment.barcode.empty()) return std::nullopt;
  return fragment;
}

bool passes_over(std::string_view line) {
  return line.empty() || line.front() == '#';
}

/// The lines of a file that are fragments.
class FragmentReader {
 public:
  explicit FragmentReader(const fs::path& path) : reader_(path) {}

  bool next(FragmentLine& fragment) {
    std::string_view line;
    do {
      if (!reader_.next(line)) return false;
    } while (passes_over(line));
    auto parsed = parse_fragment(line);
    if (!parsed) {
      throw reader_.error(
          "is no fragment: chrom, start, end and barcode are expected, parted by tabs, the end not "
          "before the start");
    }
    fragment = *parsed;
    return true;
  }

  int64_t packed_bytes() const { return reader_.packed_bytes(); }

 private:
  LineReader reader_;
};

std::vector<std::string> first_barcodes(const fs::path& path) {
  FragmentReader reader(path);
  std::set<std::string, std::less<>> barcodes;
  FragmentLine fragment;
  for (int64_t line = 0; line < kFirstLines && reader.next(fragment); ++line) {
    if (!barcodes.contains(fragment.barcode)) barcodes.emplace(fragment.barcode);
  }
  return {barcodes.begin(), barcodes.end()};
}

/// Counts of cells × peaks from pairs of both, in any order.
class EndCounts {
 public:
  EndCounts(int64_t cells, int64_t peaks, ThreadPool& pool)
      : row_ends_(at(cells) + 1), columns_(peaks), pool_(pool) {}

  void add(int32_t cell, int32_t peak) {
    cells_.push_back(cell);
    peaks_.push_back(peak);
    if (cells_.size() == kEndsAtOnce) pack();
  }

  PackedRows take() {
    if (!cells_.empty() || parts_.empty()) pack();
    return summed_rows(std::move(parts_), &pool_);
  }

 private:
  /// The peaks of each cell together, then each once with its number.
  void pack() {
    CsrMatrix counts;
    auto& pattern = counts.pattern;
    pattern.rows = std::ssize(row_ends_) - 1;
    pattern.columns = columns_;
    std::fill(row_ends_.begin(), row_ends_.end(), 0);
    for (const int32_t cell : cells_) ++row_ends_[at(cell) + 1];
    for (size_t i = 1; i < row_ends_.size(); ++i) row_ends_[i] += row_ends_[i - 1];
    std::vector<int32_t> gathered(cells_.size());
    // Each bound moves to the end of its row, which is where the next begins.
    for (size_t i = 0; i < cells_.size(); ++i) {
      gathered[at(row_ends_[at(cells_[i])]++)] = peaks_[i];
    }
    cells_.clear();
    peaks_.clear();
    for (size_t row = 0; row + 1 < row_ends_.size(); ++row) {
      const auto begin = gathered.begin() + (row == 0 ? 0 : row_ends_[row - 1]);
      const auto end = gathered.begin() + row_ends_[row];
      if (!std::is_sorted(begin, end)) std::sort(begin, end);
      for (auto next = begin; next != end;) {
        const auto other = std::find_if(next, end, [&](int32_t peak) { return peak != *next; });
        pattern.indices.push_back(*next);
        counts.values.push_back(static_cast<float>(other - next));
        next = other;
      }
      pattern.offsets.push_back(pattern.nonzeros());
    }
    PackedRows rows(columns_);
    rows.append(counts, &pool_);
    parts_.push_back(std::move(rows));
  }

  std::vector<int64_t> row_ends_;
  int64_t columns_;
  ThreadPool& pool_;
  std::vector<int32_t> cells_, peaks_;
  std::vector<PackedRows> parts_;
};

/// What was seen in one file.
struct FragmentTotals {
  int64_t fragments = 0;
  int64_t of_cells = 0;
  int64_t in_peaks = 0;   ///< ends
  int64_t elsewhere = 0;  ///< fragments on chromosomes without peaks
  std::string chromosome_without;
};

class FragmentCounter {
 public:
  FragmentCounter(std::span<const std::string> barcodes, const Frame& peaks,
                  std::string_view source_of_peaks, const Context& context)
      : barcodes_(barcodes),
        source_of_peaks_(source_of_peaks),
        peaks_(peak_intervals(peaks, source_of_peaks)),
        context_(context),
        counts_(std::ssize(barcodes), peaks.rows(), context.pool),
        file_of_cell_(barcodes.size(), -1),
        seen_(barcodes.size(), 0) {}

  void add(const FragmentFile& file) {
    FragmentCells cells(barcodes_, file);
    const auto first = first_barcodes(file.path);
    cells.look_at(first);
    require_own_cells(cells, file);
    if (cells.without_number()) {
      context_.reporter.info(fmt::format(
          "{}: barcodes are those of the RNA but for a trailing number", file.path.string()));
    }
    const auto totals = count(file, cells);
    if (totals.of_cells == 0) throw no_cells(file, first);
    if (totals.in_peaks == 0) throw no_peaks(file, totals);
    tell(file, totals);
  }

  /// Cells with a fragment, and their counts.
  void finish(PackedModality& to) {
    PackedRows all = counts_.take();
    to.values = PackedRows(all.columns());
    std::vector<int32_t> columns;
    std::vector<float> values;
    for (size_t cell = 0; cell < seen_.size(); ++cell) {
      if (seen_[cell] == 0) continue;
      columns.clear();
      values.clear();
      all.each(static_cast<int64_t>(cell), [&](int32_t column, float value) {
        columns.push_back(column);
        values.push_back(value);
      });
      to.values.append(columns, values);
      to.obs.index.push_back(barcodes_[cell]);
    }
  }

 private:
  FragmentTotals count(const FragmentFile& file, const FragmentCells& cells) {
    constexpr int64_t kStep = 1 << 16;
    FragmentReader reader(file.path);
    std::error_code ignored;
    const auto bytes = static_cast<int64_t>(fs::file_size(file.path, ignored));
    Progress progress(context_, "reading " + file.path.filename().string(), bytes);
    FragmentTotals totals;
    FragmentLine fragment;
    std::string chromosome;
    const FragmentPeaks::Chromosome* peaks = nullptr;
    size_t at_start = 0, at_end = 0;
    int64_t told = 0;
    while (reader.next(fragment)) {
      if (++totals.fragments % kStep == 0) {
        progress.advance(reader.packed_bytes() - std::exchange(told, reader.packed_bytes()));
      }
      if (fragment.chromosome != chromosome || totals.fragments == 1) {
        chromosome = fragment.chromosome;
        peaks = peaks_.find(chromosome);
        at_start = at_end = 0;
      }
      if (peaks == nullptr) {
        if (totals.elsewhere++ == 0) totals.chromosome_without = chromosome;
      }
      const int32_t cell = cells.find(fragment.barcode);
      if (cell < 0) continue;
      ++totals.of_cells;
      seen_[at(cell)] = 1;
      if (peaks == nullptr) continue;
      const auto take = [&](int32_t peak) {
        counts_.add(cell, peak);
        ++totals.in_peaks;
      };
      peaks->each(fragment.start, at_start, take);
      peaks->each(fragment.end, at_end, take);
    }
    return totals;
  }

  /// A cell is in one file only.
  void require_own_cells(const FragmentCells& cells, const FragmentFile& file) {
    for (const int32_t cell : cells.possible()) {
      auto& other = file_of_cell_[at(cell)];
      if (other >= 0) {
        throw input_error(
            "{0} and {1}: cell '{2}' of the RNA could be of both; say what barcodes have around "
            "them in the RNA, behind each file: --fragments {0}:SUFFIX {1}:SUFFIX, or "
            "FILE:BEFORE*AFTER",
            files_[at(other)], file.path.string(), barcodes_[at(cell)]);
      }
      other = static_cast<int32_t>(files_.size());
    }
    files_.push_back(file.path.string());
  }

  Error no_cells(const FragmentFile& file, std::span<const std::string> first) const {
    const auto some = [](std::span<const std::string> names) {
      return names.first(std::min(names.size(), size_t{3}));
    };
    return input_error(
        "reading {}: no barcode is a cell of the RNA; barcodes are {} and cells {}; if cells have "
        "something before or behind the barcode, say it: --fragments {}:SUFFIX, or "
        "FILE:BEFORE*AFTER",
        file.path.string(), fmt::join(some(first), ", "), fmt::join(some(barcodes_), ", "),
        file.path.string());
  }

  Error no_peaks(const FragmentFile& file, const FragmentTotals& totals) const {
    if (totals.elsewhere == totals.fragments) {
      return input_error(
          "reading {}: no fragment lies on a chromosome of {}: fragments lie on {}, peaks on {}; "
          "give peaks of the same genome",
          file.path.string(), source_of_peaks_, totals.chromosome_without, peaks_.names());
    }
    return input_error("reading {}: no fragment of a cell of the RNA ends in a peak of {}",
                       file.path.string(), source_of_peaks_);
  }

  void tell(const FragmentFile& file, const FragmentTotals& totals) {
    const auto share = [](int64_t part, int64_t of) {
      return 100 * static_cast<double>(part) / static_cast<double>(of);
    };
    context_.reporter.info(fmt::format(
        "{}: {} fragments, {} of them ({:.1f} %) of cells of the RNA; {:.1f} % of the ends of "
        "these lie in peaks",
        file.path.string(), totals.fragments, totals.of_cells,
        share(totals.of_cells, totals.fragments), share(totals.in_peaks, 2 * totals.of_cells)));
    if (static_cast<double>(totals.in_peaks) <
        kFewInPeaks * 2 * static_cast<double>(totals.of_cells)) {
      context_.reporter.warning(
          fmt::format("hardly an end of a fragment of {} lies in a peak of {}: are they of the "
                      "same genome build?",
                      file.path.string(), source_of_peaks_));
    }
  }

  std::span<const std::string> barcodes_;
  std::string source_of_peaks_;
  FragmentPeaks peaks_;
  const Context& context_;
  EndCounts counts_;
  std::vector<int32_t> file_of_cell_;  ///< place in files_, or −1
  std::vector<std::string> files_;
  std::vector<uint8_t> seen_;
};

}  // namespace

FragmentFile fragment_file(const std::string& text) {
  std::error_code ignored;
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || fs::exists(text, ignored) ||
      !fs::exists(text.substr(0, colon), ignored)) {
    return {text, "", ""};
  }
  const auto around = text.substr(colon + 1);
  const auto star = around.find('*');
  if (star == std::string::npos) return {text.substr(0, colon), "", around};
  return {text.substr(0, colon), around.substr(0, star), around.substr(star + 1)};
}

bool is_fragments(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;
  try {
    LineReader reader(path);
    std::string_view line;
    do {
      if (!reader.next(line)) return false;
    } while (passes_over(line));
    const auto fragment = parse_fragment(line);
    if (!fragment || fragment->end <= fragment->start) return false;
    const auto fields = split(line, '\t');
    int64_t reads = 0, number = 0;
    return fields.size() == 5 && parse_position(fields[4], reads) && reads > 0 &&
           !parse_position(fields[3], number);
  } catch (const Error&) {
    return false;  // it will be reported as unknown
  }
}

fs::path peaks_beside(const fs::path& fragments) {
  std::error_code ignored;
  for (const char* name : {"atac_peaks.bed", "peaks.bed"}) {
    auto path = fragments.parent_path() / name;
    if (fs::is_regular_file(path, ignored)) return path;
  }
  return {};
}

PackedModality count_fragments(std::span<const FragmentFile> files, Frame peaks,
                               std::string_view source_of_peaks,
                               std::span<const std::string> barcodes, const Context& context) {
  FragmentCounter counter(barcodes, peaks, source_of_peaks, context);
  PackedModality counted;
  for (const auto& file : files) {
    counter.add(file);
    counted.source += (counted.source.empty() ? "" : ", ") + file.path.string();
  }
  counter.finish(counted);
  counted.var = std::move(peaks);
  return counted;
}

}  // namespace grids::core
