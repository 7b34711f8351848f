#include "redundancy/capture_known.hpp"

#include <algorithm>
#include <cmath>

namespace grids::core {
namespace {

/// Half the 95 % quantile of χ² with one degree of freedom.
constexpr double kFall = 1.92;
constexpr double kOfANumber = 0.7;
constexpr double kUnknown = 0.3;

}  // namespace

double lower_end(std::span<const CapturePoint> profile) {
  const auto top = std::max_element(
      profile.begin(), profile.end(),
      [](const CapturePoint& a, const CapturePoint& b) { return a.gain < b.gain; });
  const auto next = top + 1;
  if (next == profile.end()) return top->capture * kOfANumber;  // the top may lie further down
  // A parabola from the top through the next point, in log capture: near its top a profile is flat,
  // so that the straight line between them would end too early.
  const double fall = top->gain - next->gain;
  const double share = std::sqrt(std::min(1.0, kFall / std::max(fall, 1e-12)));
  return std::exp(std::log(top->capture) + share * std::log(next->capture / top->capture));
}

CaptureKnown capture_known(std::optional<double> given, const CisPath& path, double most_seen) {
  CaptureKnown known;
  if (given) {
    known = {*given, "given"};
  } else if (!path.capture_profile.empty()) {
    known = {lower_end(path.capture_profile), "lower end of its estimate"};
  } else if (path.capture > 0) {
    known = {kOfANumber * path.capture, "0.7 of the one that terms were chosen with"};
  } else {
    known = {kUnknown, "not known"};
  }
  if (known.capture < most_seen) known = {most_seen, "share seen open"};
  return known;
}

}  // namespace grids::core
