/// Places of the genome by a sorted array: which of them overlap a stretch.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "io/peak_name.hpp"
#include "validate/pairs.hpp"

namespace grids::core {

class PlaceFinder {
 public:
  /// Chromosomes are compared without "chr". Places without length count as one base.
  explicit PlaceFinder(std::span<const Interval> places);
  explicit PlaceFinder(std::span<const PairPeak> peaks);

  /// Indices of the places that overlap [from, to) of a chromosome (bare), ascending by start.
  template <typename Take>
  void overlapping(const std::string& chromosome, int64_t from, int64_t to,
                   const Take& take) const {
    const auto found = chromosomes_.find(chromosome);
    if (found == chromosomes_.end()) return;
    const Chromosome& list = found->second;
    for (size_t i = first_from(list, from); i < list.places.size(); ++i) {
      if (list.places[i].start >= to) return;
      if (list.places[i].end > from) take(list.places[i].index);
    }
  }

  bool any(const std::string& chromosome, int64_t from, int64_t to) const;

 private:
  struct Place {
    int64_t start;
    int64_t end;
    int32_t index;
  };
  struct Chromosome {
    std::vector<Place> places;  ///< by start
    int64_t longest = 0;        ///< bp
  };

  void add(const std::string& chromosome, Place place);
  void sort();
  /// The first that may reach beyond `from`.
  static size_t first_from(const Chromosome& list, int64_t from);

  std::map<std::string, Chromosome> chromosomes_;
};

}  // namespace grids::core
