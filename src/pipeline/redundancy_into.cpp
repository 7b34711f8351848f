#include "pipeline/redundancy_into.hpp"

#include <algorithm>
#include <charconv>

#include "base/at.hpp"
#include "io/folder.hpp"
#include "links/found_links.hpp"
#include "model/train_options.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/retrained_halves.hpp"
#include "pipeline/run_folder.hpp"
#include "redundancy/control_studies.hpp"
#include "redundancy/design.hpp"
#include "redundancy/redundancy_columns.hpp"
#include "redundancy/redundancy_summary.hpp"
#include "redundancy/redundancy_tables.hpp"
#include "redundancy/redundancy_words.hpp"
#include "redundancy/stability.hpp"

namespace grids::core {
namespace {

/// Targets that are searched and judged together: enough to share the threads, few enough that
/// little is lost when a run is stopped. Part of a result's meaning only through the folders.
constexpr size_t kPortion = 64;
constexpr const char* kPortions = "portions";  // in the state folder

std::string portion_name(size_t portion) {
  return fmt::format("{}/{}/{:05}", kStateFolder, kPortions, portion);
}

/// "all:SIM00012:10;" of each target.
std::string asked_text(const Study& study, const std::vector<ExplainTarget>& targets) {
  std::string text;
  for (const auto& target : targets) {
    text += fmt::format("{}:{}:{};", type_name(study, target), study.genes.names[at(target.gene)],
                        target.set_size);
  }
  return text;
}

/// The tables of all portions, one after the other.
std::vector<Table> joined(const std::filesystem::path& folder, const std::vector<size_t>& portions,
                          const std::vector<std::string>& names) {
  std::vector<Table> tables;
  for (const auto& name : names) {
    Table all;
    for (const size_t portion : portions) {
      const Table part = read_table(folder / (portion_name(portion) + "." + name));
      if (all.columns().empty()) all = Table(part.columns());
      for (size_t i = 0; i < part.rows(); ++i) all.add(part.row(i));
    }
    all.source = name;
    tables.push_back(std::move(all));
  }
  return tables;
}

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

/// Writes what a portion found; the names of the files.
std::vector<std::string> write_portion(const std::filesystem::path& folder, size_t portion,
                                       const Study& study, const RedundancyFindings& found,
                                       const RedundancyArguments& arguments) {
  make_folder(folder / kStateFolder / kPortions);
  auto tables = redundancy_tables(study, found.sets, arguments.explain.redundancy.contrast_groups);
  tables.push_back(skipped_columns().table(skipped_rows(study, found.skipped)));
  tables.push_back(link_columns().table(links_of(study, found)));
  if (arguments.stability > 0) tables.push_back(stability_table(study, found.stability));
  if (arguments.alternatives > 0) {
    tables.push_back(alternatives_table(study, found.alternatives));
  }
  std::vector<std::string> written;
  for (auto& table : tables) {
    table.source = portion_name(portion) + "." + table.source;
    written.push_back(write_into(folder, table));
  }
  return written;
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

std::vector<ExplainTarget> targets_of(size_t portion, const std::vector<ExplainTarget>& targets) {
  const size_t first = portion * kPortion, last = std::min(targets.size(), first + kPortion);
  return {targets.begin() + static_cast<std::ptrdiff_t>(first),
          targets.begin() + static_cast<std::ptrdiff_t>(last)};
}

std::vector<size_t> portions_of(const Shard& shard, size_t targets) {
  std::vector<size_t> portions;
  const size_t count = (targets + kPortion - 1) / kPortion;
  for (size_t portion = at(shard.number - 1); portion < count; portion += at(shard.count)) {
    portions.push_back(portion);
  }
  return portions;
}

void tell_calls(const Table& redundancy, const Context& context) {
  std::vector<RedundancyCall> calls;
  for (size_t i = 0; i < redundancy.rows(); ++i) {
    calls.push_back(*call_of(redundancy.text(i, column::kCall)));
  }
  context.reporter.info(fmt::format(
      "do the elements of a set stand in for one another? Of {} sets: {} (see redundancy.tsv)",
      calls.size(), calls.empty() ? "none" : count_calls(calls)));
}

}  // namespace

Shard shard_from(const std::string& text) {
  Shard shard;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, shard.number);
  bool good = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
  if (good) {
    const auto second = std::from_chars(first.ptr + 1, end, shard.count);
    good = second.ec == std::errc() && second.ptr == end && shard.number >= 1 &&
           shard.number <= shard.count;
  }
  if (!good) throw usage_error("--shard: '{}' is not of the form 2/8, the second of eight", text);
  return shard;
}

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
  set.value("--shard", shard, "One part of the targets: 2/8 is the second of eight");
  set.rule([this](Problems& problems) {
    try {
      shard_from(shard);
    } catch (const Error& error) {
      problems.add("{}", error.what());
    }
  });
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

std::vector<std::string> redundancy_into(OutputFolder& out, const Study& study,
                                         const StudySurrogate& surrogate,
                                         const std::vector<ExplainTarget>& targets,
                                         const RedundancyArguments& arguments,
                                         const std::string& settings, const std::string& how,
                                         const Context& context) {
  const auto portions = portions_of(shard_from(arguments.shard), targets.size());
  if (portions.empty()) {
    throw input_error("--shard {}: there are {} targets, which make {} portions of {}",
                      arguments.shard, targets.size(), (targets.size() + kPortion - 1) / kPortion,
                      kPortion);
  }
  const auto problem = arguments.negative_control ? why_no_decoys(study) : "";
  if (!problem.empty()) throw input_error("{}; leave out --negative-control", problem);
  require_groups(study, arguments.explain.redundancy);
  const auto training = arguments.retrain ? training_words(how) : std::vector<std::string>();
  const auto& folder = out.path();
  RunFolder run(out, "redundancy", Stages::kApart);
  auto plan = arguments.plan();
  if (arguments.retrain) {
    for (int64_t half = 0; half < arguments.stability; ++half) {
      run.run(train_half_stage(out, study, half, training, settings), context);
    }
    plan.trained_on = [folder](int64_t half) { return read_half(folder, half); };
  }
  RedundancySearch search(study, surrogate, std::move(plan), context);
  std::vector<ExplainTarget> own;
  Progress progress(context, "redundancy", std::ssize(portions));
  for (const size_t portion : portions) {
    const auto asked = targets_of(portion, targets);
    run.run({fmt::format("portion {}", portion + 1), settings + asked_text(study, asked),
             [&](const Context&) {
               return write_portion(folder, portion, study, search.find(asked), arguments);
             }},
            context);
    own.insert(own.end(), asked.begin(), asked.end());
    progress.advance();
  }
  auto tables = joined(folder, portions, table_names(study, arguments));
  tables.front() = with_calls(tables.front(), arguments.explain.redundancy_options());
  for (auto& table : tables) {
    if (table.source == describe_design().file) table = in_design_order(table);
    if (table.source == describe_groups().file) table = with_group_q(table);
    if (table.source == link_columns().describe().file) {
      table = with_final_calls(table, tables.front());
    }
  }
  tell_calls(tables.front(), context);
  tables.push_back(shares_table(summarise_shares(read_shares(tables.front()))));
  auto written = write_tables_into(out, tables, context);
  if (arguments.negative_control) {
    written.push_back(
        negative_control_into(out, study, surrogate, own, tables.front(), arguments, context));
  }
  return written;
}

}  // namespace grids::core
