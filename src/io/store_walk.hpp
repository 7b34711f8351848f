/// Touches whatever a reader might ask of a store.
#pragma once

#include <functional>
#include <string>

#include "io/store.hpp"

namespace grids::core::store {

/// How much of the numbers is read.
enum class WalkBulk : uint8_t {
  kEnds,  ///< the first and the last row of each array, and with them the pieces they lie in
  kAll,   ///< of arrays that are not huge
};

/// Reads every group, attribute and text below `root`, each object once however many names it has,
/// and numbers as `bulk` says. Calls `step` with the place of each object before it is touched.
/// What cannot be read is passed over: a reader may never ask for it.
void walk(const Group& root, WalkBulk bulk, const std::function<void(const std::string&)>& step);

}  // namespace grids::core::store
