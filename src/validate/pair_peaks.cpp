#include "validate/pair_peaks.hpp"

#include <algorithm>
#include <tuple>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "io/peak_list.hpp"

namespace grids::core {
namespace {

std::string place_key(std::string_view chromosome, int64_t start, int64_t end) {
  return fmt::format("{}:{}-{}", bare_chromosome(chromosome), start, end);
}

/// The share of cells in which each peak is open.
std::vector<double> shares_open(const CsrPattern& open) {
  std::vector<double> shares(at(open.columns), 0);
  for (const int32_t peak : open.indices) ++shares[at(peak)];
  const auto cells = static_cast<double>(std::max<int64_t>(1, open.rows));
  for (double& share : shares) share /= cells;
  return shares;
}

}  // namespace

std::string bare_chromosome(std::string_view name) {
  return std::string(name.starts_with("chr") ? name.substr(3) : name);
}

PeakIndex::PeakIndex(const Study& study) : whole_(true), openness_(shares_open(study.open)) {
  const PeakTable& peaks = study.peaks;
  peaks_.reserve(at(peaks.size()));
  for (int64_t i = 0; i < peaks.size(); ++i) {
    add({peaks.names[at(i)], bare_chromosome(peaks.chromosomes[at(peaks.chromosome_of(i))]),
         peaks.start[at(i)], peaks.end[at(i)]});
  }
}

PeakIndex::PeakIndex(const std::filesystem::path& list) : whole_(true) {
  const Frame frame = read_peak_list(list);
  if (frame.rows() == 0) {
    throw input_error("{}: no peaks: give a BED, or a name a line", list.string());
  }
  const auto places = peak_intervals(frame, list.string());
  peaks_.reserve(places.size());
  for (size_t i = 0; i < places.size(); ++i) {
    add({frame.index[i], bare_chromosome(places[i].chromosome), places[i].start, places[i].end});
  }
}

void PeakIndex::add(PairPeak peak) {
  if (peak.end > kLongestChromosome) {
    throw input_error("the peak '{}' ends at {}, where no chromosome reaches", peak.name, peak.end);
  }
  const auto index = static_cast<int32_t>(peaks_.size());
  by_name_.emplace(peak.name, index);
  by_place_.emplace(place_key(peak.chromosome, peak.start, peak.end), index);
  peaks_.push_back(std::move(peak));
}

std::optional<int32_t> PeakIndex::find(const std::string& name,
                                       const std::optional<Interval>& place) {
  if (const auto named = by_name_.find(name); !name.empty() && named != by_name_.end()) {
    return named->second;
  }
  if (!place) return std::nullopt;
  const auto key = place_key(place->chromosome, place->start, place->end);
  if (const auto found = by_place_.find(key); found != by_place_.end()) return found->second;
  if (whole_) return std::nullopt;
  add({name.empty() ? key : name, bare_chromosome(place->chromosome), place->start, place->end});
  return static_cast<int32_t>(peaks_.size()) - 1;
}

void PeakIndex::finish(Pairs& pairs) && {
  auto order = indices_below(static_cast<int64_t>(peaks_.size()));
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const PairPeak& x = peaks_[at(a)];
    const PairPeak& y = peaks_[at(b)];
    return std::tie(x.chromosome, x.start, x.end) < std::tie(y.chromosome, y.start, y.end);
  });
  std::vector<int32_t> place(order.size());
  pairs.peaks.reserve(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    place[at(order[i])] = static_cast<int32_t>(i);
    pairs.peaks.push_back(std::move(peaks_[at(order[i])]));
    if (!openness_.empty()) pairs.openness.push_back(openness_[at(order[i])]);
  }
  for (auto& set : pairs.sets) {
    for (auto& member : set.members) member.peak = place[at(member.peak)];
  }
  pairs.whole = whole_;
}

}  // namespace grids::core
