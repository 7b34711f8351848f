#include "validate/combinations.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "base/error.hpp"
#include "io/lines.hpp"
#include "io/table.hpp"
#include "math/statistics.hpp"
#include "validate/pairs.hpp"

namespace grids::core {
namespace {

/// In standard errors: what a joint effect needs for an interval of a ratio, as of measured sets.
constexpr double kFirmJoint = 3;
constexpr double kOneSided = 1.6448536269514722;
constexpr double kTwoSided = 1.959963984540054;

class CombinationTable {
 public:
  explicit CombinationTable(const Table& table) : table_(table), logs_(table.has("log_fold")) {
    std::string missing;
    for (const char* column : {"gene", "elements", "arm"}) {
      if (!table.has(column)) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", column);
    }
    if (!table.has(effect()) || !table.has(error_of_effect())) {
      missing += fmt::format("{}{} and {}{}", missing.empty() ? "" : ", ", effect(),
                             error_of_effect(), logs_ ? "" : " (or log_fold and log_fold_error)");
    }
    if (missing.empty()) return;
    throw input_error(
        "{}: no table of perturbed combinations, for it lacks {}: docs/validation-screens.md "
        "has the columns",
        table.source, missing);
  }

  PerturbedArm arm(size_t row) const {
    const double effect_size = table_.number(row, effect());
    const double error = table_.number(row, error_of_effect());
    if (!std::isfinite(effect_size) || (!logs_ && effect_size <= 0)) {
      throw wrong(row, effect(), logs_ ? "must be a number" : "must be a number above 0");
    }
    if (!std::isfinite(error) || error <= 0) {
      throw wrong(row, error_of_effect(), "must be a number above 0");
    }
    if (logs_) return {effect_size, error};
    return {std::log(effect_size), error / effect_size};
  }

  /// The names in a cell, each once.
  std::vector<std::string> names(size_t row, const char* column) const {
    std::vector<std::string> names;
    for (const auto part : split(table_.text(row, column), ';')) {
      if (part.empty()) throw wrong(row, column, "names no element between two semicolons");
      if (std::find(names.begin(), names.end(), part) != names.end()) {
        throw wrong(row, column, "names an element twice");
      }
      names.emplace_back(part);
    }
    return names;
  }

  Error wrong(size_t row, std::string_view column, std::string_view what) const {
    return input_error("{}: line {}, column '{}': '{}' {}", table_.source, row + 2, column,
                       table_.text(row, column), what);
  }

  std::string cell_type(size_t row) const {
    if (!table_.has("cell_type")) return {};
    const auto& text = table_.text(row, "cell_type");
    return text == "NA" ? std::string() : text;
  }

 private:
  const char* effect() const { return logs_ ? "log_fold" : "fold"; }
  const char* error_of_effect() const { return logs_ ? "log_fold_error" : "fold_error"; }

  const Table& table_;
  bool logs_;
};

Combination new_combination(const Table& table, const CombinationTable& cells, size_t row) {
  Combination combination;
  combination.gene = table.text(row, "gene");
  if (combination.gene.empty()) throw cells.wrong(row, "gene", "is empty");
  combination.cell_type = cells.cell_type(row);
  combination.names = cells.names(row, "elements");
  if (combination.names.size() < 2) {
    throw cells.wrong(row, "elements", "must name two elements or more, with ; between them");
  }
  for (const auto& name : combination.names) {
    auto place = parse_peak_name(name);
    if (!place) {
      throw cells.wrong(row, "elements",
                        fmt::format("has '{}', which is no place such as chr1:10-20", name));
    }
    place->chromosome = bare_chromosome(place->chromosome);
    combination.elements.push_back(std::move(*place));
  }
  combination.single.resize(combination.names.size());
  return combination;
}

/// Puts the arm of a row into its place.
void add_arm(const CombinationTable& cells, size_t row, Combination& combination) {
  const auto perturbed = cells.names(row, "arm");
  const auto& names = combination.names;
  for (const auto& name : perturbed) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw cells.wrong(row, "arm", fmt::format("has '{}', which is not among the elements", name));
    }
  }
  PerturbedArm* arm = nullptr;
  if (perturbed.size() == names.size()) arm = &combination.joint;
  if (perturbed.size() == 1) {
    const auto place = std::find(names.begin(), names.end(), perturbed[0]) - names.begin();
    arm = &combination.single[static_cast<size_t>(place)];
  }
  const auto measured = cells.arm(row);
  if (arm == nullptr) return;  // some of three or more
  if (!std::isnan(arm->log_fold)) throw cells.wrong(row, "arm", "is there twice");
  *arm = measured;
}

void require_arms(const Combination& combination, const std::string& source) {
  const auto missing = [&](const std::string& arm) {
    return input_error(
        "{}: gene {}: the arm '{}' is missing: each element alone and all together "
        "are needed",
        source, combination.gene, arm);
  };
  for (size_t i = 0; i < combination.names.size(); ++i) {
    if (std::isnan(combination.single[i].log_fold)) throw missing(combination.names[i]);
  }
  if (!std::isnan(combination.joint.log_fold)) return;
  std::string all;
  for (const auto& name : combination.names) all += (all.empty() ? "" : ";") + name;
  throw missing(all);
}

/// A sum of single effects and a joint effect, independent of each other.
struct Effects {
  double single = 0, single_variance = 0;
  double joint = 0, joint_variance = 0;
};

/// On the scale of rates, or of their logs.
Effects effects_of(const Combination& combination, bool log) {
  const auto effect = [log](const PerturbedArm& arm) {
    return log ? -arm.log_fold : -std::expm1(arm.log_fold);
  };
  const auto variance = [log](const PerturbedArm& arm) {
    const double error = log ? arm.error : arm.error * std::exp(arm.log_fold);
    return error * error;
  };
  Effects effects{0, 0, effect(combination.joint), variance(combination.joint)};
  for (const auto& arm : combination.single) {
    effects.single += effect(arm);
    effects.single_variance += variance(arm);
  }
  return effects;
}

MeasuredShare share_of(const Effects& e) {
  MeasuredShare share;
  const double ratio = e.single / e.joint;
  share.value = 1 - ratio;
  share.z = std::copysign(1.0, e.joint) * (e.joint - e.single) /
            std::sqrt(e.joint_variance + e.single_variance);
  if (!(std::abs(e.joint) >= kFirmJoint * std::sqrt(e.joint_variance))) return share;
  // Fieller: the ratios t at which single − t·joint lies within its error of 0.
  const double zz = kTwoSided * kTwoSided;
  const double a = e.joint * e.joint - zz * e.joint_variance;
  const double b = e.single * e.joint;
  const double c = e.single * e.single - zz * e.single_variance;
  const double inside = std::sqrt(b * b - a * c);
  share.low = 1 - (b + inside) / a;
  share.high = 1 - (b - inside) / a;
  return share;
}

}  // namespace

const char* interaction_name(Interaction interaction) {
  constexpr std::array<const char*, 4> kNames = {"no_joint_effect", "redundant", "cooperative",
                                                 "neither"};
  return kNames[static_cast<size_t>(interaction)];
}

std::vector<Combination> read_combinations(const std::filesystem::path& path) {
  const Table table = read_table(path);
  const CombinationTable cells(table);
  std::map<std::tuple<std::string, std::set<std::string>, std::string>, size_t> places;
  std::vector<Combination> combinations;
  for (size_t row = 0; row < table.rows(); ++row) {
    auto fresh = new_combination(table, cells, row);
    const std::set<std::string> names(fresh.names.begin(), fresh.names.end());
    const auto [place, is_new] =
        places.try_emplace({fresh.gene, names, fresh.cell_type}, combinations.size());
    if (is_new) combinations.push_back(std::move(fresh));
    add_arm(cells, row, combinations[place->second]);
  }
  if (combinations.empty()) throw input_error("{}: no combinations", table.source);
  for (const auto& combination : combinations) require_arms(combination, table.source);
  return combinations;
}

MeasuredCombination measure_combination(const Combination& combination) {
  MeasuredCombination measured;
  measured.share = share_of(effects_of(combination, false));
  measured.share_log = share_of(effects_of(combination, true));
  const double least = std::min(measured.share.z, measured.share_log.z);
  const double most = std::max(measured.share.z, measured.share_log.z);
  const auto& joint = combination.joint;
  if (!(std::abs(joint.log_fold) > kOneSided * joint.error)) {
    measured.interaction = Interaction::kNoJointEffect;
  } else if (least > kOneSided) {
    measured.interaction = Interaction::kRedundant;
  } else if (most < -kOneSided) {
    measured.interaction = Interaction::kCooperative;
  }
  return measured;
}

}  // namespace grids::core
