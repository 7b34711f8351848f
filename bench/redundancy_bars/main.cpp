// redundancy_bars: how often a call about planted sets is right, and how often one is made. Figures
// are of whole ways: cells are simulated, prepared, fitted, searched and judged by the program,
// with members that it found; beside them those of the rule alone on planted sets.
#include <fmt/core.h>

#include <algorithm>

#include "cis_bars/results.hpp"
#include "cis_bars/world.hpp"
#include "io/atomic_file.hpp"
#include "measure_program.hpp"
#include "redundancy/fit_rates.hpp"
#include "redundancy/search_and_judge.hpp"
#include "redundancy_bars/settings.hpp"

namespace {

using namespace grids::core;
using namespace grids::core::bench;

/// What a planted set should be called; additive and multiplicative ones are not told apart, and a
/// buffered one stands in part.
bool is_right(RedundancyCall call, Regulation kind) {
  switch (kind) {
    case Regulation::kEither:
    case Regulation::kBuffered:
      return call == RedundancyCall::kRedundant;
    case Regulation::kQuorum:
      return call == RedundancyCall::kQuorum || call == RedundancyCall::kRedundant;
    case Regulation::kTogether:
      return call == RedundancyCall::kCooperative;
    default:
      return call == RedundancyCall::kIndependent;
  }
}

bool is_redundant(RedundancyCall call) {
  return call == RedundancyCall::kRedundant || call == RedundancyCall::kQuorum;
}

/// How judged peaks stand to the planted ones.
enum class Members { kAll, kSome, kOthers };

Members members_of_set(const World& world, const SetRedundancy& set) {
  const auto planted = world.peaks(world.truth(set.target.gene).peaks);
  std::vector<int32_t> judged;
  for (size_t i = 0; i < set.judged; ++i) {
    const auto& peaks = set.elements[i].element.peaks;
    judged.insert(judged.end(), peaks.begin(), peaks.end());
  }
  std::sort(judged.begin(), judged.end());
  if (judged == planted) return Members::kAll;
  const bool inside = std::includes(planted.begin(), planted.end(), judged.begin(), judged.end());
  return inside ? Members::kSome : Members::kOthers;
}

void add_call(const std::string& way, const std::string& about, const SetRedundancy& set,
              const GeneTruth& truth, Results& results) {
  const auto call = set.result.call;
  const bool buffered = truth.kind == Regulation::kBuffered;
  const std::string size = buffered ? "buffered" : truth.peaks.size() == 2 ? "pairs" : "triples";
  const std::string kind =
      buffered ? fmt::format("{}", truth.buffering) : regulation_name(truth.kind);
  const double called = is_called(call) ? 1 : 0;
  for (const auto& [key, words] :
       {std::pair(way + "_" + size, about + ", " + size),
        std::pair(way + "_" + size + "_" + kind, about + ", " + size + ", " + kind)}) {
    results.add({key + "_called", words + ", called", {}, {}}, {called});
    if (called > 0) {
      results.add({key + "_right", words + ", right when called", {}, {}},
                  {is_right(call, truth.kind) ? 1.0 : 0.0});
    }
    if (truth.kind == Regulation::kAdditive || truth.kind == Regulation::kMultiplicative) {
      results.add({key + "_false_redundant", words + ", called redundant or quorum", {}, {}},
                  {is_redundant(call) ? 1.0 : 0.0});
      results.add({key + "_false_cooperative", words + ", called cooperative", {}, {}},
                  {call == RedundancyCall::kCooperative ? 1.0 : 0.0});
    }
  }
}

void tell_reasons(const std::vector<SetRedundancy>& sets, const Context& context) {
  std::map<std::string, int> reasons;
  for (const auto& set : sets) {
    const auto& reason = set.result.reason;
    ++reasons[is_called(set.result.call) ? "called"
              : set.result.call == RedundancyCall::kStandInsOrProxies
                  ? "proxies"
                  : reason.substr(0, reason.find(':'))];
  }
  std::string words;
  for (const auto& [reason, count] : reasons) words += fmt::format("{} × {}; ", count, reason);
  context.reporter.info(words);
}

/// The rule itself: planted members, all cells, capture known, the other terms by the fit.
void measure_planted(const World& world, const RedundancySettings& settings, const Context& context,
                     Results& results) {
  RedundancyOptions options = settings.judging();
  options.capture = settings.capture;
  const StateCovariates state(world.study, options.contrast.components, context);
  const auto surrogate = world.surrogate();
  const auto cells =
      judged_cells(world.study, state, cells_alike(world.study, std::nullopt), options, context);
  std::vector<int32_t> genes;
  for (const auto& gene : world.path.genes) {
    if (world.truth(gene.gene).peaks.size() >= 2 &&
        surrogate.path_of(gene.gene) != GenePath::kState) {
      genes.push_back(gene.gene);
    }
  }
  std::vector<SetRedundancy> sets(genes.size());
  context.pool.for_each(std::ssize(genes), [&](int64_t i) {
    const int32_t gene = genes[static_cast<size_t>(i)];
    const RedundancyTarget target{std::nullopt, gene, world.peaks(world.truth(gene).peaks)};
    auto& set = sets[static_cast<size_t>(i)];
    set = describe_set(world.study, surrogate, target, cells.cells, options, context.pool);
    if (!set.result.reason.empty()) return;
    const FitOfGene fit(world.study, surrogate, gene, cells.cells, context.pool);
    measure_set(world.study, world.path, cells, fit.other_terms(set.judged_elements()), options,
                context.seed, set);
  });
  tell_reasons(sets, context);
  for (const auto& set : sets) {
    const auto& truth = world.truth(set.target.gene);
    if (set.judged == truth.peaks.size()) {
      add_call("planted", "planted members, all cells", set, truth, results);
    }
  }
}

/// As a user gets it: explain, then cross-fitting.
void measure_found(const World& world, const RedundancySettings& settings, const Context& context,
                   Results& results) {
  std::vector<ExplainTarget> targets;
  for (const auto& gene : world.path.genes) {
    if (world.truth(gene.gene).peaks.size() < 2) continue;
    targets.push_back({std::nullopt, gene.gene, 10});
  }
  RedundancyPlan plan;
  plan.judging = settings.judging();
  plan.cross_fit = true;
  plan.folds = settings.folds;
  auto sets = RedundancySearch(world.study, world.fitted(), plan, context).find(targets).sets;
  hold_together(sets, settings.judging());
  tell_reasons(sets, context);
  for (const auto& set : sets) {
    const auto& truth = world.truth(set.target.gene);
    const auto members = members_of_set(world, set);
    results.add({"found_members", "sets whose judged elements are the planted members", {}, {}},
                {members == Members::kAll ? 1.0 : 0.0});
    results.add({"found_two", "sets with two or more judged elements", {}, {}},
                {set.judged >= 2 ? 1.0 : 0.0});
    if (set.judged >= 2) {
      results.add({"found_folds", "of those, sets that enough folds find", {}, {}},
                  {set.folds >= settings.folds.least_agreeing ? 1.0 : 0.0});
    }
    if (members == Members::kAll) {
      add_call("found", "members found", set, truth, results);
    } else if (members == Members::kOthers && set.judged >= 2) {
      results.add({"other_called", "sets that hold a peak which is not planted, called", {}, {}},
                  {is_called(set.result.call) ? 1.0 : 0.0});
      results.add({"other_redundant", "of those, called redundant or quorum", {}, {}},
                  {is_redundant(set.result.call) ? 1.0 : 0.0});
    }
  }
}

void measure(const RedundancySettings& settings, const Context& context) {
  if (!settings.json.empty()) require_writable(settings.json, {});
  const std::vector<uint64_t> seeds(settings.seeds.begin(), settings.seeds.end());
  Results results(seeds);
  for (size_t s = 0; s < seeds.size(); ++s) {
    const Context own{seeds[s], context.pool, context.reporter, context.cancelled};
    results.begin_seed(s);
    WorldOptions options;
    if (settings.batches > 0) options.donor_column = "donor";
    World world = make_world(settings.simulation(), own, options);
    CisOptions cis;
    cis.capture = 0;
    fit_world(world, cis, own);
    results.add({"fit_capture", "capture as cis estimates it", {}, {}},
                {world.fit.capture.capture});
    if (settings.planted) measure_planted(world, settings, own, results);
    if (settings.found) measure_found(world, settings, own, results);
  }
  const auto what = fmt::format(
      "{} cells, {} genes, capture {}, {} triples, members' correlation {}, {} batches, doublets "
      "{}, "
      "ambient {}",
      settings.cells, settings.genes, settings.capture, settings.triples,
      settings.cause_correlation, settings.batches, settings.doublets, settings.ambient);
  fmt::print("{}\n\n{}", what, results.table());
  if (!settings.json.empty()) {
    results.write_json(settings.json, {{"simulation", what}, {"version", GRIDS_VERSION}});
  }
  if (settings.small) results.require_sane(1e7);
}

}  // namespace

int main(int argc, char** argv) {
  return run_measuring<RedundancySettings>(
      {"redundancy_bars", "How often calls about planted sets are made, and right.", ""},
      "Measure the calls of redundancy on simulated cells with planted regulation",
      "  redundancy_bars --capture-true 0.5 --json figures.json\n", measure, argc, argv);
}
