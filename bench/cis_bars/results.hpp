/// Figures made of many observations, each beside the bar that it should clear.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace grids::core::bench {

/// What is made of the observations of a figure, over all seeds and for each.
enum class Statistic : uint8_t {
  kMean,        ///< ± its standard error; of zeros and ones the binomial one
  kMedian,      ///< ± 1.25 interquartile ranges ÷ 1.35 √n
  kRatio,       ///< Σ value ÷ Σ beside, ± by linearisation
  kUniformity,  ///< Kolmogorov–Smirnov p of values that should be uniform
};

/// Limits included. The default is no bar.
struct Bar {
  std::optional<double> low = {};
  std::optional<double> high = {};
};

struct Observation {
  double value = 0;
  double beside = 1;  ///< kRatio only
};

struct Summary {
  double value = std::numeric_limits<double>::quiet_NaN();
  double error = std::numeric_limits<double>::quiet_NaN();  ///< standard; NaN: none
  int64_t count = 0;
};
Summary summarise(Statistic statistic, const std::vector<Observation>& observations);

struct Measure {
  std::string name;   ///< key in the JSON
  std::string about;  ///< in the table
  Statistic statistic = Statistic::kMean;
  Bar bar = {};
};

class Results {
 public:
  explicit Results(std::vector<uint64_t> seeds) : seeds_(std::move(seeds)) {}

  /// The seed that observations belong to from now on.
  void begin_seed(size_t seed) { current_ = seed; }
  /// Adds to the measure of that name, which is made at its first observation. Those that are not
  /// finite were not measured, and do not count.
  void add(const Measure& measure, Observation observation);

  /// A Markdown table: figure, ± , number of observations, bar, verdict, each seed.
  std::string table() const;
  /// An object for each measure: value, error, count, low, high, met, seeds.
  void write_json(const std::filesystem::path& path,
                  const std::vector<std::pair<std::string, std::string>>& remarks) const;
  /// Throws Error(kInternal) that lists measures with impossible numbers: not finite, or beyond
  /// `limit` in size.
  void require_sane(double limit) const;

 private:
  struct Row {
    Measure measure;
    std::vector<std::vector<Observation>> by_seed;
  };
  Summary all_seeds(const Row& row) const;

  std::vector<uint64_t> seeds_;
  size_t current_ = 0;
  std::vector<Row> rows_;
};

}  // namespace grids::core::bench
