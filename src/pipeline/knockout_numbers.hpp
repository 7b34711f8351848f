/// What a portion of knock-outs leaves for the files of all portions (knockout_into.hpp).
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/at.hpp"
#include "pipeline/knockout_into.hpp"

namespace grids::core {

/// Of a portion's folder.
inline constexpr const char* kKnockoutNumbers = "numbers.safetensors";

/// Runs of peaks in which a type's are cut: the same in every number of shards.
class PeakRuns {
 public:
  explicit PeakRuns(int64_t peaks) : peaks_(peaks) {
    constexpr int64_t kMostBlocks = 64, kLeastPeaks = 256;
    size_ = std::max(kLeastPeaks, (peaks + kMostBlocks - 1) / kMostBlocks);
  }

  size_t count() const { return at(std::max<int64_t>(1, (peaks_ + size_ - 1) / size_)); }
  std::vector<int32_t> peaks(size_t block) const {
    std::vector<int32_t> peaks;
    const int64_t begin = static_cast<int64_t>(block) * size_;
    for (int64_t peak = begin; peak < std::min(peaks_, begin + size_); ++peak) {
      peaks.push_back(static_cast<int32_t>(peak));
    }
    return peaks;
  }

 private:
  int64_t peaks_;
  int64_t size_;
};

/// What a portion leaves. Dense: an entry for each peak and gene; with a window a row for each peak
/// and gene that lie near each other.
struct KnockoutPortion {
  KnockoutForm form = KnockoutForm::kTable;
  int32_t type = 0;                 ///< of the study
  std::vector<int64_t> genes;       ///< of the plan, of the study
  bool from_counts = true;          ///< see CountMap
  std::vector<int64_t> open_cells;  ///< of each peak, or row
  std::vector<float> change, change_cp100k;
  std::vector<double> mean_prediction;      ///< of each gene; of matrices
  std::vector<int64_t> row_gene, row_peak;  ///< of each row: place in the plan, peak of the study
};

void write_knockout_numbers(const std::filesystem::path& place, const KnockoutPortion& portion);

/// Throws Error(kInput) that names the file where it is not as `write_knockout_numbers` leaves it;
/// that its numbers fit each other is for the reader to check.
KnockoutPortion read_knockout_numbers(const std::filesystem::path& place);

}  // namespace grids::core
