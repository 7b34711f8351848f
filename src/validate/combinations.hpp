/// Elements that were perturbed one by one and all together: what of the joint effect no single
/// perturbation shows, measured.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/nan.hpp"
#include "io/peak_name.hpp"

namespace grids::core {

/// The effect of perturbing some elements: natural log of expression ÷ that of the control.
struct PerturbedArm {
  double log_fold = kNaN;
  double error = kNaN;  ///< standard error of `log_fold`
};

struct Combination {
  std::string gene;
  std::string cell_type;             ///< empty: the table does not tell
  std::vector<std::string> names;    ///< of the elements, as the table spells them
  std::vector<Interval> elements;    ///< chromosomes are bare (pairs.hpp)
  std::vector<PerturbedArm> single;  ///< of each element alone
  PerturbedArm joint;                ///< of all together
};

/// Reads a tab-separated table (plain or gzip), a row for each arm: `gene`, `elements`
/// (chr1:10-20;chr1:40-50), `arm` (those of them that were perturbed, spelt likewise), and either
/// `fold` and `fold_error` or `log_fold` and `log_fold_error` (natural logs); `cell_type` where it
/// is there. Each element alone and all together must be there; other arms (pairs of three) are
/// passed over. Throws Error(kInput) that names file, line and column, or the gene and the arm that
/// is missing.
std::vector<Combination> read_combinations(const std::filesystem::path& path);

/// A hidden share of measured effects.
struct MeasuredShare {
  double value = kNaN;  ///< 1 − Σ single effects ÷ joint effect
  /// Fieller's (1954) 95 % interval; NaN where the joint effect is within three standard errors of
  /// 0, for a ratio with such a denominator has no useful one.
  double low = kNaN;
  double high = kNaN;
  /// (joint − Σ single) ÷ its standard error, with the sign of the joint effect: above 0 where the
  /// elements make good each other's loss.
  double z = kNaN;
};

enum class Interaction : uint8_t { kNoJointEffect, kRedundant, kCooperative, kNeither };

/// "no_joint_effect", "redundant", "cooperative", "neither".
const char* interaction_name(Interaction interaction);

struct MeasuredCombination {
  MeasuredShare share;      ///< H, of effects 1 − fold: 0 where elements add
  MeasuredShare share_log;  ///< H_log, of effects −log fold: 0 where they multiply
  /// Redundant: z above 1.645 (one-sided at 0.05) on both scales; cooperative: below −1.645 on
  /// both. No joint effect: its log fold lies within 1.645 standard errors of 0.
  Interaction interaction = Interaction::kNeither;
};

/// Errors of the arms are taken as independent (a shared control that is small makes them less
/// so), and carried to folds by the delta method.
MeasuredCombination measure_combination(const Combination& combination);

}  // namespace grids::core
