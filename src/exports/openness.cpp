#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/at.hpp"
#include "exports/formats.hpp"
#include "io/columns.hpp"

namespace grids::core {
namespace {

/// Share of the cells in which each peak is open.
std::vector<double> open_shares(const Study& study, std::optional<int32_t> type) {
  std::vector<double> shares(at(study.peaks.size()), 0.0);
  int64_t cells = 0;
  for (int64_t cell = 0; cell < study.cells.size(); ++cell) {
    if (type && study.cells.type.codes[at(cell)] != *type) continue;
    ++cells;
    for (const int32_t peak : study.open.row(cell)) shares[at(peak)] += 1;
  }
  for (double& share : shares) share /= static_cast<double>(std::max<int64_t>(cells, 1));
  return shares;
}

/// Peaks of a chromosome, which may overlap, as pieces that do not.
class DisjointPieces {
 public:
  DisjointPieces(std::string chromosome, std::string& text)
      : chromosome_(std::move(chromosome)), text_(text) {}

  /// By start.
  void add(int64_t start, int64_t end, double value) {
    close_until(start);
    open_.insert({value, end});
  }
  void finish() {
    close_until(INT64_MAX);
    write_last();
  }

 private:
  /// Writes up to `position` what the most open of the peaks there says.
  void close_until(int64_t position) {
    while (!open_.empty() && at_ < position) {
      const auto [value, end] = *open_.rbegin();
      if (end <= at_) {
        open_.erase(std::prev(open_.end()));
        continue;
      }
      const int64_t last = std::min(end, position);
      join(at_, last, value);
      at_ = last;
    }
    at_ = std::max(at_, position);
  }

  /// Where a peak that is no more open begins or ends, the piece goes on.
  void join(int64_t start, int64_t end, double value) {
    if (last_.end == start && last_.value == value) {
      last_.end = end;
      return;
    }
    write_last();
    last_ = {start, end, value};
  }

  void write_last() {
    if (last_.end == last_.start) return;
    text_ += fmt::format("{}\t{}\t{}\t{}\n", chromosome_, last_.start, last_.end,
                         cell_text(last_.value));
  }

  struct Piece {
    int64_t start = 0;
    int64_t end = 0;
    double value = 0;
  };

  std::string chromosome_;
  std::string& text_;
  int64_t at_ = 0;
  Piece last_;                                      ///< not written yet
  std::multiset<std::pair<double, int64_t>> open_;  ///< value and end of the peaks that are open
};

}  // namespace

std::string openness_text(const Study& study, std::optional<int32_t> type) {
  const auto shares = open_shares(study, type);
  const auto& peaks = study.peaks;
  std::string text;
  for (size_t c = 0; c < peaks.chromosomes.size(); ++c) {
    DisjointPieces pieces(one_word(peaks.chromosomes[c]), text);
    for (auto peak = at(peaks.chromosome_offsets[c]); peak < at(peaks.chromosome_offsets[c + 1]);
         ++peak) {
      pieces.add(peaks.start[peak], peaks.end[peak], shares[peak]);
    }
    pieces.finish();
  }
  return text;
}

}  // namespace grids::core
