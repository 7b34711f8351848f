/// The explanation methods that learn a network (names: explain/network_methods.hpp).
///
/// To add one, write one file in this folder that defines `const Explainer& NAME_explainer()`, add
/// it to the list in network_explainers.cpp and its name to explain/network_methods.cpp.
#pragma once

#include "explain/explainer.hpp"

namespace grids {

const Methods& network_explainers();

/// All methods: those of `explain/` and these.
Methods explainers_with_networks();

}  // namespace grids
