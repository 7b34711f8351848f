#include "prepare/split.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

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
  set.rule([this](Problems& problems) {
    if (std::abs(train + validation + test - 1) <= 1e-6) return;
    problems.add("the shares of training, validation and test cells must sum to 1: {} + {} + {}",
                 train, validation, test);
  });
}

std::vector<Split> split_cells(std::span<const std::string> barcodes, const Categorical& type,
                               const Categorical& donor, const SplitOptions& options,
                               uint64_t seed) {
  std::vector<Split> result(barcodes.size(), Split::kTrain);
  for (size_t t = 0; t < type.names.size(); ++t) {
    const uint64_t type_key = stream_key(type.names[t]);
    std::map<std::string, std::vector<int32_t>> by_donor;
    int64_t count = 0;
    for (size_t i = 0; i < barcodes.size(); ++i) {
      if (static_cast<size_t>(type.codes[i]) != t) continue;
      const std::string name =
          donor.empty() ? std::string() : donor.names[static_cast<size_t>(donor.codes[i])];
      by_donor[name].push_back(static_cast<int32_t>(i));
      ++count;
    }
    // Donors in a random order (else those early in the alphabet would favour one split), cells in
    // a random order within each.
    std::vector<std::string> donors;
    donors.reserve(by_donor.size());
    for (const auto& [name, cells] : by_donor) donors.push_back(name);
    RandomStream donor_order(seed, Purpose::kSplit, type_key);
    donor_order.shuffle(std::span(donors));
    std::vector<int32_t> order;
    for (const auto& name : donors) {
      auto& cells = by_donor[name];
      std::sort(cells.begin(), cells.end(), [&](int32_t a, int32_t b) {
        return barcodes[static_cast<size_t>(a)] < barcodes[static_cast<size_t>(b)];
      });
      RandomStream random(seed, Purpose::kSplit, type_key, stream_key(name));
      random.shuffle(std::span(cells));
      order.insert(order.end(), cells.begin(), cells.end());
    }
    const auto splits = interleaved(split_sizes(count, options));
    for (size_t k = 0; k < order.size(); ++k) result[static_cast<size_t>(order[k])] = splits[k];
  }
  return result;
}

}  // namespace grids::core
