/// Which peaks a position lies in.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/peak_name.hpp"

namespace grids::core {

class FragmentPeaks {
 public:
  /// The peaks of one chromosome, by where they begin.
  class Chromosome {
   public:
    void add(const Interval& peak, int32_t number);
    void sort();
    /// Calls `take(number)` for each peak with start ≤ position < end. `hint` holds where the last
    /// search ended: places that follow each other are found without one.
    template <typename Take>
    void each(int64_t position, size_t& hint, const Take& take) const {
      hint = last_begun(position, hint);
      for (size_t i = hint; i > 0 && latest_end_[i - 1] > position; --i) {
        if (peaks_[i - 1].end > position) take(peaks_[i - 1].number);
      }
    }

   private:
    struct Peak {
      int64_t start = 0;
      int64_t end = 0;
      int32_t number = 0;
    };
    /// How many peaks begin at or before the position.
    size_t last_begun(int64_t position, size_t hint) const;

    std::vector<Peak> peaks_;
    std::vector<int64_t> latest_end_;  ///< of this peak and all before it
  };

  explicit FragmentPeaks(std::span<const Interval> peaks);

  /// By its name, or by the name with or without "chr" where no peak's chromosome has it as it is;
  /// null where there is none.
  const Chromosome* find(std::string_view chromosome) const;
  /// "chr1, chr2, …".
  std::string names() const;

 private:
  std::map<std::string, Chromosome, std::less<>> chromosomes_;
};

}  // namespace grids::core
