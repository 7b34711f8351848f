// What `grids view` takes to answer, at the paper's size: 700 cells that the surrogate has seen ×
// 127,219 peaks × 3,000 genes, random cells and weights. First that the quick answer is the plain
// one, to the last bit: a switch that of a model made anew, a search that of `explain`. Prints
// milliseconds.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/at.hpp"
#include "base/context.hpp"
#include "base/indices.hpp"
#include "evaluate/changes.hpp"
#include "explain/explain_stage.hpp"
#include "stopwatch.hpp"
#include "support/random_surrogate.hpp"
#include "view/view_search.hpp"
#include "view/what_if.hpp"

namespace grids::core::bench {
namespace {

constexpr int64_t kPeaks = 127'219;
constexpr int64_t kGenes = 3000;
constexpr int64_t kSeenCells = 700;
constexpr int64_t kCells = 800;  ///< the others are test cells
constexpr int64_t kTypes = 4;
constexpr int64_t kChromosomes = 23;
/// Of the peaks of a cell.
constexpr double kOpenShare = 0.05;
constexpr int64_t kSpacing = 20'000;  ///< base pairs from peak to peak
constexpr int kRepeats = 21;
constexpr int64_t kSetSize = 10;

SurrogateShape paper_shape() {
  SurrogateShape shape;
  shape.genes = kGenes;
  for (int64_t c = 0; c < kChromosomes; ++c) {
    shape.chromosome_peaks.push_back(kPeaks / kChromosomes + (c < kPeaks % kChromosomes ? 1 : 0));
  }
  return shape;
}

Study random_study(const SurrogateShape& shape) {
  Study study;
  for (int64_t type = 0; type < kTypes; ++type) {
    study.cells.type.names.push_back(fmt::format("type {}", type));
  }
  study.open = testing::random_open(kCells, kPeaks, kOpenShare, 1);
  for (int64_t cell = 0; cell < kCells; ++cell) {
    study.cells.barcodes.push_back(fmt::format("cell {}", cell));
    study.cells.type.codes.push_back(static_cast<int32_t>(cell % kTypes));
    study.cells.split.push_back(cell >= kSeenCells ? Split::kTest
                                : cell % 8 == 0    ? Split::kValidation
                                                   : Split::kTrain);
    study.cells.total_rna.push_back(5000);
    study.cells.open_peaks.push_back(static_cast<double>(study.open.row(cell).size()));
  }
  study.peaks.chromosome_offsets = {0};
  for (int64_t c = 0; c < kChromosomes; ++c) {
    study.peaks.chromosomes.push_back(fmt::format("chr{}", c + 1));
    for (int64_t i = 0; i < shape.chromosome_peaks[at(c)]; ++i) {
      study.peaks.start.push_back(kSpacing * i);
      study.peaks.end.push_back(kSpacing * i + 500);
      study.peaks.names.push_back(
          fmt::format("chr{}:{}-{}", c + 1, kSpacing * i, kSpacing * i + 500));
    }
    study.peaks.chromosome_offsets.push_back(study.peaks.size());
  }
  study.expression.pattern.rows = kCells;
  study.expression.pattern.columns = kGenes;
  for (int64_t gene = 0; gene < kGenes; ++gene) {
    study.genes.names.push_back(fmt::format("gene {}", gene));
    study.genes.ids.emplace_back();
    study.genes.chromosome.push_back(study.peaks.chromosomes[at(gene % kChromosomes)]);
    study.genes.start.push_back(1'000'000 + 500'000 * (gene / kChromosomes));
    study.genes.end.push_back(study.genes.start.back() + 10'000);
    study.genes.strand.push_back(Strand::kPlus);
  }
  for (int64_t cell = 0; cell < kCells; ++cell) {
    for (int32_t gene = 0; gene < kGenes; gene += 2) {
      study.expression.pattern.indices.push_back(gene);
      study.expression.values.push_back(1);
    }
    study.expression.pattern.offsets.push_back(study.expression.pattern.nonzeros());
  }
  return study;
}

struct SpeedWorld {
  const SurrogateShape shape = paper_shape();
  const Study study = random_study(shape);
  const FoldedSurrogate folded{testing::random_surrogate(shape, 3)};
};

/// The gene that is predicted highest.
int32_t predicted_gene(const SpeedWorld& world, ThreadPool& pool) {
  const auto cells = indices_below(kSeenCells);
  const auto predicted = StudySurrogate(world.folded).predict_all(world.study, cells, pool);
  std::vector<double> sums(at(kGenes), 0.0);
  for (size_t i = 0; i < predicted.size(); ++i) sums[i % sums.size()] += predicted[i];
  return static_cast<int32_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
}

void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "view_speed: {} is not that of the plain way\n", what);
  std::exit(1);
}

std::vector<float> plainly(const SpeedWorld& world, int32_t gene, std::span<const int32_t> cells,
                           const PeakSwitches& switches, ThreadPool& pool) {
  auto replacement = replace_by(kPeaks, 0);
  auto subset = switches.close;
  for (const int32_t peak : switches.open) replacement[at(peak)] = 1;
  subset.insert(subset.end(), switches.open.begin(), switches.open.end());
  std::sort(subset.begin(), subset.end());
  const auto model = StudySurrogate(world.folded).model(world.study, cells, replacement, pool);
  const auto state = model->begin(subset, indices_below(std::ssize(cells)), {&gene, 1});
  std::vector<float> values(state->outputs().begin(), state->outputs().end());
  for (float& value : values) value = std::max(value, 0.0f);
  return values;
}

void check_switch(const SpeedWorld& world, WhatIf& what_if, const ViewTarget& target,
                  const PeakSwitches& switches, ThreadPool& pool) {
  const auto told = what_if.change(target, switches);
  for (const auto& type : told.types) {
    std::vector<int32_t> cells;
    for (int32_t cell = 0; cell < kSeenCells; ++cell) {
      const auto& name = world.study.cells.type.names[at(cell % kTypes)];
      if (type.cell_type == kAllTypes || name == type.cell_type) cells.push_back(cell);
    }
    const auto before = plainly(world, target.gene, cells, {}, pool);
    const auto after = plainly(world, target.gene, cells, switches, pool);
    require(type.rate_change == predicted_change(before, after).rate_change, "a switch");
  }
}

void time_switches(const SpeedWorld& world, const ViewTarget& target, ThreadPool& pool) {
  Stopwatch watch;
  WhatIf what_if(world.study, world.folded, pool);
  fmt::print("made ready: {:.0f} ms\n", 1000 * watch.lap());
  what_if.gene(target);
  fmt::print("a gene, asked first: {:.1f} ms\n", 1000 * watch.lap());
  std::vector<int32_t> peaks;
  for (int32_t i = 0; i < 128; ++i) peaks.push_back(40 + 991 * i);
  const auto first = [&](size_t count) {
    return std::vector<int32_t>(peaks.begin(), peaks.begin() + static_cast<std::ptrdiff_t>(count));
  };
  const std::pair<const char*, PeakSwitches> asked[] = {
      {"1 peak closed", {first(1), {}}},
      {"10 peaks closed", {first(10), {}}},
      {"128 peaks closed", {first(128), {}}},
      {"9 closed, 1 opened", {first(9), {peaks[9]}}}};
  for (const auto& [name, switches] : asked) {
    check_switch(world, what_if, target, switches, pool);
    std::vector<double> took;
    for (int i = 0; i < kRepeats; ++i) {
      watch.lap();
      what_if.change(target, switches);
      took.push_back(watch.lap());
    }
    std::sort(took.begin(), took.end());
    fmt::print("{}: {:.1f} ms, at most {:.1f}\n", name, 1000 * took[took.size() / 2],
               1000 * took.back());
  }
  fmt::print("{}\n", watch.complaint());
}

void time_searches(const SpeedWorld& world, const ViewTarget& target, const Context& context) {
  WhatIf what_if(world.study, world.folded, context.pool);
  QuickFirst quick;
  ViewSearch search(what_if, quick, world.study, context);
  for (const bool cis : {true, false}) {
    Stopwatch watch;
    const auto id = search.start({target, kSetSize, cis, Direction::kDown}).value();
    while (!search.state(id)->done) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const double seconds = watch.lap();
    const auto state = search.state(id).value();
    ExplainStageOptions options;
    options.domain = cis ? SearchDomain::kCis : SearchDomain::kAll;
    options.force = true;
    const auto found =
        explain(world.study, world.folded, {target.sized(kSetSize)}, options, context).explained;
    require(found.size() == 1 && found[0].explanation.subset == state.peaks, "a search");
    fmt::print("a search of L = {}, {}: {:.0f} ms, {} changes of the set\n", kSetSize,
               cis ? "around the gene" : "among all peaks", 1000 * seconds, state.steps.size());
  }
}

}  // namespace
}  // namespace grids::core::bench

int main() {
  using namespace grids::core;
  ThreadPool pool(0);
  Reporter silent;
  const Context context{1, pool, silent, nullptr};
  const bench::SpeedWorld world;
  const int32_t gene = bench::predicted_gene(world, pool);
  fmt::print("{} threads\n", pool.threads());
  for (const ViewTarget target : {ViewTarget{gene, 0}, ViewTarget{gene, std::nullopt}}) {
    fmt::print("in the cells of {}:\n", target.type ? "one type" : "all types");
    bench::time_switches(world, target, pool);
    bench::time_searches(world, target, context);
  }
}
