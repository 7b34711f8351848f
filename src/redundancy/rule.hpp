/// When elements stand in for each other: the calling rule.
///
/// Let r(X) be the rate with the elements X open and the rest of S closed, R = r(S) − r(∅), signed,
/// m_a = (r(S) − r(S∖a)) ÷ R the loss of a from the whole, g_a = (r({a}) − r(∅)) ÷ R its gain on
/// nothing. The *hidden share* H = 1 − Σ m_a is what of the joint change no single knock-out shows:
/// 0 where elements add, 1 where any one suffices, −1 where a pair is needed jointly; H_log is the
/// same of log r, 0 where elements multiply. A call must hold on both scales, and beyond what
/// missed openness does to additive elements (seen_together.hpp). It is made by draws of the rates,
/// always on numerators, so that a small R cannot explode: with s the sign of the estimated R and N
/// = R·H, H > t means s (N − t R) > 0.
///
/// In this order: total change; each element's Shapley share; *redundant* (any one suffices) or
/// *quorum* (a loss is made good, but not by any one alone); *cooperative*; *stand_ins_or_proxies*
/// (redundant but for the bound); *independent* (additive or multiplicative, which are not told
/// apart); not called.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/described.hpp"
#include "base/random.hpp"
#include "redundancy/seen_together.hpp"
#include "redundancy/setting_rates.hpp"
#include "redundancy/shares.hpp"

namespace grids::core {

enum class RedundancyCall : uint8_t {
  kRedundant,
  kQuorum,
  kCooperative,
  kIndependent,
  kStandInsOrProxies,
  kNotCalled,
};

/// As tables spell it: "stand_ins_or_proxies".
const char* call_name(RedundancyCall call);

/// Nothing for a text that is none.
std::optional<RedundancyCall> call_of(std::string_view name);

/// Whether it says something of the elements: all but the last two.
bool is_called(RedundancyCall call);

struct RuleOptions {
  /// δ: hidden shares nearer to 0 are nobody's redundancy. Larger values call fewer.
  double margin = 0.15;
  int64_t draws = 2000;
  /// Simulated measurements behind each probability that a call is made.
  int64_t power_replicates = 100;
  /// Of the intervals of hidden shares.
  double confidence = 0.95;

  void describe(OptionSet& set);
};

/// Two elements, the others closed (or open).
struct PairNumbers {
  size_t first = 0, second = 0;
  bool others_open = false;
  double added = 0, added_low = 0, added_high = 0;     ///< departure from adding ÷ R
  double factor = 0, factor_low = 0, factor_high = 0;  ///< from multiplying, natural log
};

struct Redundancy {
  RedundancyCall call = RedundancyCall::kNotCalled;
  std::string reason;
  double hidden = 0, hidden_low = 0, hidden_high = 0;  ///< interval: NaN where R is uncertain
  double hidden_error = 0;                             ///< standard, by the delta method
  double hidden_log = 0;
  double j = 0;  ///< Σ (m_a − g_a) ÷ |S|
  /// Log r(S) ÷ r(∅), and its interval of 90 %.
  double change = 0, change_low = 0, change_high = 0;
  CaptureBound bound;
  /// The smallest capture at which the call stands; NaN where it needs none.
  double kappa_break = 0;
  double p_redundant = 1;  ///< redundant or quorum
  double p_cooperative = 1;
  double q = 0;  ///< NaN until calls of a run are held together
  /// Chance of this call at the rates' errors, if any one sufficed, or all were needed.
  double power_redundant = 0;
  double power_cooperative = 0;
  double detectable = 0;  ///< smallest hidden share that is called with a probability of 0.8
  std::vector<ElementNumbers> elements;
  std::vector<PairNumbers> pairs;
  /// N and its variance (linear scale), the same of log rates: to be summed over folds.
  double numerator = 0, numerator_variance = 0;
  double numerator_log = 0, numerator_log_variance = 0;
};

/// `rates` without a problem. Draws are the stream's.
Redundancy judge_rates(const SettingRates& rates, const SeenTogether& seen, double capture,
                       const RuleOptions& options, RandomStream& random);

/// Numbers that are all NaN, for that reason.
Redundancy nothing_measured(std::string reason);

}  // namespace grids::core
