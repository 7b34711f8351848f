/// Time, and whether it was ours: a figure taken on a busy machine carries a warning.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace grids::core::bench {

/// Wall time since its construction, and how much of the machine others had meanwhile.
class Stopwatch {
 public:
  Stopwatch();

  double seconds() const;
  /// Seconds since the last lap or the construction. Complaints are about the whole time.
  double lap();

  /// Why the time should not be trusted; empty when nothing speaks against it. Others' share of the
  /// machine is taken from /proc/stat (unknown where that is missing), what the calling thread lost
  /// from its involuntary switches. Stretches under half a second are too short to judge.
  std::string complaint() const;

 private:
  struct Moment {
    double wall = 0;
    double machine = -1;   ///< CPU seconds of everybody, −1 = unknown
    double process = 0;    ///< CPU seconds of this process and its ended children
    int64_t switches = 0;  ///< involuntary, of the calling thread
  };
  static Moment now();

  Moment start_;
  double lap_start_ = 0;
};

double median(std::vector<double> values);

/// Runs `work` `count` times; seconds of each.
std::vector<double> time_each(int64_t count, const std::function<void()>& work);

/// The 1-minute load average, or −1.
double load_average();

}  // namespace grids::core::bench
