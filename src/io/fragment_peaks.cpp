#include "io/fragment_peaks.hpp"

#include <algorithm>

namespace grids::core {

void FragmentPeaks::Chromosome::add(const Interval& peak, int32_t number) {
  peaks_.push_back({peak.start, peak.end, number});
}

void FragmentPeaks::Chromosome::sort() {
  std::sort(peaks_.begin(), peaks_.end(), [](const Peak& a, const Peak& b) {
    return a.start != b.start ? a.start < b.start : a.number < b.number;
  });
  latest_end_.clear();
  int64_t latest = 0;
  for (const auto& peak : peaks_) {
    latest = std::max(latest, peak.end);
    latest_end_.push_back(latest);
  }
}

size_t FragmentPeaks::Chromosome::last_begun(int64_t position, size_t hint) const {
  const auto begun = [&](size_t count) {  // whether just so many have
    return (count == 0 || peaks_[count - 1].start <= position) &&
           (count == peaks_.size() || peaks_[count].start > position);
  };
  if (hint <= peaks_.size() && begun(hint)) return hint;
  if (hint < peaks_.size() && begun(hint + 1)) return hint + 1;
  const auto after =
      std::upper_bound(peaks_.begin(), peaks_.end(), position,
                       [](int64_t place, const Peak& peak) { return place < peak.start; });
  return static_cast<size_t>(after - peaks_.begin());
}

FragmentPeaks::FragmentPeaks(std::span<const Interval> peaks) {
  for (size_t i = 0; i < peaks.size(); ++i) {
    chromosomes_[peaks[i].chromosome].add(peaks[i], static_cast<int32_t>(i));
  }
  for (auto& [name, chromosome] : chromosomes_) chromosome.sort();
}

const FragmentPeaks::Chromosome* FragmentPeaks::find(std::string_view chromosome) const {
  auto found = chromosomes_.find(chromosome);
  if (found == chromosomes_.end()) {
    constexpr std::string_view kPrefix = "chr";
    const bool has = chromosome.starts_with(kPrefix);
    const std::string other = has ? std::string(chromosome.substr(kPrefix.size()))
                                  : std::string(kPrefix).append(chromosome);
    found = chromosomes_.find(other);
  }
  return found == chromosomes_.end() ? nullptr : &found->second;
}

std::string FragmentPeaks::names() const {
  constexpr size_t kMost = 3;
  std::string text;
  size_t told = 0;
  for (const auto& [name, chromosome] : chromosomes_) {
    if (told == kMost) return text + ", …";
    text += (told++ == 0 ? "" : ", ") + name;
  }
  return text;
}

}  // namespace grids::core
