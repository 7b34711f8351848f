#include "prepare/split.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "base/random.hpp"

namespace grids::core {
namespace {

constexpr size_t kSplits = 3;
/// Who gets the cell when two splits have the same claim.
constexpr std::array<size_t, kSplits> kOrder = {0, 2, 1};

/// Sizes of train, validation and test for a type of `cells` cells.
std::array<int64_t, kSplits> split_sizes(int64_t cells, const SplitOptions& options) {
  if (cells < kFewestCellsToSplit) return {cells, 0, 0};
  const std::array<double, kSplits> share = {options.train, options.validation, options.test};
  std::array<int64_t, kSplits> size{};
  std::array<double, kSplits> remainder{};
  int64_t rest = cells;
  for (size_t s = 0; s < kSplits; ++s) {
    const double exact = share[s] * static_cast<double>(cells);
    size[s] = static_cast<int64_t>(std::floor(exact + 1e-9));  // 0.7 · 10 is 7, whatever rounding
    remainder[s] = exact - static_cast<double>(size[s]);
    rest -= size[s];
  }
  for (; rest > 0; --rest) {
    size_t best = kOrder[0];
    for (const size_t s : kOrder) {
      if (remainder[s] > remainder[best] + 1e-9) best = s;
    }
    ++size[best];
    remainder[best] -= 1;
  }
  if (size[2] == 0 && options.test > 0) {
    ++size[2];
    --size[0];
  }
  return size;
}

/// The splits in an order such that every stretch of it holds them in about the right proportion:
/// each place goes to the split that lags furthest behind its share.
std::vector<Split> interleaved(std::array<int64_t, kSplits> size) {
  const int64_t cells = size[0] + size[1] + size[2];
  std::array<int64_t, kSplits> given{};
  std::vector<Split> result;
  for (int64_t place = 1; place <= cells; ++place) {
    size_t best = kSplits;
    int64_t best_lag = 0;
    for (const size_t s : kOrder) {
      if (given[s] == size[s]) continue;
      const int64_t lag = place * size[s] - given[s] * cells;
      if (best == kSplits || lag > best_lag) {
        best = s;
        best_lag = lag;
      }
    }
    ++given[best];
    result.push_back(static_cast<Split>(best));
  }
  return result;
}

}  // namespace

void SplitOptions::describe(OptionSet& set) {
  set.value("--train-share", train, "Share of training cells", above(0).at_most(1));
  set.value("--validation-share", validation, "Share of validation cells", at_least(0).at_most(1));
  set.value("--test-share", test, "Share of test cells", at_least(0).at_most(1));
  set.choice<SplitBy>(
      "--split-by", by,
      {{"cell", SplitBy::kCell}, {"donor", SplitBy::kDonor}, {"batch", SplitBy::kBatch}},
      "Hold out single cells of each type, or whole donors or batches (five or more, each type in "
      "each part)");
  set.rule([this](Problems& problems) {
    if (std::abs(train + validation + test - 1) <= 1e-6) return;
    problems.add("the shares of training, validation and test cells must sum to 1: {} + {} + {}",
                 train, validation, test);
  });
}

std::vector<Split> split_cells(int64_t cells, const Categorical& type, const Categorical& donor,
                               const SplitOptions& options, uint64_t seed) {
  std::vector<Split> result(at(cells), Split::kTrain);
  const size_t types = std::max<size_t>(1, type.names.size());
  for (size_t t = 0; t < types; ++t) {
    std::vector<std::vector<int32_t>> of_donor(std::max<size_t>(1, donor.names.size()));
    int64_t count = 0;
    for (int32_t cell = 0; cell < cells; ++cell) {
      if (!type.empty() && at(type.codes[at(cell)]) != t) continue;
      of_donor[donor.empty() ? 0 : at(donor.codes[at(cell)])].push_back(cell);
      ++count;
    }
    // Donors in a random order (else the first would favour one split), cells in a random order
    // within each.
    RandomStream donor_order(seed, Purpose::kSplit, t);
    std::vector<int32_t> donors = indices_below(std::ssize(of_donor));
    donor_order.shuffle(std::span(donors));
    std::vector<int32_t> order;
    for (const int32_t d : donors) {
      auto& own = of_donor[at(d)];
      RandomStream random(seed, Purpose::kSplit, t, static_cast<uint32_t>(d) + 1);
      random.shuffle(std::span(own));
      order.insert(order.end(), own.begin(), own.end());
    }
    const auto splits = interleaved(split_sizes(count, options));
    for (size_t k = 0; k < order.size(); ++k) result[at(order[k])] = splits[k];
  }
  return result;
}

}  // namespace grids::core
