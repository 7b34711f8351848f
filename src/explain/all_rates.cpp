#include "explain/all_rates.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/indices.hpp"

namespace grids::core {
namespace {

/// Cells of which all genes are predicted at once: bounds the memory.
constexpr int64_t kRateCells = 256;

double rate(float prediction) {
  return std::expm1(std::max(double{prediction}, 0.0));
}

}  // namespace

AllRates::AllRates(const SurrogateModel& model, int64_t most)
    : sets_(model, indices_below(model.shape().outputs)) {
  const int64_t rates = sets_.cells() * sets_.width();
  if (rates <= most) {
    std::vector<double> all;
    all.reserve(at(rates));
    for_blocks([&](int64_t, std::span<const double> own) {
      all.insert(all.end(), own.begin(), own.end());
    });
    unmasked_ = std::move(all);
  }
  before_ = summed({});
}

std::vector<double> AllRates::after(std::span<const Feature> set) const {
  return summed(sets_.masked(set));
}

/// Calls `work(first cell, rates)` with the rates of unmasked cells, a block after the other.
template <typename Work>
void AllRates::for_blocks(const Work& work) const {
  std::vector<double> rates;
  for (int64_t first = 0; first < sets_.cells(); first += kRateCells) {
    const int64_t last = std::min(first + kRateCells, sets_.cells());
    if (!unmasked_.empty()) {
      work(first, std::span(unmasked_).subspan(at(first * sets_.width()),
                                               at((last - first) * sets_.width())));
      continue;
    }
    rates.clear();
    for (const float output : sets_.unmasked(first, last)) rates.push_back(rate(output));
    work(first, rates);
  }
}

/// In the order of the cells, whichever of them a set touches.
std::vector<double> AllRates::summed(const SetOutputs::Rows& rows) const {
  const auto width = at(sets_.width());
  std::vector<double> sums(width, 0.0);
  size_t next = 0;
  for_blocks([&](int64_t first, std::span<const double> unmasked) {
    for (size_t row = 0; row * width < unmasked.size(); ++row) {
      const bool touched =
          next < rows.cells.size() && rows.cells[next] == first + static_cast<int64_t>(row);
      if (touched) {
        const float* own = rows.outputs.data() + next++ * width;
        for (size_t gene = 0; gene < width; ++gene) sums[gene] += rate(own[gene]);
      } else {
        const double* own = unmasked.data() + row * width;
        for (size_t gene = 0; gene < width; ++gene) sums[gene] += own[gene];
      }
    }
  });
  return sums;
}

}  // namespace grids::core
