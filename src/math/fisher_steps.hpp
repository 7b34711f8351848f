/// Fisher scoring with steps of limited length, on likelihoods of few parameters.
#pragma once

#include <functional>
#include <vector>

#include "math/information.hpp"

namespace grids::core {

/// Gradient and expected information (size × size; its lower triangle is read) at the present
/// parameters. What was there before is of no value.
using AssembleStep =
    std::function<void(std::vector<double>& gradient, std::vector<double>& information)>;

/// Of log likelihood: nobody asks for more.
inline constexpr double kFisherTolerance = 1e-7;

/// Moves `parameters` until a step promises less than `tolerance` of log likelihood, `most` times
/// at most; no step is longer than 1 in any of them, and each stays where `within` puts it. The
/// factor of the last step's information, of size 0 where there was none.
CholeskyFactor take_fisher_steps(std::vector<double>& parameters, int most,
                                 const AssembleStep& assemble,
                                 const std::function<double(size_t, double)>& within,
                                 double tolerance = kFisherTolerance);

}  // namespace grids::core
