#include "redundancy/rule.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "math/information.hpp"
#include "math/statistics.hpp"

namespace grids::core {
namespace {

constexpr double kMost = 0.95;          ///< of draws
constexpr double kMostAtBound = 0.975;  ///< where additive truth itself may lie on the bound
constexpr double kTotalTail = 0.05;     ///< to either side, of the interval of the total change
constexpr double kPower = 0.8;
/// A hidden share is printed with an interval where R is as many standard errors from 0.
constexpr double kFirmTotal = 3;
/// Of draws in which power is counted.
constexpr size_t kPowerDraws = 400;
/// Captures at which a call is tried anew, from the top.
constexpr double kCaptureStep = 0.02;
constexpr double kLeastCapture = 0.1;

double quantile(std::vector<double>& values, double share) {
  const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return values[at(place)];
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double product_of(std::span<const double> a, std::span<const double> b) {
  const double mean_a = mean_of(a), mean_b = mean_of(b);
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - mean_a) * (b[i] - mean_b);
  return sum / static_cast<double>(a.size() - 1);
}

/// Draws of log rates around 0: draws × settings.
std::vector<double> draw_errors(const SettingRates& rates, size_t draws, RandomStream& random) {
  const size_t settings = rates.settings();
  const CholeskyFactor factor(rates.covariance);
  std::vector<double> errors;
  errors.reserve(draws * settings);
  std::vector<double> normal(settings);
  for (size_t d = 0; d < draws; ++d) {
    for (double& value : normal) value = random.normal();
    double stretch = 1;
    if (std::isfinite(rates.freedom)) {
      // Student's t: the normal over the root of a χ² share, by its normal approximation
      // (Wilson & Hilferty 1931).
      const double ninth = 2 / (9 * rates.freedom);
      const double root = 1 - ninth + random.normal() * std::sqrt(ninth);
      stretch = 1 / std::sqrt(std::max(0.05, root * root * root));
    }
    auto error = factor.lower_times(normal);
    for (double value : error) errors.push_back(stretch * value);
  }
  return errors;
}

/// What the rule reads of draws of rates.
struct Drawn {
  std::vector<double> n, r, n_log, r_log;
  std::vector<std::vector<double>> share;  ///< Shapley on logs, by element
};

/// What the rule needs beside draws; all of one set.
struct RuleSettings {
  size_t elements = 0;
  double margin = 0;
  std::vector<double> weights;  ///< shapley_weights
  std::vector<CaptureBound> bounds;
  CaptureBound bound;  ///< as estimated
  double needed = 0;   ///< h_∧
};

void add_draw(const RuleSettings& rule, std::span<const double> values,
              std::span<const double> logs, Drawn& drawn) {
  const auto linear = hidden_parts(values, rule.elements);
  const auto log = hidden_parts(logs, rule.elements);
  drawn.n.push_back(linear.numerator);
  drawn.r.push_back(linear.total);
  drawn.n_log.push_back(log.numerator);
  drawn.r_log.push_back(log.total);
  drawn.share.resize(rule.elements);
  for (size_t a = 0; a < rule.elements; ++a) {
    double share = 0;
    for (size_t s = 0; s < logs.size(); ++s) share += rule.weights[a * logs.size() + s] * logs[s];
    drawn.share[a].push_back(share);
  }
}

template <typename Condition>
double share_of_draws(size_t draws, const Condition& condition) {
  size_t count = 0;
  for (size_t d = 0; d < draws; ++d) count += condition(d) ? 1 : 0;
  return static_cast<double>(count) / static_cast<double>(draws);
}

struct Decision {
  RedundancyCall call = RedundancyCall::kNotCalled;
  std::string reason;
};

/// `logs`: the estimate, one a setting.
Decision decide(const Drawn& drawn, std::span<const double> logs, const RuleSettings& rule) {
  const size_t draws = drawn.n.size();
  auto totals = drawn.r_log;
  const double low = quantile(totals, kTotalTail), high = quantile(totals, 1 - kTotalTail);
  if (low <= 0 && high >= 0) return {RedundancyCall::kNotCalled, "total effect"};
  std::vector<double> values(logs.size());
  for (size_t s = 0; s < values.size(); ++s) values[s] = std::exp(logs[s]);
  const auto estimate = hidden_parts(values, rule.elements);
  const double sign = estimate.total > 0 ? 1 : -1;
  bool weak = false;
  for (const auto& share : drawn.share) {
    const double with = share_of_draws(draws, [&](size_t d) { return sign * share[d] > 0; });
    if (1 - with >= kMost) return {RedundancyCall::kNotCalled, "opposed"};
    weak |= with < kMost;
  }
  if (weak) return {RedundancyCall::kNotCalled, "idle or too weak"};
  const auto beyond = [&](size_t d, double t) {
    return sign * (drawn.n[d] - t * drawn.r[d]) > 0 &&
           sign * (drawn.n_log[d] - t * drawn.r_log[d]) > 0;
  };
  const auto below = [&](size_t d, double t) {
    return sign * (drawn.n[d] + t * drawn.r[d]) < 0 &&
           sign * (drawn.n_log[d] + t * drawn.r_log[d]) < 0;
  };
  const double margin = rule.margin;
  const auto numbers = element_numbers(values, logs, rule.elements);
  double gains = 0, losses = 0;
  for (const auto& element : numbers) {
    gains += element.gain;
    losses += element.loss;
  }
  const double hidden = share_of_draws(
      draws, [&](size_t d) { return beyond(d, std::max(margin, rule.bounds[d].most)); });
  if (hidden >= (rule.bound.most > margin ? kMostAtBound : kMost)) {
    return {gains > 1 ? RedundancyCall::kRedundant : RedundancyCall::kQuorum, ""};
  }
  const double joint = share_of_draws(
      draws, [&](size_t d) { return below(d, std::max(margin, -rule.bounds[d].least)); });
  if (joint >= kMost) return {RedundancyCall::kCooperative, ""};
  if (share_of_draws(draws, [&](size_t d) { return beyond(d, margin); }) >= kMost) {
    return {RedundancyCall::kStandInsOrProxies,
            "missed openness could make independent elements look so; knock down one, and both"};
  }
  std::vector<double> lower(draws), upper(draws);
  for (size_t d = 0; d < draws; ++d) {
    const double linear = drawn.n[d] / drawn.r[d], log = drawn.n_log[d] / drawn.r_log[d];
    lower[d] = std::min(linear, log);
    upper[d] = std::max(linear, log);
  }
  bool even =
      quantile(lower, 1 - kTotalTail) < 0.5 && quantile(upper, kTotalTail) > rule.needed / 2;
  if (rule.elements > 2 && even) {
    const auto log = hidden_parts(logs, rule.elements);
    double log_gains = 0;
    for (size_t a = 0; a < rule.elements; ++a) log_gains += logs[bit_of(a)] / log.total;
    const double log_losses = 1 - log.numerator / log.total;
    const auto near = [](double sum) { return std::abs(sum - 1) <= 0.5; };
    even = (near(losses) && near(gains)) || (near(log_losses) && near(log_gains));
  }
  if (even) return {RedundancyCall::kIndependent, ""};
  return {RedundancyCall::kNotCalled, "wide"};
}

/// Chance that `wanted` is called where the log rates are these.
template <typename Wanted>
double power(const std::vector<double>& truth, const std::vector<double>& errors,
             const RuleSettings& rule, size_t replicates, const Wanted& wanted) {
  const size_t settings = truth.size();
  const size_t all = errors.size() / settings;
  const size_t draws = std::min(kPowerDraws, all);
  std::vector<double> factors(errors.size());
  for (size_t i = 0; i < factors.size(); ++i) factors[i] = std::exp(errors[i]);
  std::vector<double> base(settings), estimate(settings), logs(settings), values(settings);
  size_t called = 0;
  for (size_t i = 0; i < replicates; ++i) {
    const size_t own = (all - 1 - i) % all;  // from the end: not those around which draws are made
    for (size_t s = 0; s < settings; ++s) {
      estimate[s] = truth[s] + errors[own * settings + s];
      base[s] = std::exp(estimate[s]);
    }
    Drawn drawn;
    for (size_t d = 0; d < draws; ++d) {
      for (size_t s = 0; s < settings; ++s) {
        logs[s] = estimate[s] + errors[d * settings + s];
        values[s] = base[s] * factors[d * settings + s];
      }
      add_draw(rule, values, logs, drawn);
    }
    called += wanted(decide(drawn, estimate, rule).call) ? 1 : 0;
  }
  return replicates == 0 ? kNaN : static_cast<double>(called) / static_cast<double>(replicates);
}

/// Log rates where a share of the change from none to all open is seen in each setting.
std::vector<double> log_rates_at(std::span<const double> shares, double change) {
  std::vector<double> logs;
  // Relative to none open, where missed openness shows a share already.
  const double none = shares[0];
  for (const double share : shares) {
    const double part = none < 1 ? (share - none) / (1 - none) : 0;
    logs.push_back(std::log1p(std::max(-0.95, part * std::expm1(change))));
  }
  return logs;
}

/// Fieller's (1954) interval of N ÷ R.
void add_interval(const Drawn& drawn, const HiddenParts& estimate, double confidence,
                  Redundancy& result) {
  result.hidden_low = result.hidden_high = kNaN;
  const double n = estimate.numerator, r = estimate.total;
  const double v_r = product_of(drawn.r, drawn.r);
  if (!(std::abs(r) >= kFirmTotal * std::sqrt(v_r))) return;
  const double z = normal_upper_quantile((1 - confidence) / 2);
  const double v_n = product_of(drawn.n, drawn.n), v_nr = product_of(drawn.n, drawn.r);
  const double a = r * r - z * z * v_r;
  const double b = n * r - z * z * v_nr;
  const double c = n * n - z * z * v_n;
  const double inside = b * b - a * c;
  if (!(a > 0) || !(inside >= 0)) return;
  result.hidden_low = (b - std::sqrt(inside)) / a;
  result.hidden_high = (b + std::sqrt(inside)) / a;
}

/// One-sided p that s·(N − t R) lies above 0, on both scales: the larger.
double p_beyond(const Drawn& drawn, double sign, double t, double freedom) {
  double largest = 0;
  for (const bool log : {false, true}) {
    const auto& n = log ? drawn.n_log : drawn.n;
    const auto& r = log ? drawn.r_log : drawn.r;
    std::vector<double> parts(n.size());
    for (size_t d = 0; d < n.size(); ++d) parts[d] = sign * (n[d] - t * r[d]);
    const double z = mean_of(parts) / std::sqrt(product_of(parts, parts));
    largest = std::max(largest, student_upper_tail(z, freedom));
  }
  return largest;
}

double p_below(const Drawn& drawn, double sign, double t, double freedom) {
  Drawn turned = drawn;
  for (auto* values : {&turned.n, &turned.n_log}) {
    for (double& value : *values) value = -value;
  }
  return p_beyond(turned, sign, t, freedom);
}

double detectable_share(const Drawn& drawn, double threshold) {
  const double reach = normal_upper_quantile(1 - kMost) + normal_upper_quantile(1 - kPower);
  double largest = 0;
  for (const bool log : {false, true}) {
    const auto& n = log ? drawn.n_log : drawn.n;
    const auto& r = log ? drawn.r_log : drawn.r;
    std::vector<double> parts(n.size());
    for (size_t d = 0; d < n.size(); ++d) parts[d] = n[d] - threshold * r[d];
    largest = std::max(
        largest, threshold + reach * std::sqrt(product_of(parts, parts)) / std::abs(mean_of(r)));
  }
  return largest;
}

std::vector<PairNumbers> pair_numbers(const SettingRates& rates, const std::vector<double>& errors,
                                      double confidence) {
  std::vector<PairNumbers> pairs;
  const Setting all = all_open(rates.elements);
  const size_t settings = rates.settings();
  const size_t draws = errors.size() / settings;
  const double tail = (1 - confidence) / 2;
  for (size_t a = 0; a < rates.elements; ++a) {
    for (size_t b = a + 1; b < rates.elements; ++b) {
      for (const bool open : {false, true}) {
        if (open && rates.elements == 2) continue;
        PairNumbers pair{a, b, open};
        const Setting base = open ? all & ~bit_of(a) & ~bit_of(b) : 0;
        const auto departures = [&](auto value) {
          return value(base | bit_of(a) | bit_of(b)) - value(base | bit_of(a)) -
                 value(base | bit_of(b)) + value(base);
        };
        const auto log_at = [&](size_t d) {
          return [&, d](Setting s) { return rates.log_rate[s] + errors[d * settings + s]; };
        };
        std::vector<double> added(draws), factor(draws);
        for (size_t d = 0; d < draws; ++d) {
          const auto log = log_at(d);
          factor[d] = departures(log);
          added[d] =
              departures([&](Setting s) { return std::exp(log(s)); }) / (std::exp(log(all)) - 1);
        }
        const auto estimated = [&](Setting s) { return rates.log_rate[s]; };
        pair.factor = departures(estimated);
        pair.added = departures([&](Setting s) { return std::exp(estimated(s)); }) /
                     std::expm1(rates.log_rate[all]);
        pair.added_low = quantile(added, tail);
        pair.added_high = quantile(added, 1 - tail);
        pair.factor_low = quantile(factor, tail);
        pair.factor_high = quantile(factor, 1 - tail);
        pairs.push_back(pair);
      }
    }
  }
  return pairs;
}

/// The smallest capture, from the largest down, at which the call is still made.
double break_of(RedundancyCall call, const Drawn& drawn, std::span<const double> logs,
                RuleSettings rule, const std::vector<SeenDraw>& seen, const SeenDraw& estimate,
                double most_seen) {
  if (call != RedundancyCall::kRedundant && call != RedundancyCall::kQuorum) return kNaN;
  double smallest = 1;
  for (double capture = 1; capture >= std::max(kLeastCapture, most_seen); capture -= kCaptureStep) {
    rule.bound = estimate.bound(capture);
    for (size_t d = 0; d < rule.bounds.size(); ++d) rule.bounds[d] = seen[d].bound(capture);
    if (decide(drawn, logs, rule).call != call) break;
    smallest = capture;
  }
  return smallest;
}

}  // namespace

const char* call_name(RedundancyCall call) {
  switch (call) {
    case RedundancyCall::kRedundant:
      return "redundant";
    case RedundancyCall::kQuorum:
      return "quorum";
    case RedundancyCall::kCooperative:
      return "cooperative";
    case RedundancyCall::kIndependent:
      return "independent";
    case RedundancyCall::kStandInsOrProxies:
      return "stand_ins_or_proxies";
    case RedundancyCall::kNotCalled:
      return "not_called";
  }
  return "";
}

std::optional<RedundancyCall> call_of(std::string_view name) {
  for (const auto call : {RedundancyCall::kRedundant, RedundancyCall::kQuorum,
                          RedundancyCall::kCooperative, RedundancyCall::kIndependent,
                          RedundancyCall::kStandInsOrProxies, RedundancyCall::kNotCalled}) {
    if (name == call_name(call)) return call;
  }
  return std::nullopt;
}

bool is_called(RedundancyCall call) {
  return call != RedundancyCall::kStandInsOrProxies && call != RedundancyCall::kNotCalled;
}

void RuleOptions::describe(OptionSet& set) {
  set.inner("hidden-margin", margin, above(0).below(1));
  set.inner("redundancy-draws", draws, at_least(100));
  set.inner("power-replicates", power_replicates, at_least(0));
  set.inner("redundancy-confidence", confidence, above(0).below(1));
}

Redundancy nothing_measured(std::string reason) {
  Redundancy result;
  result.reason = std::move(reason);
  for (double* number :
       {&result.hidden, &result.hidden_low, &result.hidden_high, &result.hidden_error,
        &result.hidden_log, &result.j, &result.change, &result.change_low, &result.change_high,
        &result.bound.most, &result.bound.least, &result.kappa_break, &result.p_redundant,
        &result.p_cooperative, &result.q, &result.power_redundant, &result.power_cooperative,
        &result.detectable}) {
    *number = kNaN;
  }
  return result;
}

Redundancy judge_rates(const SettingRates& rates, const SeenTogether& seen, double capture,
                       const RuleOptions& options, RandomStream& random) {
  const size_t settings = rates.settings();
  const auto draws = at(options.draws);
  const auto errors = draw_errors(rates, draws, random);
  const SeenDraw seen_estimate(seen);
  std::vector<SeenDraw> seen_draws;
  seen_draws.reserve(draws);
  for (size_t d = 0; d < draws; ++d) seen_draws.emplace_back(seen, random);

  RuleSettings rule;
  rule.elements = rates.elements;
  rule.margin = options.margin;
  rule.weights = shapley_weights(rates.elements);
  rule.bound = seen_estimate.bound(capture);
  for (const auto& draw : seen_draws) rule.bounds.push_back(draw.bound(capture));
  const auto all_chances = all_open_chances(seen, capture);
  const auto needed = hidden_parts(all_chances, rates.elements);
  rule.needed = needed.total > 0 ? std::min(0.0, needed.numerator / needed.total) : 0;

  Drawn drawn;
  std::vector<double> values(settings), logs(settings);
  for (size_t d = 0; d < draws; ++d) {
    for (size_t s = 0; s < settings; ++s) {
      logs[s] = rates.log_rate[s] + errors[d * settings + s];
      values[s] = std::exp(logs[s]);
    }
    add_draw(rule, values, logs, drawn);
  }
  for (size_t s = 0; s < settings; ++s) values[s] = std::exp(rates.log_rate[s]);

  Redundancy result;
  result.bound = rule.bound;
  const auto linear = hidden_parts(values, rates.elements);
  const auto log = hidden_parts(rates.log_rate, rates.elements);
  result.hidden = linear.numerator / linear.total;
  result.hidden_log = log.numerator / log.total;
  result.change = log.total;
  auto totals = drawn.r_log;
  result.change_low = quantile(totals, kTotalTail);
  result.change_high = quantile(totals, 1 - kTotalTail);
  result.elements = element_numbers(values, rates.log_rate, rates.elements);
  for (const auto& element : result.elements) {
    result.j += (element.loss - element.gain) / static_cast<double>(rates.elements);
  }
  add_interval(drawn, linear, options.confidence, result);
  const double h = result.hidden;
  result.hidden_error =
      std::sqrt(std::max(0.0, product_of(drawn.n, drawn.n) - 2 * h * product_of(drawn.n, drawn.r) +
                                  h * h * product_of(drawn.r, drawn.r))) /
      std::abs(linear.total);
  result.pairs = pair_numbers(rates, errors, options.confidence);
  result.numerator = linear.numerator;
  result.numerator_variance = product_of(drawn.n, drawn.n);
  result.numerator_log = log.numerator;
  result.numerator_log_variance = product_of(drawn.n_log, drawn.n_log);

  const auto decision = decide(drawn, rates.log_rate, rule);
  result.call = decision.call;
  result.reason = decision.reason;
  const double sign = linear.total > 0 ? 1 : -1;
  const double above = std::max(options.margin, rule.bound.most);
  result.p_redundant = p_beyond(drawn, sign, above, rates.freedom);
  result.p_cooperative =
      p_below(drawn, sign, std::max(options.margin, -rule.bound.least), rates.freedom);
  result.q = kNaN;
  result.detectable = detectable_share(drawn, above);
  result.kappa_break = break_of(result.call, drawn, rates.log_rate, rule, seen_draws, seen_estimate,
                                seen.most_seen());
  const auto replicates = at(options.power_replicates);
  result.power_redundant =
      power(log_rates_at(any_open_chances(seen, capture), log.total), errors, rule, replicates,
            [](RedundancyCall call) {
              return call == RedundancyCall::kRedundant || call == RedundancyCall::kQuorum;
            });
  result.power_cooperative =
      power(log_rates_at(all_chances, log.total), errors, rule, replicates,
            [](RedundancyCall call) { return call == RedundancyCall::kCooperative; });
  if (result.reason == "wide") {
    const bool powered = result.power_redundant >= kPower && result.power_cooperative >= kPower;
    result.reason = powered ? "between the calls, although the cells had the power"
                            : "too uncertain: these cells had not the power";
  }
  return result;
}

}  // namespace grids::core
