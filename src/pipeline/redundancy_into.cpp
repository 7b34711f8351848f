#include "pipeline/redundancy_into.hpp"

#include <fmt/core.h>

#include <map>
#include <utility>

#include "base/at.hpp"
#include "links/found_links.hpp"
#include "model/train_options.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/retrained_halves.hpp"
#include "pipeline/run_folder.hpp"
#include "redundancy/design.hpp"
#include "redundancy/redundancy_columns.hpp"
#include "redundancy/redundancy_summary.hpp"
#include "redundancy/redundancy_tables.hpp"
#include "redundancy/redundancy_words.hpp"
#include "redundancy/stability.hpp"

namespace grids::core {
namespace {

/// The same table with calls that were held together.
Table with_calls(const Table& table, const RedundancyOptions& options) {
  std::vector<CallOfRun> calls;
  for (size_t i = 0; i < table.rows(); ++i) {
    const auto call = call_of(table.text(i, column::kCall));
    if (!call) throw input_error("{}: row {} has no known call", table.source, i + 1);
    calls.push_back({*call, table.text(i, column::kCallReason),
                     table.number(i, column::kRedundancyP), table.number(i, column::kCooperativeP),
                     0});
  }
  hold_together(std::span(calls), options);
  Table result(table.columns());
  result.source = table.source;
  for (size_t i = 0; i < table.rows(); ++i) {
    auto row = table.row(i);
    for (size_t j = 0; j < row.size(); ++j) {
      const auto& name = table.columns()[j];
      if (name == column::kCall.name) row[j] = call_name(calls[i].call);
      if (name == column::kCallReason.name) row[j] = calls[i].reason;
      if (name == column::kCallQ.name) row[j] = cell_text(Probability{calls[i].q});
    }
    result.add(std::move(row));
  }
  return result;
}

/// What a portion found.
std::vector<Table> found_tables(const Study& study, const RedundancyFindings& found,
                                const RedundancyArguments& arguments) {
  auto tables = redundancy_tables(study, found.sets, arguments.explain.redundancy.contrast_groups);
  tables.push_back(skipped_columns().table(skipped_rows(study, found.skipped)));
  tables.push_back(link_columns().table(links_of(study, found)));
  if (arguments.stability > 0) tables.push_back(stability_table(study, found.stability));
  if (arguments.alternatives > 0) {
    tables.push_back(alternatives_table(study, found.alternatives));
  }
  return tables;
}

std::vector<std::string> table_names(const Study& study, const RedundancyArguments& arguments) {
  std::vector<std::string> names;
  for (const auto& table :
       redundancy_tables(study, {}, arguments.explain.redundancy.contrast_groups)) {
    names.push_back(table.source);
  }
  names.push_back(skipped_columns().describe().file);
  names.push_back(link_columns().describe().file);
  if (arguments.stability > 0) names.push_back(describe_stability().file);
  if (arguments.alternatives > 0) names.push_back(describe_alternatives().file);
  return names;
}

void tell_calls_of(const Table& redundancy, const Context& context) {
  std::vector<RedundancyCall> calls;
  for (size_t i = 0; i < redundancy.rows(); ++i) {
    calls.push_back(*call_of(redundancy.text(i, column::kCall)));
  }
  context.reporter.info(fmt::format(
      "do the elements of a set stand in for one another? Of {} sets: {} (see redundancy.tsv)",
      calls.size(), calls.empty() ? "none" : count_calls(calls)));
}

}  // namespace

void RedundancyArguments::describe(OptionSet& set) {
  set.flag("--cross-fit", cross_fit,
           "Judge by cells that folds of training and validation cells held out of cis path and "
           "search, not by test cells alone: slower, with several times the power");
  folds.describe(set);
  set.flag("--negative-control", negative_control,
           "Search and judge the same genes in decoy windows and with permuted chromatin, too: the "
           "rate of false calls (negative_control.tsv)");
  set.value("--stability", stability,
            "Search and judge anew on so many halves of the cells (stability.tsv); 0 = none",
            at_least(0));
  set.flag("--retrain", retrain,
           "Train a surrogate for each half of --stability too, as the given one was trained: what "
           "the training makes of other cells is then in it (slow)");
  set.rule([this](Problems& problems) {
    if (retrain && stability == 0) problems.add("--retrain needs --stability, the halves");
  });
  set.value(
      "--alternatives", alternatives,
      "Search each gene so many times more, without what was found (alternatives.tsv); 0 = no",
      at_least(0).at_most(10));
  describe_shard(set, shard);
}

std::vector<std::string> RedundancyArguments::files() const {
  auto names = redundancy_files(explain.redundancy);
  names.push_back(skipped_columns().describe().file);
  names.push_back(link_columns().describe().file);
  names.push_back(describe_shares().file);
  if (stability > 0) names.push_back(describe_stability().file);
  if (alternatives > 0) names.push_back(describe_alternatives().file);
  if (negative_control) names.push_back(describe_negative_control().file);
  return names;
}

RedundancyPlan RedundancyArguments::plan() const {
  RedundancyPlan plan;
  plan.explain = explain.stage_options();
  plan.by_terms = by_terms && explain.direction == WantedDirection::kAuto;
  plan.judging = explain.redundancy_options();
  plan.cis = cis;
  plan.cross_fit = cross_fit;
  plan.folds = folds;
  plan.half_samples = stability;
  plan.alternatives = alternatives;
  return plan;
}

namespace {

/// A shard's portions, each done unless it is kept.
class RedundancyPortions {
 public:
  RedundancyPortions(OutputFolder& out, const std::vector<ExplainTarget>& targets,
                     const Shard& shard, const Study& study, std::string settings,
                     const Context& context)
      : out_(out),
        targets_(targets),
        numbers_(portions_of(shard, targets.size())),
        study_(study),
        settings_(std::move(settings)),
        context_(context),
        run_(out, kRedundancyCommand, Stages::kApart) {}

  RunFolder& run() { return run_; }

  void find(const StudySurrogate& surrogate, RedundancyPlan plan,
            const RedundancyArguments& arguments) {
    RedundancySearch search(study_, surrogate, std::move(plan), context_);
    each("redundancy", "portion {}", [&](size_t portion, const auto& targets) {
      return write_portion(out_.path(), kRedundancyCommand, portion,
                           found_tables(study_, search.find(targets), arguments));
    });
  }

  /// One control study after the other, so that no two are in memory.
  void find_controls(const StudySurrogate& surrogate, const RedundancyArguments& arguments) {
    ControlPortions controls(study_, surrogate, arguments, context_);
    each("control", "targets of portion {}", [&](size_t portion, const auto& targets) {
      return write_portion(out_.path(), kRedundancyCommand, portion,
                           {controls.real_table(targets)});
    });
    for (size_t kind = 0; kind < ControlPortions::kinds(); ++kind) {
      const auto name = ControlPortions::name_of(kind);
      each("control: " + name, name + " of portion {}", [&](size_t portion, const auto& targets) {
        return write_portion(out_.path(), kRedundancyCommand, portion,
                             controls.tables(kind, targets));
      });
    }
  }

  PortionFiles files() const {
    PortionFiles files(kRedundancyCommand);
    for (const size_t portion : numbers_) files.add(portion, out_.path());
    return files;
  }

 private:
  template <typename Work>
  void each(const std::string& task, const std::string& name, const Work& work) {
    Progress progress(context_, task, std::ssize(numbers_));
    for (const size_t portion : numbers_) {
      const auto targets = targets_of_portion(portion, targets_);
      run_.run(
          {fmt::format(fmt::runtime(name), portion + 1), settings_ + asked_text(study_, targets),
           [&](const Context&) { return work(portion, targets); }},
          context_);
      progress.advance();
    }
  }

  OutputFolder& out_;
  const std::vector<ExplainTarget>& targets_;
  std::vector<size_t> numbers_;
  const Study& study_;
  std::string settings_;
  const Context& context_;
  RunFolder run_;
};

/// What can be told before any work.
void require_askable(const Study& study, const StudySurrogate& surrogate,
                     const RedundancyArguments& arguments) {
  const auto problem = arguments.negative_control ? why_no_decoys(study) : "";
  if (!problem.empty()) throw input_error("{}; leave out --negative-control", problem);
  require_groups(study, arguments.explain.redundancy);
  require_explainable(study, surrogate, arguments.explain.stage_options());
}

}  // namespace

std::vector<std::string> redundancy_into(OutputFolder& out, const Study& study,
                                         const StudySurrogate& surrogate,
                                         const std::vector<ExplainTarget>& targets,
                                         const RedundancyArguments& arguments,
                                         const std::string& settings, const std::string& how,
                                         const Context& context) {
  require_askable(study, surrogate, arguments);
  const auto training = arguments.retrain ? training_words(how) : std::vector<std::string>();
  const auto& folder = out.path();
  const auto shard = shard_from(arguments.shard);
  write_whole_run(folder, kRedundancyCommand, whole_run(study, settings, shard, targets));
  tell_portions(portions_of(shard, targets.size()).size(), targets.size(), context);
  if (portions_of(shard, targets.size()).empty()) return {};
  RedundancyPortions portions(out, targets, shard, study, settings, context);
  auto plan = arguments.plan();
  if (arguments.retrain) {
    for (int64_t half = 0; half < arguments.stability; ++half) {
      portions.run().run(train_half_stage(out, study, half, training, settings), context);
    }
    plan.trained_on = [folder](int64_t half) { return read_half(folder, half); };
  }
  portions.find(surrogate, std::move(plan), arguments);
  if (arguments.negative_control) portions.find_controls(surrogate, arguments);
  auto written = finish_redundancy(out, study, portions.files(), arguments, context);
  tell_shard(shard, context);
  return written;
}

namespace {

/// The tables of a whole run, of those that its portions left.
std::vector<Table> whole_tables(const Study& study, const ControlTable& joined,
                                const RedundancyArguments& arguments, const Context& context) {
  std::vector<Table> tables;
  for (const auto& name : table_names(study, arguments)) tables.push_back(joined(name));
  tables.front() = with_calls(tables.front(), arguments.explain.redundancy_options());
  tell_calls_of(tables.front(), context);
  for (auto& table : tables) {
    if (table.source == describe_design().file) table = in_design_order(table);
    if (table.source == link_columns().describe().file) {
      table = with_final_calls(table, tables.front());
    }
    if (table.source != describe_groups().file) continue;
    table = with_group_q(table);
    context.reporter.info(groups_sentence(tables.front(), table));
  }
  tables.push_back(shares_table(summarise_shares(read_shares(tables.front()))));
  if (arguments.negative_control) {
    tables.push_back(negative_control_table(joined, tables.front(), arguments, context));
  }
  return tables;
}

/// Tables of portions in memory, one after the other under their names.
class JoinedTables {
 public:
  void add(std::vector<Table> tables) {
    for (auto& table : tables) {
      const auto found = tables_.try_emplace(table.source, table);
      if (found.second) continue;
      for (size_t row = 0; row < table.rows(); ++row) found.first->second.add(table.row(row));
    }
  }
  const Table& named(const std::string& name) const { return tables_.at(name); }

 private:
  std::map<std::string, Table> tables_;
};

}  // namespace

std::vector<std::string> finish_redundancy(OutputFolder& out, const Study& study,
                                           const PortionFiles& portions,
                                           const RedundancyArguments& arguments,
                                           const Context& context) {
  const auto joined = [&](const std::string& name) { return portions.joined(name); };
  return write_tables_into(out, whole_tables(study, joined, arguments, context), context);
}

std::vector<Table> redundancy_in_memory(const Study& study, const StudySurrogate& surrogate,
                                        const std::vector<ExplainTarget>& targets,
                                        const RedundancyArguments& arguments,
                                        const Context& context) {
  require_askable(study, surrogate, arguments);
  if (arguments.retrain) throw internal_error("surrogates of halves are trained in a folder");
  JoinedTables joined;
  RedundancySearch search(study, surrogate, arguments.plan(), context);
  const auto portions = portions_of({}, targets.size());
  Progress progress(context, "redundancy", std::ssize(portions));
  for (const size_t portion : portions) {
    joined.add(found_tables(study, search.find(targets_of_portion(portion, targets)), arguments));
    progress.advance();
  }
  if (arguments.negative_control) {
    ControlPortions controls(study, surrogate, arguments, context);
    for (const size_t portion : portions) {
      joined.add({controls.real_table(targets_of_portion(portion, targets))});
    }
    for (size_t kind = 0; kind < ControlPortions::kinds(); ++kind) {
      for (const size_t portion : portions) {
        joined.add(controls.tables(kind, targets_of_portion(portion, targets)));
      }
    }
  }
  return whole_tables(
      study, [&](const std::string& name) { return joined.named(name); }, arguments, context);
}

}  // namespace grids::core
