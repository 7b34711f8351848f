#include "cli/masked_peaks.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <string_view>

#include "base/at.hpp"
#include "io/peak_list.hpp"

namespace grids::core {
namespace {

/// Collects peaks by name and by place.
class PeakCollector {
 public:
  PeakCollector(const Study& study, Problems& problems) : peaks_(study.peaks), problems_(problems) {
    for (int64_t peak = 0; peak < peaks_.size(); ++peak) {
      by_name_.emplace(peaks_.names[at(peak)], static_cast<int32_t>(peak));
    }
  }

  void add(std::string_view name) {
    const auto found = by_name_.find(name);
    if (found != by_name_.end()) {
      chosen_.push_back(found->second);
      return;
    }
    const auto place = parse_peak_name(name);
    if (!place || !add_place(*place)) {
      problems_.add("no peak '{}' in the study (its peaks look like '{}')", name,
                    peaks_.names.front());
    }
  }

  void add(const Interval& place) {
    if (add_place(place)) return;
    problems_.add("no peak of the study lies at {}:{}-{} (the first is '{}')", place.chromosome,
                  place.start, place.end, peaks_.names.front());
  }

  std::vector<int32_t> take() {
    std::sort(chosen_.begin(), chosen_.end());
    chosen_.erase(std::unique(chosen_.begin(), chosen_.end()), chosen_.end());
    return std::move(chosen_);
  }

 private:
  /// The peak of that place, else those that overlap it; whether there are any.
  bool add_place(const Interval& place) {
    const auto chromosome =
        std::find(peaks_.chromosomes.begin(), peaks_.chromosomes.end(), place.chromosome);
    if (chromosome == peaks_.chromosomes.end()) return false;
    const auto c = static_cast<size_t>(chromosome - peaks_.chromosomes.begin());
    std::vector<int32_t> overlapping;
    for (int64_t j = peaks_.chromosome_offsets[c]; j < peaks_.chromosome_offsets[c + 1]; ++j) {
      const int64_t start = peaks_.start[at(j)], end = peaks_.end[at(j)];
      if (start == place.start && end == place.end) {
        chosen_.push_back(static_cast<int32_t>(j));
        return true;
      }
      if (start < place.end && place.start < end) overlapping.push_back(static_cast<int32_t>(j));
    }
    chosen_.insert(chosen_.end(), overlapping.begin(), overlapping.end());
    return !overlapping.empty();
  }

  const PeakTable& peaks_;
  Problems& problems_;
  std::map<std::string_view, int32_t> by_name_;
  std::vector<int32_t> chosen_;
};

}  // namespace

std::vector<int32_t> peaks_of_file(const std::filesystem::path& path, const Study& study) {
  Problems problems;
  PeakCollector collector(study, problems);
  const auto list = read_peak_list(path);
  const bool bed = list.find("start") != nullptr;
  const auto places = column_intervals(list);
  for (size_t i = 0; i < list.index.size(); ++i) {
    if (bed) {
      collector.add((*places)[i]);
    } else {
      collector.add(list.index[i]);
    }
  }
  problems.raise(ErrorKind::kInput, path.string());
  auto peaks = collector.take();
  if (peaks.empty()) {
    throw input_error("{}: names no peaks; give one name per line, or BED", path.string());
  }
  return peaks;
}

}  // namespace grids::core
