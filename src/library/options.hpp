/// From the options of a caller to the structs of the stages, by the same descriptions as the
/// command line's.
#pragma once

#include <string>

#include "base/described.hpp"
#include "grids/grids.hpp"

namespace grids {

/// Gives the described options what the caller wrote. Throws Error(kUsage) that lists everything
/// that is wrong: names that `stage` does not have, with those that come closest, options given
/// twice, and values out of range.
void assign(core::OptionSet& set, const Options& options, const std::string& stage);

/// The same of whatever has a `describe`.
template <typename Described>
void assign(Described& described, const Options& options, const std::string& stage) {
  core::OptionSet set;
  described.describe(set);
  assign(set, options, stage);
}

}  // namespace grids
