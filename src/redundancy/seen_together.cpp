#include "redundancy/seen_together.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/nan.hpp"

namespace grids::core {
namespace {

/// Counts of one element in the cells of a stratum where the others are in a state.
struct Tally {
  double cells = 0;
  double open = 0;
};

double beta_of(double rest, double none, double capture) {
  if (std::isnan(rest) || std::isnan(none)) return 1;  // nothing bounds it
  const double base = missed_chance(none, capture);
  if (base >= 1) return 1;
  return (missed_chance(rest, capture) - base) / (1 - base);
}

double drawn(const SeenTogether::Share& share, RandomStream& random) {
  return std::clamp(share.value + share.error * random.normal(), 0.0, 1.0);
}

}  // namespace

double missed_chance(double seen, double capture) {
  if (seen >= capture) return 1;
  return seen * (1 - capture) / (capture * (1 - seen));
}

SeenTogether::SeenTogether(size_t elements, std::span<const Setting> settings,
                           std::span<const int32_t> strata)
    : elements_(elements), marginal_(elements, 0.0) {
  const size_t states = at(all_open(elements)) + 1;
  int32_t last = -1;
  for (const int32_t code : strata) last = std::max(last, code);
  const size_t groups = at(last + 1);
  shares_.assign(elements * states * states, {kNaN, kNaN});
  std::vector<Tally> tallies(groups * states);
  for (size_t a = 0; a < elements; ++a) {
    std::fill(tallies.begin(), tallies.end(), Tally{});
    for (size_t i = 0; i < settings.size(); ++i) {
      const bool open = (settings[i] & bit_of(a)) != 0;
      auto& tally = tallies[at(strata[i]) * states + (settings[i] & ~bit_of(a))];
      tally.cells += 1;
      tally.open += open ? 1 : 0;
      marginal_[a] += open ? 1 : 0;
    }
    marginal_[a] /= std::max<double>(1, static_cast<double>(settings.size()));
    for (size_t others = 0; others < states; ++others) {
      for (size_t beside = 0; beside < states; ++beside) {
        double weights = 0, sum = 0, spread = 0, cells = 0, open = 0;
        for (size_t g = 0; g < groups; ++g) {
          const auto& own = tallies[g * states + others];
          const auto& other = tallies[g * states + beside];
          if (own.cells == 0 || other.cells == 0) continue;
          const double weight = own.cells * other.cells / (own.cells + other.cells);
          weights += weight;
          sum += weight * own.open / own.cells;
          spread += weight * weight / own.cells;
          cells += own.cells;
          open += own.open;
        }
        if (weights == 0) continue;
        const double middle = (open + 0.5) / (cells + 1);
        shares_[(a * states + others) * states + beside] = {
            sum / weights, std::sqrt(middle * (1 - middle) * spread) / weights};
      }
    }
  }
}

double SeenTogether::most_seen() const {
  return *std::max_element(marginal_.begin(), marginal_.end());
}

const SeenTogether::Share& SeenTogether::share(size_t element, Setting others,
                                               Setting beside) const {
  const size_t states = at(all_open(elements_)) + 1;
  return shares_[(element * states + others) * states + beside];
}

SeenDraw::SeenDraw(const SeenTogether& seen) : elements_(seen.elements()) {
  for (size_t a = 0; a < elements_; ++a) {
    const Setting rest = all_open(elements_) & ~bit_of(a);
    rest_.push_back(seen.share(a, rest, 0).value);
    none_.push_back(seen.share(a, 0, rest).value);
  }
}

SeenDraw::SeenDraw(const SeenTogether& seen, RandomStream& random) : elements_(seen.elements()) {
  for (size_t a = 0; a < elements_; ++a) {
    const Setting rest = all_open(elements_) & ~bit_of(a);
    rest_.push_back(drawn(seen.share(a, rest, 0), random));
    none_.push_back(drawn(seen.share(a, 0, rest), random));
  }
}

CaptureBound SeenDraw::bound(double capture) const {
  CaptureBound bound;
  for (size_t a = 0; a < elements_; ++a) {
    const double beta = beta_of(rest_[a], none_[a], capture);
    bound.most = std::max(bound.most, beta);
    bound.least = std::min(bound.least, beta);
  }
  return bound;
}

std::vector<double> all_open_chances(const SeenTogether& seen, double capture) {
  const Setting all = all_open(seen.elements());
  std::vector<double> chances(at(all) + 1, 1.0);
  for (Setting setting = 0; setting <= all; ++setting) {
    // One closed-looking element after the other, those before it taken for open.
    Setting known = setting;
    for (size_t a = 0; a < seen.elements(); ++a) {
      if ((setting & bit_of(a)) != 0) continue;
      const double share = seen.share(a, known, known).value;
      chances[setting] *= missed_chance(std::isnan(share) ? seen.seen(a) : share, capture);
      known |= bit_of(a);
    }
  }
  return chances;
}

std::vector<double> any_open_chances(const SeenTogether& seen, double capture) {
  std::vector<double> chances(at(all_open(seen.elements())) + 1, 1.0);
  double closed = 1;  // all of them, where all look closed
  for (size_t a = 0; a < seen.elements(); ++a) {
    const double share = seen.share(a, 0, 0).value;
    closed *= 1 - missed_chance(std::isnan(share) ? seen.seen(a) : share, capture);
  }
  chances[0] = 1 - closed;
  return chances;
}

}  // namespace grids::core
