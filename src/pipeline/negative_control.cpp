#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/at.hpp"
#include "base/nan.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/redundancy_into.hpp"
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

/// Of the targets of a portion, in the real study or a control.
struct ControlledTargets {
  int64_t targets = 0;
  int64_t confirmed = 0;  ///< of their genes, pass gate B
  double share_moved = kNaN;
};

Columns<ControlledTargets> target_columns(const std::string& file) {
  return {file,
          "one row",
          {{"targets", "of the portion", &ControlledTargets::targets},
           {"confirmed", "whose genes pass gate B", &ControlledTargets::confirmed},
           {"share_moved", "of the study", &ControlledTargets::share_moved}}};
}

/// What a set of a control is held together with the others by.
struct ControlledSet {
  std::string call;
  std::string reason;
  std::string p_redundant;  ///< with all digits
  std::string p_cooperative;
  bool judged = false;
};

Columns<ControlledSet> set_columns(const std::string& file) {
  return {file,
          "a row a set",
          {{"call", "by itself", &ControlledSet::call},
           {"reason", "by itself", &ControlledSet::reason},
           {"p_redundant", "all digits", &ControlledSet::p_redundant},
           {"p_cooperative", "all digits", &ControlledSet::p_cooperative},
           {"judged", "has numbers", &ControlledSet::judged}}};
}

constexpr const char* kRealTargets = "control_real.tsv";

std::string targets_file(size_t kind) {
  return fmt::format("control_{}.tsv", kind + 1);
}

std::string sets_file(size_t kind) {
  return fmt::format("control_{}_sets.tsv", kind + 1);
}

int64_t count_confirmed(const StudySurrogate& surrogate,
                        const std::vector<ExplainTarget>& targets) {
  return std::count_if(targets.begin(), targets.end(), [&](const ExplainTarget& t) {
    return surrogate.path_of(t.gene) == GenePath::kConfirmed;
  });
}

/// A row of which the calls are not known yet; the targets are those of all portions.
ControlRow row_of(const std::string& name, const Table& portions) {
  ControlRow row{name, 0, kNaN, 0, 0, {}, kNaN};
  int64_t confirmed = 0;
  const auto columns = target_columns("");
  for (const auto& portion : columns.read(portions)) {
    row.targets += portion.targets;
    confirmed += portion.confirmed;
    row.share_moved = portion.share_moved;  // of the whole study: the same in all
  }
  row.confirmed =
      row.targets == 0 ? kNaN : static_cast<double>(confirmed) / static_cast<double>(row.targets);
  return row;
}

void add_real_calls(const Table& redundancy, ControlRow& row) {
  for (size_t i = 0; i < redundancy.rows(); ++i) {
    const auto call = call_of(redundancy.text(i, column::kCall));
    if (call) row.calls.push_back(*call);
    row.judged += std::isfinite(redundancy.number(i, column::kHiddenShare)) ? 1 : 0;
  }
}

/// Held together over all portions.
void add_calls(const Table& sets, const RedundancyOptions& options, ControlRow& row) {
  std::vector<CallOfRun> calls;
  calls.reserve(sets.rows());
  for (size_t i = 0; i < sets.rows(); ++i) {
    const auto call = call_of(sets.text(i, "call"));
    if (!call) throw input_error("{}: row {} has no known call", sets.source, i + 1);
    calls.push_back({*call, sets.text(i, "reason"), sets.number(i, "p_redundant"),
                     sets.number(i, "p_cooperative"), kNaN});
    row.judged += sets.text(i, "judged") == "yes" ? 1 : 0;
  }
  hold_together(std::span(calls), options);
  for (const auto& entry : calls) row.calls.push_back(entry.call);
}

}  // namespace

ControlPortions::ControlPortions(const Study& study, const StudySurrogate& surrogate,
                                 const RedundancyArguments& arguments, const Context& context)
    : study_(study), surrogate_(surrogate), arguments_(arguments), context_(context) {}

size_t ControlPortions::kinds() {
  return 3;
}

std::string ControlPortions::name_of(size_t kind) {
  constexpr const char* kNames[] = {"decoy windows", "permuted", "neighbours"};
  return kNames[kind];
}

void ControlPortions::make(size_t kind) {
  if (made_ == kind) return;
  if (kind == 0) control_ = decoy_windows(study_, arguments_.cis.window, context_);
  if (kind == 1) control_ = permuted_chromatin(study_, context_);
  if (kind == 2) {
    const auto latents = surrogate_.folded().atac_latents(context_.pool, study_.open);
    control_ = swapped_with_neighbours(study_, latents, kControlNeighbours, context_);
  }
  latents_ = surrogate_.folded().atac_latents(context_.pool, control_.study.open);
  made_ = kind;
}

Table ControlPortions::real_table(const std::vector<ExplainTarget>& targets) const {
  const std::vector<ControlledTargets> row = {
      {std::ssize(targets), count_confirmed(surrogate_, targets), kNaN}};
  return target_columns(kRealTargets).table(row);
}

std::vector<Table> ControlPortions::tables(size_t kind, const std::vector<ExplainTarget>& targets) {
  make(kind);
  CisOptions cis = arguments_.cis;
  cis.genes.clear();
  for (const auto& target : targets) cis.genes.push_back(target.gene);
  if (surrogate_.cis() != nullptr && surrogate_.cis()->capture > 0) {
    cis.capture = surrogate_.cis()->capture;
  }
  const CisFit fit = fit_cis(control_.study, latents_, cis, context_);
  const StudySurrogate fitted(surrogate_.folded(), &fit.path);
  auto plan = arguments_.plan();
  plan.half_samples = 0;
  plan.judging.contrast_groups.clear();
  std::vector<ControlledSet> sets;
  for (const auto& set :
       RedundancySearch(control_.study, fitted, plan, context_).find(targets).sets) {
    const auto& result = set.result;
    sets.push_back({call_name(result.call), result.reason, exact_text(result.p_redundant),
                    exact_text(result.p_cooperative), std::isfinite(result.hidden)});
  }
  const std::vector<ControlledTargets> row = {
      {std::ssize(targets), count_confirmed(fitted, targets), control_.share_moved}};
  return {target_columns(targets_file(kind)).table(row), set_columns(sets_file(kind)).table(sets)};
}

TableText describe_negative_control() {
  return control_columns().describe();
}

Table negative_control_table(const ControlTable& read, const Table& real,
                             const RedundancyArguments& arguments, const Context& context) {
  std::vector<ControlRow> rows = {row_of("real", read(kRealTargets))};
  add_real_calls(real, rows[0]);
  for (size_t kind = 0; kind < ControlPortions::kinds(); ++kind) {
    rows.push_back(row_of(ControlPortions::name_of(kind), read(targets_file(kind))));
    add_calls(read(sets_file(kind)), arguments.explain.redundancy_options(), rows.back());
  }
  const double real_rate = rows[0].rate();
  if (real_rate > 0) rows[1].false_share = rows[1].rate() / real_rate;
  context.reporter.info(
      fmt::format("negative control: {} of {} sets of decoy windows were called redundant, quorum "
                  "or cooperative, "
                  "{} of {} of the real ones",
                  rows[1].told(), rows[1].judged, rows[0].told(), rows[0].judged));
  return control_columns().table(std::span<const ControlRow>(rows));
}

std::string negative_control_into(OutputFolder& out, const Study& study,
                                  const StudySurrogate& surrogate,
                                  const std::vector<ExplainTarget>& targets, const Table& real,
                                  const RedundancyArguments& arguments, const Context& context) {
  ControlPortions controls(study, surrogate, arguments, context);
  std::map<std::string, Table> made = {{kRealTargets, controls.real_table(targets)}};
  for (size_t kind = 0; kind < ControlPortions::kinds(); ++kind) {
    for (auto& table : controls.tables(kind, targets)) {
      const auto name = table.source;
      made.emplace(name, std::move(table));
    }
  }
  const auto read = [&](const std::string& name) { return made.at(name); };
  return write_tables_into(out, {negative_control_table(read, real, arguments, context)}, context)
      .front();
}

}  // namespace grids::core
