#include "tracks/pack.hpp"

#include <fmt/core.h>
#include <htslib/bgzf.h>
#include <htslib/hts_log.h>
#include <htslib/tbx.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>
#include <set>
#include <string>

#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "tracks/fields.hpp"

namespace grids::core {
namespace {

/// Beyond this base a .tbi finds nothing; beyond the second neither does a .csi as it is made here.
constexpr int64_t kEndOfTbi = int64_t{1} << 29;
constexpr int64_t kEndOfCsi = int64_t{1} << 31;

Error track_error(const std::filesystem::path& path) {
  return input_error("cannot write {}: {}", path.string(),
                     errno != 0 ? std::strerror(errno) : "is the disk full?");
}

// ---- what lines must be ----

bool is_number(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  return status == std::errc() && rest == end && std::isfinite(value);
}

/// "chr1:100-200,3.5"; names of chromosomes may hold colons and commas, too.
bool is_far_end(std::string_view text) {
  const size_t comma = text.rfind(',');
  if (comma == std::string_view::npos || !is_number(text.substr(comma + 1))) return false;
  const auto place = text.substr(0, comma);
  const size_t colon = place.rfind(':');
  const size_t dash = place.rfind('-');
  if (colon == 0 || colon == std::string_view::npos || dash == std::string_view::npos ||
      dash < colon) {
    return false;
  }
  int64_t start = 0, end = 0;
  return parse_position(place.substr(colon + 1, dash - colon - 1), start) &&
         parse_position(place.substr(dash + 1), end) && start <= end;
}

void require_kind(const std::vector<std::string_view>& fields, TrackKind kind,
                  const LineReader& lines) {
  const auto fourth = fields.size() > 3 ? fields[3] : std::string_view();
  if (kind == TrackKind::kBedGraph && !is_number(fourth)) {
    throw lines.error(
        fmt::format("the fourth field of bedGraph is a finite number, not '{}'", fourth));
  }
  if (kind == TrackKind::kLongRange && !is_far_end(fourth)) {
    throw lines.error(fmt::format(
        "the fourth field of longrange is CHROMOSOME:START-END,SCORE, not '{}'", fourth));
  }
  if (kind == TrackKind::kBedPe) {
    if (fields.size() < 6) {
      throw lines.error(
          fmt::format("has {} fields, and BEDPE begins with two spans, in six", fields.size()));
    }
    span_of({fields.begin() + 3, fields.end()}, lines);
  }
}

/// That lines come in the order in which an index can find them.
class GenomeOrder {
 public:
  explicit GenomeOrder(const std::optional<ChromosomeSizes>& sizes) : sizes_(sizes) {}

  void require(const TrackSpan& span, const LineReader& lines) {
    require_within(span, lines);
    if (span.chromosome != chromosome_) {
      chromosome_ = span.chromosome;
      last_start_ = 0;
      if (!seen_.insert(chromosome_).second) {
        throw lines.error(
            fmt::format("{} comes back after another chromosome; {}", span.chromosome, kRemedy));
      }
    }
    if (span.start < last_start_) {
      throw lines.error(fmt::format("begins at {} of {}, the line before it at {}; {}", span.start,
                                    span.chromosome, last_start_, kRemedy));
    }
    last_start_ = span.start;
    last_base_ = std::max(last_base_, span.end);
  }

  int64_t last_base() const { return last_base_; }

 private:
  static constexpr const char* kRemedy = "sort the file: sort -k1,1 -k2,2n";

  void require_within(const TrackSpan& span, const LineReader& lines) const {
    int64_t most = kEndOfCsi;
    if (sizes_) {
      const auto size = sizes_->find(span.chromosome);
      if (size == sizes_->end()) {
        throw lines.error(fmt::format(
            "chromosome {} is not in the file of --chrom-sizes; add it there, in the same spelling",
            span.chromosome));
      }
      most = std::min<int64_t>(most, size->second);
    }
    if (span.end > most) {
      throw lines.error(fmt::format("ends at {}, and {} at {}; {}", span.end,
                                    sizes_ ? std::string(span.chromosome) : "what can be indexed",
                                    most, "is the track of another genome?"));
    }
  }

  const std::optional<ChromosomeSizes>& sizes_;
  std::string chromosome_;
  std::set<std::string> seen_;
  int64_t last_start_ = 0;
  int64_t last_base_ = 0;
};

// ---- packing ----

/// A bgzip file that is written.
class PackedLines {
 public:
  /// `shown`: the name that the user knows.
  PackedLines(const std::filesystem::path& path, std::filesystem::path shown)
      : file_(::bgzf_open(path.c_str(), "w"), &::bgzf_close), shown_(std::move(shown)) {
    if (file_ == nullptr) throw track_error(shown_);
  }

  void write(std::string_view line) {
    line_.assign(line).push_back('\n');
    const auto bytes = static_cast<ssize_t>(line_.size());
    // A line that is not cut between two blocks is read from one.
    if (::bgzf_flush_try(file_.get(), bytes) != 0 ||
        ::bgzf_write(file_.get(), line_.data(), line_.size()) != bytes) {
      throw track_error(shown_);
    }
  }
  void close() {
    if (::bgzf_close(file_.release()) != 0) throw track_error(shown_);
  }

 private:
  std::unique_ptr<BGZF, int (*)(BGZF*)> file_;
  std::filesystem::path shown_;
  std::string line_;
};

/// Returns the last base of any line.
int64_t pack_lines(LineReader& lines, PackedLines& packed, TrackKind kind,
                   const std::optional<ChromosomeSizes>& sizes) {
  GenomeOrder order(sizes);
  std::string_view line;
  bool empty = true;
  while (lines.next(line)) {
    if (is_browser_line(line)) {
      throw lines.error(
          "is for UCSC's text tracks and has no place in a packed one; leave the line out");
    }
    if (!is_remark(line)) {
      const auto fields = split(line, '\t');
      order.require(span_of(fields, lines), lines);
      require_kind(fields, kind, lines);
      empty = false;
    }
    packed.write(line);
  }
  if (empty) {
    throw input_error("reading {}: no lines of a track are in it, and an index needs one",
                      lines.path().string());
  }
  return order.last_base();
}

void write_index(const std::filesystem::path& packed, const std::filesystem::path& index,
                 int64_t last_base) {
  constexpr int kCsiShift = 14;  // the smallest bins, of 16 kb, as in .tbi
  replace_file(index, [&](const std::filesystem::path& temporary) {
    errno = 0;
    if (::tbx_index_build2(packed.c_str(), temporary.c_str(), last_base > kEndOfTbi ? kCsiShift : 0,
                           &::tbx_conf_bed) != 0) {
      throw track_error(index);
    }
  });
}

/// Readers prefer a .csi, also one that is of an earlier file.
void require_no_other_index(const std::filesystem::path& packed,
                            const std::filesystem::path& index) {
  for (const int64_t end : {kEndOfTbi, kEndOfCsi}) {
    const auto other = index_name(packed, end);
    if (other == index || !std::filesystem::exists(other)) continue;
    throw input_error(
        "{} is an index of an earlier {}, and would be read with the new one; "
        "remove it, or choose another name",
        other.string(), packed.filename().string());
  }
}

}  // namespace

std::filesystem::path index_name(const std::filesystem::path& packed, int64_t last_base) {
  auto name = packed;
  return name += last_base > kEndOfTbi ? ".csi" : ".tbi";
}

std::filesystem::path pack_track(const std::filesystem::path& text,
                                 const std::filesystem::path& packed, TrackKind kind,
                                 const std::optional<ChromosomeSizes>& sizes) {
  ::hts_set_log_level(HTS_LOG_OFF);  // what is wrong is told here, once
  LineReader lines(text);
  std::filesystem::path index;
  replace_file(packed, [&](const std::filesystem::path& temporary) {
    errno = 0;
    PackedLines file(temporary, packed);
    const int64_t last_base = pack_lines(lines, file, kind, sizes);
    file.close();
    index = index_name(packed, last_base);
    require_no_other_index(packed, index);
    // The index first: what fails by now leaves the earlier track as it was.
    write_index(temporary, index, last_base);
  });
  return index;
}

}  // namespace grids::core
