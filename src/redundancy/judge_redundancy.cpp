#include "redundancy/judge_redundancy.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "redundancy/fit_rates.hpp"
#include "redundancy/interplay_sets.hpp"
#include "redundancy/measurement.hpp"

namespace grids::core {
namespace {

/// Between which donors' cells count as independent, but the sign must hold without any of them.
constexpr int64_t kFewDonors = 3;

bool is_floored(const std::vector<double>& rates, double floor) {
  return std::any_of(rates.begin(), rates.end(),
                     [&](double rate) { return !(rate >= floor * rates[0]); });
}

/// The stream that a set's draws are of.
RandomStream stream_for(const Study& study, const RedundancyTarget& target, uint64_t seed) {
  std::string key = study.genes.names[at(target.gene)];
  for (const int32_t peak : target.peaks) key += "," + study.peaks.names[at(peak)];
  const ExplainTarget in_type{target.type, target.gene, 0};
  return {seed, Purpose::kRedundancy, stream_of(study, in_type), stream_key(key)};
}

/// Positions in the contrast's cells of those that are of a donor other than this one.
std::vector<int32_t> without_donor(const Study& study, const JudgedCells& cells, int32_t donor) {
  std::vector<int32_t> positions;
  for (size_t i = 0; i < cells.cells.size(); ++i) {
    if (study.cells.donor.codes[at(cells.cells[i])] != donor) {
      positions.push_back(static_cast<int32_t>(i));
    }
  }
  return positions;
}

/// Whether the hidden share keeps its sign without any one of few donors.
bool holds_without_donors(const Study& study, const SetRedundancy& set, const JudgedCells& cells,
                          const std::vector<double>& other_terms,
                          const RedundancyOptions& options) {
  const auto elements = set.judged_elements();
  for (int32_t donor = 0; donor < std::ssize(study.cells.donor.names); ++donor) {
    const auto positions = without_donor(study, cells, donor);
    if (positions.size() == cells.cells.size()) continue;
    const auto rest = some_of(study, cells, positions, options);
    const Measurement part(study, set.target.gene, elements, rest,
                           kept_values(other_terms, positions));
    const auto rates = measured_rates(part.data, options.rates);
    if (!rates.problem.empty()) return false;
    std::vector<double> values;
    for (const double log : rates.log_rate) values.push_back(std::exp(log));
    if (!(set.result.hidden * hidden_share(values, elements.size()) > 0)) return false;
  }
  return true;
}

int64_t donors_of(const Study& study, std::span<const int32_t> cells) {
  if (study.cells.donor.empty()) return 0;
  std::vector<int32_t> codes;
  codes.reserve(cells.size());
  for (const int32_t cell : cells) codes.push_back(study.cells.donor.codes[at(cell)]);
  std::sort(codes.begin(), codes.end());
  return std::unique(codes.begin(), codes.end()) - codes.begin();
}

/// Types among some cells, by how many cells they have.
std::vector<int32_t> types_of(const Study& study, std::span<const int32_t> cells) {
  std::vector<int32_t> types;
  types.reserve(cells.size());
  for (const int32_t cell : cells) types.push_back(study.cells.type.codes[at(cell)]);
  return types;
}

/// What donors say against a call.
void judge_donors(const Study& study, const JudgedCells& cells,
                  const std::vector<double>& other_terms, const RedundancyOptions& options,
                  SetRedundancy& set) {
  const int64_t donors = donors_of(study, cells.contrast.cells);
  if (set.measured.clusters > 0 || donors == 0) return;
  if (donors < kFewDonors) {
    set.note =
        fmt::format("{} donor{}: cells count as independent", donors, donors == 1 ? "" : "s");
    return;
  }
  const auto call = set.result.call;
  if (!is_called(call) || call == RedundancyCall::kIndependent) return;
  if (!holds_without_donors(study, set, cells, other_terms, options)) {
    withdraw(set, "donors: the sign does not hold without one of them");
  }
}

}  // namespace

void RedundancyOptions::describe(OptionSet& set) {
  set.flag("--allow-transcribed", allow_transcribed,
           "Judge elements in the transcribed part of their gene too, where fragments of "
           "transcripts look like redundancy");
  set.value("--capture", capture,
            "Probability that ATAC observes an open peak in a cell of median depth; without, the "
            "lower end of what cis estimated, else 0.3",
            above(0).at_most(1));
  set.value("--contrast-groups", contrast_groups,
            "Column of the study's cells (kept by prepare) whose groups are held against each "
            "other: does the joint change, or the hidden share, differ?");
  set.inner("fit-floor", floor, above(0).below(1));
  set.inner("type-level", type_level, at_least(0).below(1));
  set.inner("many-sets", many_sets, at_least(1));
  set.inner("redundancy-fdr", q_most, above(0).at_most(1));
  rates.describe(set);
  rule.describe(set);
}

RedundancyTarget redundancy_target(const ExplainedTarget& explained) {
  return {explained.target.type, explained.target.gene, members_of(explained.partners), "found",
          explained.path == GenePath::kUnconfirmed};
}

std::vector<RedundancyTarget> redundancy_targets(const std::vector<ExplainedTarget>& explained) {
  std::vector<RedundancyTarget> targets;
  targets.reserve(explained.size());
  for (const auto& entry : explained) targets.push_back(redundancy_target(entry));
  return targets;
}

JudgedCells judged_cells(const Study& study, const StateCovariates& state,
                         std::vector<int32_t> cells, const RedundancyOptions& options,
                         const Context& context) {
  JudgedCells result;
  result.state = state.of(cells, context);
  result.cells = std::move(cells);
  result.contrast = contrast_cells(study, result.cells, result.state, options.contrast);
  return result;
}

std::vector<int32_t> cells_alike(const Study& study, std::optional<int32_t> type) {
  std::vector<int32_t> cells;
  for (int32_t cell = 0; cell < study.cells.size(); ++cell) {
    if (!type || study.cells.type.codes[at(cell)] == *type) cells.push_back(cell);
  }
  return cells;
}

void withdraw(SetRedundancy& set, std::string reason) {
  set.result.call = RedundancyCall::kNotCalled;
  set.result.reason = std::move(reason);
}

void measure_set(const Study& study, const CisPath& path, const JudgedCells& cells,
                 const std::vector<double>& other_terms, const RedundancyOptions& options,
                 uint64_t seed, SetRedundancy& set) {
  const auto elements = set.judged_elements();
  set.cells = std::ssize(cells.contrast.cells);
  if (set.cells == 0) {
    set.result = nothing_measured("cells: none with RNA");
    return;
  }
  const Measurement measurement(study, set.target.gene, elements, cells, other_terms);
  set.measured = measured_rates(measurement.data, options.rates);
  // Openness alone: every cell of the type says how often the elements are seen together.
  const auto alike = cells_alike(study, set.target.type);
  const SeenTogether seen(elements.size(), settings_of(study, elements, alike),
                          strata_of(study, alike));
  set.capture = capture_known(options.capture, path, seen.most_seen());
  if (!set.measured.problem.empty()) {
    set.result = nothing_measured(set.measured.problem);
    return;
  }
  if (!set.target.type) {
    const auto types = types_of(study, cells.contrast.cells);
    const double p = setting_by_type_p(measurement.data, types, options.rates);
    if (p < options.type_level) {
      set.result = nothing_measured(fmt::format("types differ (p {:.1g}): see each type", p));
      set.types_differ = true;
      return;
    }
  }
  auto random = stream_for(study, set.target, seed);
  set.result = judge_rates(set.measured, seen, set.capture.capture, options.rule, random);
  if (is_floored(set.fit, options.floor)) {
    withdraw(set, "floor: the fit has a setting with next to no expression");
  }
  judge_donors(study, cells, other_terms, options, set);
  if (options.groups) measure_in_groups(study, cells, other_terms, options, set);
}

namespace {

SetRedundancy judge_set(const Study& study, const StudySurrogate& surrogate,
                        const RedundancyTarget& target, const CellsOfType& cells,
                        const RedundancyOptions& options, const Context& context) {
  const auto& judged = cells.judged();
  auto set = describe_set(study, surrogate, target, cells.tested(), options, context.pool);
  set.cells = std::ssize(judged.contrast.cells);
  if (!set.result.reason.empty()) return set;
  const auto elements = set.judged_elements();
  const FitOfGene fit(study, surrogate, target.gene, cells.tested(), context.pool);
  measure_set(study, *surrogate.cis(), judged, fit.other_terms(elements), options, context.seed,
              set);
  set.interplay = interplay_of(study, surrogate, set, cells, options, context.pool);
  return set;
}

/// Cells with RNA that the fit has seen.
std::vector<int32_t> seen_cells(const Study& study, std::optional<int32_t> type) {
  std::vector<int32_t> cells;
  for (const int32_t cell : cells_alike(study, type)) {
    const bool seen = study.cells.split[at(cell)] != Split::kTest;
    if (seen && study.cells.total_rna[at(cell)] > 0) cells.push_back(cell);
  }
  return cells;
}

}  // namespace

CellsOfType::CellsOfType(const Study& study, const StudySurrogate& surrogate,
                         std::optional<int32_t> type, JudgedCells judged, ThreadPool& pool)
    : study_(study),
      surrogate_(surrogate),
      type_(type),
      pool_(pool),
      judged_(std::move(judged)),
      tested_(surrogate.to_predict(study, judged_.cells, pool)) {
  const size_t latents = at(surrogate.shape().latent);
  for (const int32_t i : judged_.contrast.kept) {
    measured_.cells.push_back(judged_.cells[at(i)]);
    const auto row = tested_.latents.begin() + static_cast<std::ptrdiff_t>(at(i) * latents);
    measured_.latents.insert(measured_.latents.end(), row,
                             row + static_cast<std::ptrdiff_t>(latents));
  }
}

const StudySurrogate::CellsToPredict& CellsOfType::seen() const {
  std::call_once(seen_once_,
                 [&] { seen_ = surrogate_.to_predict(study_, seen_cells(study_, type_), pool_); });
  return seen_;
}

RedundancyJudge::RedundancyJudge(const Study& study, const StudySurrogate& surrogate,
                                 const RedundancyOptions& options, const Context& context,
                                 std::shared_ptr<const StateCovariates> state)
    : study_(study),
      surrogate_(surrogate),
      options_(options),
      context_(context),
      state_(state != nullptr ? std::move(state)
                              : std::make_shared<const StateCovariates>(
                                    study, surrogate, options_.contrast.components, context)) {
  if (!options_.contrast_groups.empty()) {
    options_.groups =
        std::make_shared<const CellGroups>(cell_groups(study, options_.contrast_groups));
  }
}

const CellsOfType& RedundancyJudge::cells_of(std::optional<int32_t> type) {
  auto& kept = by_type_[type];
  if (!kept) {
    kept = std::make_unique<CellsOfType>(
        study_, surrogate_, type,
        judged_cells(study_, *state_, study_.cells_of(Split::kTest, type), options_, context_),
        context_.pool);
  }
  return *kept;
}

StudySurrogate RedundancyJudge::asked_for(const std::vector<RedundancyTarget>& targets) const {
  std::vector<int32_t> genes;
  for (const auto& target : targets) {
    if (target.unconfirmed) genes.push_back(target.gene);
  }
  return genes.empty() ? surrogate_ : surrogate_.asked_for(genes);
}

std::vector<SetRedundancy> RedundancyJudge::judge_as_asked(
    const std::vector<RedundancyTarget>& targets) {
  const StudySurrogate asked = asked_for(targets);
  for (const auto& target : targets) cells_of(target.type);
  std::vector<SetRedundancy> rows(targets.size());
  context_.pool.for_each(std::ssize(targets), [&](int64_t i) {
    const auto& target = targets[at(i)];
    rows[at(i)] = judge_set(study_, asked, target, *by_type_.at(target.type), options_, context_);
  });
  context_.check_cancelled();
  return rows;
}

std::vector<SetRedundancy> RedundancyJudge::judge(const std::vector<RedundancyTarget>& targets) {
  auto rows = judge_as_asked(targets);
  std::vector<RedundancyTarget> apart;
  for (const auto& row : rows) {
    for (int32_t type = 0; row.types_differ && type < std::ssize(study_.cells.type.names); ++type) {
      apart.push_back(row.target);
      apart.back().type = type;
    }
  }
  auto of_types = judge_as_asked(apart);
  std::vector<SetRedundancy> result;
  auto next = of_types.begin();
  const auto types = static_cast<std::ptrdiff_t>(study_.cells.type.names.size());
  for (auto& row : rows) {
    const bool followed = row.types_differ;
    if (followed) pool_types(row, {next, next + types});
    result.push_back(std::move(row));
    for (size_t type = 0; followed && type < study_.cells.type.names.size(); ++type) {
      result.push_back(std::move(*next++));
    }
  }
  return result;
}

}  // namespace grids::core
