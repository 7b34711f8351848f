#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/redundancy_into.hpp"
#include "redundancy/control_studies.hpp"
#include "redundancy/redundancy_columns.hpp"

namespace grids::core {
namespace {

constexpr int64_t kControlNeighbours = 30;

/// What was called, in the real study or a control.
struct ControlRow {
  std::string control;
  int64_t targets = 0;
  double share_moved = 0;  ///< NaN: nothing was
  double confirmed = 0;    ///< share of the targets' genes that pass gate B
  int64_t judged = 0;
  std::vector<RedundancyCall> calls;
  double false_share = 0;  ///< of real calls, NaN but for decoys

  int64_t count(RedundancyCall call) const { return std::count(calls.begin(), calls.end(), call); }
  int64_t told() const {
    return std::count_if(calls.begin(), calls.end(), [](RedundancyCall call) {
      return is_called(call) && call != RedundancyCall::kIndependent;
    });
  }
  double rate() const {
    return judged > 0 ? static_cast<double>(told()) / static_cast<double>(judged) : kNaN;
  }
};

auto counting(RedundancyCall call) {
  return [call](const ControlRow& row) { return row.count(call); };
}

Columns<ControlRow> control_columns() {
  return {
      "negative_control.tsv",
      "a row for the real study and for each in which nothing is to be found; with "
      "`--negative-control`",
      {{"control",
        "`real`; `decoy windows`: each gene at the place of one on another chromosome; `permuted`: "
        "chromatin permuted within part of the split, type, batch and decile of open peaks; "
        "`neighbours`: swapped with one of 30 neighbours in state",
        &ControlRow::control},
       {"targets", "searched and judged alike", &ControlRow::targets},
       {"share_moved", "of the genes, or cells, that are elsewhere", &ControlRow::share_moved},
       {"confirmed", "share of the targets' genes that pass gate B", &ControlRow::confirmed},
       {"judged", "sets with numbers", &ControlRow::judged},
       {"redundant", "sets with this call", counting(RedundancyCall::kRedundant)},
       {"quorum", "sets with this call", counting(RedundancyCall::kQuorum)},
       {"cooperative", "sets with this call", counting(RedundancyCall::kCooperative)},
       {"independent", "sets with this call", counting(RedundancyCall::kIndependent)},
       {"stand_ins_or_proxies", "sets with this call",
        counting(RedundancyCall::kStandInsOrProxies)},
       {"called_share", "redundant, quorum or cooperative, of the judged", &ControlRow::rate},
       {"false_discovery_rate",
        "of decoy windows: their `called_share` ÷ that of the real study; NA where nothing is "
        "called "
        "there",
        &ControlRow::false_share}}};
}

double confirmed_share(const StudySurrogate& surrogate, const std::vector<ExplainTarget>& targets) {
  const auto passed = std::count_if(targets.begin(), targets.end(), [&](const ExplainTarget& t) {
    return surrogate.path_of(t.gene) == GenePath::kConfirmed;
  });
  return targets.empty() ? kNaN : static_cast<double>(passed) / static_cast<double>(targets.size());
}

ControlRow real_row(const Table& redundancy, const StudySurrogate& surrogate,
                    const std::vector<ExplainTarget>& targets) {
  ControlRow row{"real", std::ssize(targets), kNaN, confirmed_share(surrogate, targets), 0, {},
                 kNaN};
  for (size_t i = 0; i < redundancy.rows(); ++i) {
    const auto call = call_of(redundancy.text(i, column::kCall));
    if (call) row.calls.push_back(*call);
    row.judged += std::isfinite(redundancy.number(i, column::kHiddenShare)) ? 1 : 0;
  }
  return row;
}

/// A control study from the fit of its cis path to its calls.
class Controls {
 public:
  Controls(const StudySurrogate& surrogate, const std::vector<ExplainTarget>& targets,
           const RedundancyArguments& arguments, const Context& context)
      : surrogate_(surrogate), targets_(targets), arguments_(arguments), context_(context) {}

  ControlRow row(const std::string& name, const ControlStudy& control) const {
    const Study& study = control.study;
    CisOptions cis = arguments_.cis;
    cis.genes.clear();
    for (const auto& target : targets_) cis.genes.push_back(target.gene);
    if (surrogate_.cis() != nullptr && surrogate_.cis()->capture > 0) {
      cis.capture = surrogate_.cis()->capture;
    }
    const auto latents = surrogate_.folded().atac_latents(context_.pool, study.open);
    const CisFit fit = fit_cis(study, latents, cis, context_);
    const StudySurrogate fitted(surrogate_.folded(), &fit.path);
    auto plan = arguments_.plan();
    plan.half_samples = 0;
    plan.judging.contrast_groups.clear();
    auto sets = RedundancySearch(study, fitted, plan, context_).find(targets_).sets;
    hold_together(sets, arguments_.explain.redundancy_options());
    ControlRow row{
        name, std::ssize(targets_), control.share_moved, confirmed_share(fitted, targets_), 0, {},
        kNaN};
    for (const auto& set : sets) {
      row.calls.push_back(set.result.call);
      row.judged += std::isfinite(set.result.hidden) ? 1 : 0;
    }
    return row;
  }

 private:
  StudySurrogate surrogate_;
  const std::vector<ExplainTarget>& targets_;
  const RedundancyArguments& arguments_;
  const Context& context_;
};

}  // namespace

TableText describe_negative_control() {
  return control_columns().describe();
}

std::string negative_control_into(OutputFolder& out, const Study& study,
                                  const StudySurrogate& surrogate,
                                  const std::vector<ExplainTarget>& targets, const Table& real,
                                  const RedundancyArguments& arguments, const Context& context) {
  const Controls controls(surrogate, targets, arguments, context);
  const int64_t window = arguments.cis.window;
  std::vector<ControlRow> rows = {real_row(real, surrogate, targets)};
  rows.push_back(controls.row("decoy windows", decoy_windows(study, window, context)));
  rows.push_back(controls.row("permuted", permuted_chromatin(study, context)));
  const auto latents = surrogate.folded().atac_latents(context.pool, study.open);
  rows.push_back(controls.row(
      "neighbours", swapped_with_neighbours(study, latents, kControlNeighbours, context)));
  const double real_rate = rows[0].rate();
  if (real_rate > 0) rows[1].false_share = rows[1].rate() / real_rate;
  context.reporter.info(
      fmt::format("negative control: {} of {} sets of decoy windows were called redundant, quorum "
                  "or cooperative, "
                  "{} of {} of the real ones",
                  rows[1].told(), rows[1].judged, rows[0].told(), rows[0].judged));
  return write_tables_into(out, {control_columns().table(std::span<const ControlRow>(rows))},
                           context)
      .front();
}

}  // namespace grids::core
