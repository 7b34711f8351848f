// What the product's search finds of planted sets, on the fitted cis path.
#include <algorithm>
#include <map>

#include "cis_bars/parts.hpp"
#include "search/set_partners.hpp"

namespace grids::core::bench {
namespace {

/// Least recall of each kind at a capture. At 0.3 it is what the lasso of the first trials reached.
Bar recall_bar(const std::string& kind, double capture) {
  static const std::map<double, std::map<std::string, double>> bars = {
      {1.0,
       {{"single", 0.97},
        {"additive", 0.93},
        {"multiplicative", 0.97},
        {"either", 0.97},
        {"together_pairs", 0.85}}},
      {0.5,
       {{"single", 0.95},
        {"additive", 0.85},
        {"multiplicative", 0.95},
        {"either", 0.75},
        {"together", 0.6}}},
      {0.3,
       {{"single", 1.0},
        {"additive", 0.57},
        {"multiplicative", 0.91},
        {"either", 0.49},
        {"together", 0.47}}},
  };
  const auto of_capture = bars.find(capture);
  if (of_capture == bars.end()) return {};
  const auto bar = of_capture->second.find(kind);
  return bar == of_capture->second.end() ? Bar{} : Bar{bar->second, {}};
}

/// All regulated genes in the cells of all types, L = size of the planted set.
std::vector<ExplainTarget> targets_of(const World& world) {
  std::vector<ExplainTarget> targets;
  for (const auto& gene : world.path.genes) {
    if (!world.regulated(gene.gene)) continue;
    const auto size = static_cast<int64_t>(world.truth(gene.gene).peaks.size());
    targets.push_back({std::nullopt, gene.gene, size});
  }
  return targets;
}

ExplainStageOptions stage_options(const BarsBench& bench) {
  ExplainStageOptions options;
  options.domain = SearchDomain::kCis;
  options.domain_window = bench.settings.cis.window;
  options.force = true;  // a gene with few counts is a planted set like any other
  return options;
}

/// The training cells as the search saw them.
Objective objective_of(const World& world, const SurrogateModel& model, int32_t gene,
                       int64_t window) {
  ObjectiveInput input;
  for (int32_t cell = 0; cell < model.shape().cells; ++cell) input.cells.push_back(cell);
  input.target = gene;
  input.allowed = domain_peaks(world.study, gene, SearchDomain::kCis, window);
  return make_objective(model, input, {});
}

/// What counts as found. Removal cannot tell which members an only-together set has besides the one
/// that it removes: there members that the set can spare make room for partners.
std::vector<Feature> counted(const GeneTruth& truth, const ExplainedTarget& found,
                             const Objective& objective) {
  const auto& subset = found.explanation.subset;
  if (truth.kind != Regulation::kTogether) return subset;
  return with_partners(subset, find_partners(objective, subset));
}

int64_t shared(std::span<const Feature> found, std::span<const int32_t> wanted) {
  return std::count_if(found.begin(), found.end(), [&](Feature peak) {
    return std::binary_search(wanted.begin(), wanted.end(), peak);
  });
}

void add_scores(const BarsBench& bench, const std::vector<SetScore>& scores) {
  const World& world = bench.world;
  for (const auto& kind : kinds()) {
    const Measure measure{"recall_" + kind.name,
                          "recall, " + kind.about,
                          {},
                          recall_bar(kind.name, bench.settings.capture)};
    for (const auto& score : scores) {
      if (kind.holds(world.truth(score.gene))) bench.results.add(measure, {score.recall});
    }
  }
  for (const auto& score : scores) {
    const auto& gene = world.fit.path.genes[static_cast<size_t>(world.path.find(score.gene))];
    bench.results.add({"recall_all", "recall, all sets", {}, {}}, {score.recall});
    bench.results.add({"recall_gated", "recall, all sets; 0 where gate B is not passed", {}, {}},
                      {gene.cis.passed ? score.recall : 0});
    bench.results.add({"bystander", "sets with a bystander instead of a cause", {}, {{}, 0.03}},
                      {score.mistaken ? 1.0 : 0.0});
  }
}

}  // namespace

SetScore score_set(const World& world, int32_t gene, std::span<const Feature> found) {
  const GeneTruth& truth = world.truth(gene);
  const int64_t hits = shared(found, world.peaks(truth.peaks));
  const auto members = static_cast<int64_t>(truth.peaks.size());
  return {gene, static_cast<double>(hits) / static_cast<double>(members),
          hits < members && shared(found, world.peaks(truth.bystanders)) > 0};
}

void measure_methods(const BarsBench& bench) {
  const World& world = bench.world;
  for (const char* name : {"grids", "nearest", "links", "lasso", "susie"}) {
    ExplainStageOptions options = stage_options(bench);
    options.method = name;
    const auto result =
        explain(world.study, world.surrogate(), targets_of(world), options, bench.context);
    for (const auto& found : result.explained) {
      const GeneTruth& truth = world.truth(found.target.gene);
      const double recall = score_set(world, found.target.gene, found.explanation.subset).recall;
      for (const auto& kind : kinds_and_all()) {
        if (!kind.holds(truth)) continue;
        bench.results.add({fmt::format("members_{}_{}", name, kind.name),
                           fmt::format("recall by the members alone, {}, {}", name, kind.about),
                           {},
                           {}},
                          {recall});
      }
      bench.results.add(
          {fmt::format("seconds_{}", name), fmt::format("{}, s a gene on one core", name), {}, {}},
          {found.method_seconds});
    }
  }
}

namespace {

struct BeyondText {
  std::string key, about;
};

/// What some sets hold beyond the lasso's of the same genes. Of all kinds together 0.02 is asked.
void add_beyond(const BarsBench& bench, const std::vector<SetScore>& lasso,
                const std::vector<SetScore>& found, const BeyondText& text) {
  for (const auto& kind : kinds_and_all()) {
    const Bar bar = kind.name == "all" ? Bar{0.02, {}} : Bar{};
    for (const auto& peer : lasso) {
      if (!kind.holds(bench.world.truth(peer.gene))) continue;
      const auto own = std::find_if(found.begin(), found.end(),
                                    [&](const SetScore& score) { return score.gene == peer.gene; });
      if (own == found.end()) continue;
      bench.results.add(
          {text.key + kind.name, text.about + " beyond the lasso's, " + kind.about, {}, bar},
          {own->recall - peer.recall});
    }
  }
}

}  // namespace

void measure_lasso(const BarsBench& bench, const std::vector<SetScore>& end_to_end,
                   const std::vector<SetScore>& found) {
  const World& world = bench.world;
  const auto lasso = lasso_scores(bench);
  add_beyond(bench, lasso, end_to_end, {"end_to_end_beyond_lasso_", "recall of explain"});
  add_beyond(bench, lasso, found, {"beyond_lasso_", "recall of the search on every path"});
  for (const auto& kind : kinds_and_all()) {
    for (const auto& peer : lasso) {
      if (!kind.holds(world.truth(peer.gene))) continue;
      bench.results.add({"lasso_" + kind.name, "recall, lasso, " + kind.about, {}, {}},
                        {peer.recall});
    }
  }
  for (const auto& peer : lasso) {
    bench.results.add(
        {"lasso_bystander", "sets with a bystander instead of a cause, lasso", {}, {}},
        {peer.mistaken ? 1.0 : 0.0});
  }
}

std::vector<SetScore> measure_end_to_end(const BarsBench& bench) {
  const World& world = bench.world;
  const auto targets = targets_of(world);
  const auto result = explain(world.study, world.fitted(), targets, {}, bench.context);
  std::vector<SetScore> scores;
  for (const auto& found : result.explained) {
    scores.push_back(score_set(world, found.target.gene,
                               with_partners(found.explanation.subset, found.partners)));
  }
  for (const auto& skipped : result.skipped) scores.push_back({skipped.target.gene, 0, false});
  for (const auto& kind : kinds_and_all()) {
    for (const auto& score : scores) {
      if (!kind.holds(world.truth(score.gene))) continue;
      bench.results.add(
          {"end_to_end_" + kind.name, "recall, explain with its defaults, " + kind.about, {}, {}},
          {score.recall});
    }
  }
  bench.results.add(
      {"end_to_end_skipped", "planted sets not explained", {}, {}},
      {static_cast<double>(result.skipped.size()) / static_cast<double>(targets.size())});
  return scores;
}

FoundSets measure_search(const BarsBench& bench) {
  const World& world = bench.world;
  const ExplainStageOptions options = stage_options(bench);
  auto result = explain(world.study, world.surrogate(), targets_of(world), options, bench.context);
  for (const auto& skipped : result.skipped) {
    bench.context.reporter.warning(fmt::format(
        "{} not searched: {}", world.study.genes.names[static_cast<size_t>(skipped.target.gene)],
        skipped.reason));
  }
  const auto model = world.surrogate().model(
      world.study, world.study.cells_of(Split::kTrain),
      replacement_values(world.study, options.perturbation, std::nullopt), bench.context.pool);
  std::vector<SetScore> scores(result.explained.size());
  bench.context.pool.for_each(static_cast<int64_t>(scores.size()), [&](int64_t i) {
    const auto& found = result.explained[static_cast<size_t>(i)];
    const int32_t gene = found.target.gene;
    scores[static_cast<size_t>(i)] =
        score_set(world, gene,
                  counted(world.truth(gene), found,
                          objective_of(world, *model, gene, options.domain_window)));
  });
  add_scores(bench, scores);
  return {std::move(result.explained), std::move(scores)};
}

}  // namespace grids::core::bench
