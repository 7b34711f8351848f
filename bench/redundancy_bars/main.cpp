// redundancy_bars: how often a call about planted sets is right, and how often one is made. Figures
// are of whole ways: cells are simulated, prepared, fitted, searched and judged by the program,
// with members that it found; beside them those of the rule alone on planted sets.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>

#include "cis/cis_rows.hpp"
#include "cis_bars/results.hpp"
#include "cis_bars/world.hpp"
#include "io/atomic_file.hpp"
#include "math/statistics.hpp"
#include "measure_program.hpp"
#include "redundancy/fit_rates.hpp"
#include "redundancy/search_and_judge.hpp"
#include "redundancy_bars/settings.hpp"
#include "simulate/simulate_draws.hpp"

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

/// The rule itself: sets of known peaks, all cells, the other terms by the fit.
std::vector<SetRedundancy> judge_known(const World& world,
                                       const std::vector<RedundancyTarget>& targets,
                                       const RedundancyOptions& options, const Context& context) {
  const StateCovariates state(world.study, options.contrast.components, context);
  const auto surrogate = world.surrogate();
  const auto cells =
      judged_cells(world.study, state, cells_alike(world.study, std::nullopt), options, context);
  std::vector<SetRedundancy> sets(targets.size());
  context.pool.for_each(std::ssize(targets), [&](int64_t i) {
    const auto& target = targets[static_cast<size_t>(i)];
    auto& set = sets[static_cast<size_t>(i)];
    set = describe_set(world.study, surrogate, target, cells.cells, options, context.pool);
    if (!set.result.reason.empty()) return;
    const FitOfGene fit(world.study, surrogate, target.gene, cells.cells, context.pool);
    measure_set(world.study, world.path, cells, fit.other_terms(set.judged_elements()), options,
                context.seed, set);
  });
  tell_reasons(sets, context);
  return sets;
}

/// Genes of the study with terms of their own.
std::vector<int32_t> genes_with_terms(const World& world) {
  const auto surrogate = world.surrogate();
  std::vector<int32_t> genes;
  for (const auto& gene : world.path.genes) {
    if (surrogate.path_of(gene.gene) != GenePath::kState) genes.push_back(gene.gene);
  }
  return genes;
}

RedundancyOptions with_true_capture(const RedundancySettings& settings) {
  RedundancyOptions options = settings.judging();
  options.capture = settings.capture;
  return options;
}

/// Planted members.
void measure_planted(const World& world, const RedundancySettings& settings, const Context& context,
                     Results& results) {
  std::vector<RedundancyTarget> targets;
  for (const int32_t gene : genes_with_terms(world)) {
    const auto& planted = world.truth(gene).peaks;
    if (planted.size() >= 2) targets.push_back({std::nullopt, gene, world.peaks(planted)});
  }
  for (const auto& set : judge_known(world, targets, with_true_capture(settings), context)) {
    const auto& truth = world.truth(set.target.gene);
    if (set.judged == truth.peaks.size()) {
      add_call("planted", "planted members, all cells", set, truth, results);
    }
  }
}

/// Peaks of a gene's window in any order, the first ones.
std::vector<int32_t> some_of_window(const World& world, int32_t gene, size_t count,
                                    const Context& context) {
  auto peaks = window_peaks(world.study, gene, CisOptions().window);
  RandomStream random(context.seed, Purpose::kBenchmark, static_cast<uint64_t>(gene));
  random.shuffle(std::span(peaks));
  if (peaks.size() > count) peaks.resize(count);
  return peaks;
}

void add_false_call(const std::string& key, const std::string& about, const SetRedundancy& set,
                    Results& results) {
  if (set.judged != 2) return;
  const auto call = set.result.call;
  results.add({key + "_redundant", about + ", called redundant or quorum", {}, {}},
              {is_redundant(call) ? 1.0 : 0.0});
  results.add({key + "_cooperative", about + ", called cooperative", {}, {}},
              {call == RedundancyCall::kCooperative ? 1.0 : 0.0});
  results.add({key + "_independent", about + ", called independent", {}, {}},
              {call == RedundancyCall::kIndependent ? 1.0 : 0.0});
}

/// A cause beside what does nothing.
void measure_bystanders(const World& world, const RedundancySettings& settings,
                        const Context& context, Results& results) {
  constexpr size_t kRandomPeaks = 3;
  std::vector<RedundancyTarget> beside, random;
  for (const int32_t gene : genes_with_terms(world)) {
    const auto& truth = world.truth(gene);
    const auto cause = world.peaks(truth.peaks), bystander = world.peaks(truth.bystanders);
    if (cause.size() != 1) continue;
    const auto pair_with = [&](int32_t peak) {
      return RedundancyTarget{
          std::nullopt, gene, {std::min(cause[0], peak), std::max(cause[0], peak)}};
    };
    if (bystander.size() == 1) beside.push_back(pair_with(bystander[0]));
    for (const int32_t peak : some_of_window(world, gene, kRandomPeaks, context)) {
      if (peak != cause[0] && (bystander.empty() || peak != bystander[0])) {
        random.push_back(pair_with(peak));
      }
    }
  }
  const auto options = with_true_capture(settings);
  for (const auto& set : judge_known(world, beside, options, context)) {
    add_false_call("bystander", "cause and the peak that opens with it", set, results);
  }
  for (const auto& set : judge_known(world, random, options, context)) {
    add_false_call("random", "cause and a random peak of its window", set, results);
  }
}

/// One planted set on all cells, as it is measured.
struct MeasuredPair {
  std::vector<double> other_terms;
  std::vector<Setting> settings;
  std::vector<double> counts;
};

/// p of N = 0 in one direction, by the numerator and its variance.
double one_sided_p(double numerator, double variance) {
  return normal_upper_tail(numerator / std::sqrt(variance));
}

/// N and its variance over draws around measured rates.
std::pair<double, double> numerator_of(const SettingRates& rates, const World& world, bool log,
                                       const Context& context) {
  RuleOptions options;
  options.power_replicates = 0;
  const auto cells = cells_alike(world.study, std::nullopt);
  const SeenTogether seen(2, std::vector<Setting>(cells.size(), 0),
                          std::vector<int32_t>(cells.size(), 0));
  RandomStream random(context.seed, Purpose::kBenchmark, 77);
  const auto judged = judge_rates(rates, seen, 1, options, random);
  return log ? std::pair(judged.numerator_log, judged.numerator_log_variance)
             : std::pair(judged.numerator, judged.numerator_variance);
}

/// Counts drawn at the fitted means of each cell, its setting's rate replaced by what the rates of
/// single elements give where they add, or multiply. The statistic of that scale is judged.
void measure_level(const World& world, const RedundancySettings& settings, const Context& context,
                   Results& results) {
  constexpr uint32_t kTimes = 4;
  constexpr double kLeastRate = 0.1;
  const auto options = settings.judging();
  const StateCovariates state(world.study, options.contrast.components, context);
  const auto surrogate = world.surrogate();
  const auto cells =
      judged_cells(world.study, state, cells_alike(world.study, std::nullopt), options, context);
  std::vector<int32_t> genes;
  for (const auto& gene : world.path.genes) {
    if (world.truth(gene.gene).peaks.size() == 2 &&
        surrogate.path_of(gene.gene) != GenePath::kState) {
      genes.push_back(gene.gene);
    }
  }
  std::vector<std::array<std::vector<double>, 2>> p(genes.size());
  context.pool.for_each(std::ssize(genes), [&](int64_t i) {
    const int32_t gene = genes[static_cast<size_t>(i)];
    const auto elements = elements_of(world.study, gene, world.peaks(world.truth(gene).peaks));
    if (elements.size() != 2) return;
    const FitOfGene fit(world.study, surrogate, gene, cells.cells, context.pool);
    const auto all_other = fit.other_terms(elements);
    MeasuredPair pair;
    for (const int32_t kept : cells.contrast.kept) {
      pair.other_terms.push_back(all_other[static_cast<size_t>(kept)]);
    }
    pair.settings = settings_of(world.study, elements, cells.contrast.cells);
    pair.counts = measured_values(world.study, gene, cells.contrast);
    const auto rates = measured_rates(
        {cells.contrast, pair.counts, pair.other_terms, pair.settings, 2}, options.rates);
    if (!rates.problem.empty()) return;
    for (const bool log : {false, true}) {
      const auto& l = rates.log_rate;
      const double sum = std::exp(l[1]) + std::exp(l[2]) - 1;
      if (!log && sum < kLeastRate) continue;  // strong repressors cannot add
      const double both = log ? l[1] + l[2] : std::log(sum);
      for (uint32_t time = 0; time < kTimes; ++time) {
        RandomStream random(context.seed, Purpose::kBenchmark, static_cast<uint64_t>(gene),
                            2 * time + (log ? 1 : 0));
        std::vector<double> drawn(pair.counts.size());
        for (size_t cell = 0; cell < drawn.size(); ++cell) {
          const double shift = pair.settings[cell] == 3 ? both - l[3] : 0;
          drawn[cell] = static_cast<double>(simulation::draw_negative_binomial(
              random, rates.mean[cell] * std::exp(shift), rates.dispersion));
        }
        const auto again = measured_rates(
            {cells.contrast, drawn, pair.other_terms, pair.settings, 2}, options.rates);
        if (!again.problem.empty()) continue;
        const auto [numerator, variance] = numerator_of(again, world, log, context);
        p[static_cast<size_t>(i)][log ? 1 : 0].push_back(one_sided_p(numerator, variance));
      }
    }
  });
  for (const auto& of_gene : p) {
    for (const bool log : {false, true}) {
      const std::string key = log ? "level_multiplicative" : "level_additive";
      const std::string about =
          log ? "p of H of logs where elements multiply" : "p of H where elements add";
      for (const double value : of_gene[log ? 1 : 0]) {
        results.add({key, about + ", uniform", Statistic::kUniformity, {0.01, {}}}, {value});
        results.add({key + "_rate", about + ", below 0.05", {}, {}}, {value < 0.05 ? 1.0 : 0.0});
      }
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
  auto held = sets;
  hold_together(held, settings.judging());
  tell_reasons(sets, context);
  for (size_t i = 0; i < sets.size(); ++i) {
    const auto& set = sets[i];
    const auto& truth = world.truth(set.target.gene);
    const auto members = members_of_set(world, set);
    if (is_called(set.result.call)) {
      results.add({"found_kept", "calls that stay when those of the run are held together", {}, {}},
                  {is_called(held[i].result.call) ? 1.0 : 0.0});
    }
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
    if (settings.bystanders > 0) {
      measure_bystanders(world, settings, own, results);
      continue;
    }
    if (settings.planted) measure_planted(world, settings, own, results);
    if (settings.level) measure_level(world, settings, own, results);
    if (settings.found) measure_found(world, settings, own, results);
  }
  const auto what = fmt::format(
      "{} cells, {} genes, capture {}, {} triples, members' correlation {}, {} batches, doublets "
      "{}, ambient {}, bystanders' correlation {}",
      settings.cells, settings.genes, settings.capture, settings.triples,
      settings.cause_correlation, settings.batches, settings.doublets, settings.ambient,
      settings.bystanders);
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
