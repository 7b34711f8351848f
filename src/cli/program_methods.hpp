/// Which explanation methods a program has, and how a command reaches those of the other program.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "explain/explainer.hpp"

namespace grids {

/// The methods that a program offers. `grids` and `grids-torch` declare the same options and list
/// the same methods, but only `grids-torch` has those that learn a network.
struct ProgramMethods {
  Methods here;
  /// Names of those that only the other program has.
  std::vector<std::string_view> elsewhere = {};
  /// Whether the other program is there.
  bool reachable = false;
  /// Goes on as the other program with the same arguments: returns never. Throws Error(kInternal)
  /// when it cannot be started.
  std::function<void()> hand_over = {};

  /// All names, those from elsewhere last.
  std::vector<std::string_view> names() const;
  /// Hands over when the method is elsewhere.
  void require(std::string_view name) const;
};

}  // namespace grids
