#include "validate/place_finder.hpp"

#include <algorithm>

namespace grids::core {

PlaceFinder::PlaceFinder(std::span<const Interval> places) {
  for (size_t i = 0; i < places.size(); ++i) {
    add(bare_chromosome(places[i].chromosome),
        {places[i].start, places[i].end, static_cast<int32_t>(i)});
  }
  sort();
}

PlaceFinder::PlaceFinder(std::span<const PairPeak> peaks) {
  for (size_t i = 0; i < peaks.size(); ++i) {
    add(peaks[i].chromosome, {peaks[i].start, peaks[i].end, static_cast<int32_t>(i)});
  }
  sort();
}

void PlaceFinder::add(const std::string& chromosome, Place place) {
  Chromosome& list = chromosomes_[chromosome];
  place.end = std::max(place.end, place.start + 1);
  list.longest = std::max(list.longest, place.end - place.start);
  list.places.push_back(place);
}

void PlaceFinder::sort() {
  for (auto& entry : chromosomes_) {
    auto& places = entry.second.places;
    std::stable_sort(places.begin(), places.end(),
                     [](const Place& a, const Place& b) { return a.start < b.start; });
  }
}

size_t PlaceFinder::first_from(const Chromosome& list, int64_t from) {
  const auto first =
      std::lower_bound(list.places.begin(), list.places.end(), from - list.longest,
                       [](const Place& place, int64_t position) { return place.start < position; });
  return static_cast<size_t>(first - list.places.begin());
}

bool PlaceFinder::any(const std::string& chromosome, int64_t from, int64_t to) const {
  bool found = false;
  overlapping(chromosome, from, to, [&](int32_t) { found = true; });
  return found;
}

}  // namespace grids::core
