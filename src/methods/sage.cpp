#include "methods/sage.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "base/at.hpp"
#include "base/random.hpp"
#include "methods/scores.hpp"

namespace grids::core {
namespace {

/// Masked features of the rows that are predicted at once: bounds the memory.
constexpr int64_t kMaskedAtOnce = int64_t{1} << 24;

/// A permutation's evaluated players, the last of the order first.
struct Chain {
  int32_t position = 0;
  std::vector<Feature> players;
  std::vector<uint8_t> differs;  ///< of each player: x ≠ p in the cell
  std::vector<double> changes;   ///< of the players that differ: with it and all before it masked
};

/// `count` distinct features in random order.
std::vector<Feature> draw_players(const std::vector<Feature>& allowed, int64_t count,
                                  RandomStream& random) {
  if (2 * count >= std::ssize(allowed)) {
    std::vector<Feature> players = allowed;
    random.shuffle(std::span(players));
    players.resize(at(count));
    return players;
  }
  std::vector<Feature> players;
  std::unordered_set<Feature> drawn;
  while (std::ssize(players) < count) {
    const Feature player = allowed[random.below(static_cast<uint32_t>(allowed.size()))];
    if (drawn.insert(player).second) players.push_back(player);
  }
  return players;
}

Chain draw_chain(const Objective& objective, int64_t players, RandomStream random) {
  Chain chain;
  chain.position =
      static_cast<int32_t>(random.below(static_cast<uint32_t>(objective.cells.size())));
  chain.players = draw_players(objective.allowed, players, random);
  const auto differing = objective.model->differing(objective.cells[at(chain.position)]);
  for (const Feature player : chain.players) {
    chain.differs.push_back(std::binary_search(differing.begin(), differing.end(), player) ? 1 : 0);
  }
  return chain;
}

/// The rows of a chain: one for each player that differs, with those before it, ascending.
std::vector<std::vector<Feature>> subsets_of(const Chain& chain) {
  std::vector<std::vector<Feature>> subsets;
  std::vector<Feature> masked;
  for (size_t i = 0; i < chain.players.size(); ++i) {
    if (chain.differs[i] == 0) continue;
    const Feature player = chain.players[i];
    masked.insert(std::lower_bound(masked.begin(), masked.end(), player), player);
    subsets.push_back(masked);
  }
  return subsets;
}

/// Predicts all chains. The players that change nothing are counted, not computed.
void fill_changes(Objective& objective, const CellChanges& changes, std::span<Chain> chains,
                  ThreadPool& pool) {
  std::vector<std::vector<std::vector<Feature>>> subsets(chains.size());
  pool.for_blocks(std::ssize(chains), 8, [&](int64_t begin, int64_t end, int64_t) {
    for (int64_t i = begin; i < end; ++i) subsets[at(i)] = subsets_of(chains[at(i)]);
  });
  std::vector<MaskedPosition> rows;
  for (size_t i = 0; i < chains.size(); ++i) {
    for (const auto& subset : subsets[i]) rows.push_back({chains[i].position, subset});
    objective.evaluations += std::ssize(chains[i].players) - std::ssize(subsets[i]);
  }
  const auto result = cell_changes(objective, changes, rows);
  size_t next = 0;
  for (size_t i = 0; i < chains.size(); ++i) {
    for (size_t k = 0; k < subsets[i].size(); ++k) chains[i].changes.push_back(result[next++]);
  }
}

/// Sums of what each player contributed.
class Contributions {
 public:
  explicit Contributions(size_t features)
      : sums_(features, 0.0), squares_(features, 0.0), draws_(features, 0) {}

  void add(const Chain& chain) {
    double change = 0;
    size_t next = 0;
    for (size_t i = 0; i < chain.players.size(); ++i) {
      const auto player = at(chain.players[i]);
      ++draws_[player];
      if (chain.differs[i] == 0) continue;
      const double after = chain.changes[next++];
      sums_[player] += after - change;
      squares_[player] += (after - change) * (after - change);
      change = after;
    }
  }

  SageValues values() const {
    SageValues result;
    result.draws = draws_;
    for (size_t j = 0; j < sums_.size(); ++j) {
      const auto draws = static_cast<double>(draws_[j]);
      const double mean = draws_[j] == 0 ? 0 : sums_[j] / draws;
      result.values.push_back(mean);
      if (draws_[j] < 2) {
        result.errors.push_back(std::numeric_limits<double>::infinity());
        continue;
      }
      const double variance = std::max(0.0, squares_[j] - draws * mean * mean) / (draws - 1);
      result.errors.push_back(std::sqrt(variance / draws));
    }
    return result;
  }

 private:
  std::vector<double> sums_;
  std::vector<double> squares_;
  std::vector<int64_t> draws_;
};

bool has_converged(const SageValues& found, const std::vector<Feature>& allowed, double threshold) {
  double largest_error = 0;
  double lowest_value = std::numeric_limits<double>::infinity();
  double highest_value = -lowest_value;
  for (const Feature feature : allowed) {
    largest_error = std::max(largest_error, found.errors[at(feature)]);
    lowest_value = std::min(lowest_value, found.values[at(feature)]);
    highest_value = std::max(highest_value, found.values[at(feature)]);
  }
  return threshold > 0 && largest_error <= threshold * (highest_value - lowest_value);
}

}  // namespace

void SageOptions::describe(OptionSet& set) {
  set.value("--sage-permutations", permutations,
            "Most permutations (published: 256000, for L = 128 100000)",
            at_least(1).at_most(std::numeric_limits<uint32_t>::max()));
  set.value("--sage-players", players,
            "Players evaluated of a permutation, its last ones; 0 = as many as the set has",
            at_least(0));
  set.value("--sage-batch", batch, "Permutations between two looks at the convergence",
            at_least(1));
  set.value("--sage-threshold", threshold,
            "Converged when the largest standard error is this share of the values' range; "
            "0 = never",
            at_least(0));
}

SageValues sage_values(Objective& objective, int64_t members, const SageOptions& options,
                       uint64_t stream, const Context& context) {
  const int64_t wanted = options.players == 0 ? members : options.players;
  const int64_t players = std::min<int64_t>(wanted, std::ssize(objective.allowed));
  const int64_t affordable = evaluations_left(objective) / std::max<int64_t>(1, players);
  const int64_t most = std::min(options.permutations, affordable);
  // Every player may differ: a chain then lists 1 + 2 + … + players features.
  const int64_t at_once =
      std::clamp<int64_t>(kMaskedAtOnce / (players * (players + 1) / 2 + 1), 1, options.batch);
  const CellChanges changes(objective);
  Contributions contributions(at(objective.model->shape().features));
  SageValues result = contributions.values();
  int64_t done = 0;
  bool converged = false;
  while (done < most && !converged) {
    const int64_t batch_end = std::min(most, done + options.batch);
    while (done < batch_end) {
      context.check_cancelled();
      std::vector<Chain> chains(at(std::min(at_once, batch_end - done)));
      context.pool.for_blocks(std::ssize(chains), 8, [&](int64_t begin, int64_t end, int64_t) {
        for (int64_t i = begin; i < end; ++i) {
          const auto permutation = static_cast<uint32_t>(done + i);
          chains[at(i)] = draw_chain(objective, players,
                                     {context.seed, Purpose::kMethods, stream, permutation});
        }
      });
      fill_changes(objective, changes, chains, context.pool);
      for (const auto& chain : chains) contributions.add(chain);
      done += std::ssize(chains);
    }
    result = contributions.values();
    converged = has_converged(result, objective.allowed, options.threshold);
  }
  result.permutations = done;
  result.converged = converged;
  result.budget_spent = !converged && done < options.permutations;
  return result;
}

}  // namespace grids::core
