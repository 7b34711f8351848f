/// The sum of single effects (SuSiE; Wang, Sarkar, Carbonetto & Stephens 2020, J. R. Stat. Soc. B
/// 82, 1273): y = Σ_l X b_l + e, each b_l with exactly one non-zero entry, fitted by iterative
/// Bayesian stepwise selection. What is returned for each variable is the posterior probability
/// that some effect is its own.
///
/// As susieR's `susie` by default: 10 effects, variables scaled to variance 1, prior variance of
/// each effect by maximising its own evidence and set to 0 where 0 does no worse, residual variance
/// estimated, up to 100 rounds until the evidence bound gains less than 1e-3. An effect of prior
/// variance 0 counts for no variable.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace grids::core {

struct SingleEffectsInput {
  /// X'X of columns without mean, of variance 1 (diagonal = rows); 0 in rows and columns of
  /// variables that are left out. Variables × variables, row-major.
  std::vector<double> products;
  std::vector<double> with_response;  ///< X'y
  double response_squares = 0;        ///< y'y
  double rows = 0;                    ///< less what covariates used up
};

struct SingleEffectsOptions {
  int64_t effects = 10;
  double prior_share = 0.2;  ///< prior variance of an effect, where it starts: a share of y's
  int64_t most_rounds = 100;
  double tolerance = 1e-3;
};

struct SingleEffectsFit {
  /// effects × variables, row-major: the probability that the effect is that variable's; sums to 1.
  std::vector<double> alpha;
  std::vector<double> mean;            ///< likewise: of the effect if it is that variable's
  std::vector<double> prior_variance;  ///< of each effect
  std::vector<double> inclusion;       ///< PIP of each variable
  std::vector<double> effect;          ///< posterior mean of each variable's coefficient
  double residual_variance = 0;
  std::vector<double> bounds;  ///< the evidence bound after each round: never falls
  bool converged = false;
};

SingleEffectsFit fit_single_effects(const SingleEffectsInput& input,
                                    const SingleEffectsOptions& options = {});

/// The input for 0/1 variables (rows in which each is 1) and a response, both without what the
/// covariates explain. `covariates`: orthogonal columns of mean square 1, the first of ones.
/// Variables of which the covariates leave less than a millionth are left out.
SingleEffectsInput single_effects_input(std::span<const std::span<const int32_t>> variables,
                                        std::span<const double> response,
                                        std::span<const std::vector<double>> covariates);

}  // namespace grids::core
