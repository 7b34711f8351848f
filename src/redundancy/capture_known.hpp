/// Which capture the bound on hidden shares is computed with.
#pragma once

#include <optional>
#include <string>

#include "model/cis_path.hpp"

namespace grids::core {

struct CaptureKnown {
  double capture = 0;
  std::string source;  ///< "given", "lower end of its estimate", …
};

/// What a user gave; else the lower end of the estimate that terms were chosen with (where the
/// profile over captures falls two units of log likelihood below its top); else, where only a
/// number is known, 0.7 of it; else 0.3. Lower values bound more. Never below `most_seen`, the
/// largest share of cells in which one of the elements is seen open.
CaptureKnown capture_known(std::optional<double> given, const CisPath& path, double most_seen);

/// The lower end of a profile, captures descending from 1.
double lower_end(std::span<const CapturePoint> profile);

}  // namespace grids::core
