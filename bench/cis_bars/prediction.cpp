// How well the fit predicts test cells within their type, beside the true function.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/at.hpp"
#include "cis_bars/parts.hpp"
#include "math/within_type.hpp"

namespace grids::core::bench {
namespace {

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The test cells, and correlations on log1p of counts per median total within types, log total RNA
/// and log open peaks taken out. (On counts per 100,000 depth leaks into both sides.)
class TestCells {
 public:
  explicit TestCells(const World& world)
      : world_(world), cells_(world.study.cells_of(Split::kTest)), within_(make_within()) {
    median_total_ = median_of(total_);
  }

  const std::vector<int32_t>& cells() const { return cells_; }

  /// Shares of the cell's RNA that are expected of a gene.
  double r(int64_t gene, const std::vector<double>& shares) const {
    std::vector<double> measured, predicted;
    for (size_t i = 0; i < cells_.size(); ++i) {
      measured.push_back(std::log1p(counts_[i * genes() + at(gene)] / total_[i] * median_total_));
      predicted.push_back(std::log1p(shares[i] * median_total_));
    }
    return within_.correlation(measured, predicted);
  }

  size_t genes() const { return at(world_.study.genes.size()); }

 private:
  WithinType make_within() {
    std::vector<int32_t> types;
    std::vector<std::vector<double>> depth(2);
    for (const int32_t cell : cells_) {
      total_.push_back(world_.study.cells.total_rna[at(cell)]);
      types.push_back(world_.study.cells.type.codes[at(cell)]);
      depth[0].push_back(std::log1p(total_.back()));
      depth[1].push_back(std::log1p(world_.study.cells.open_peaks[at(cell)]));
    }
    counts_ = to_dense(select_rows(world_.study.counts, cells_));
    return {types, depth};
  }

  const World& world_;
  std::vector<int32_t> cells_;
  std::vector<double> total_;
  std::vector<float> counts_;  ///< cells × genes
  WithinType within_;
  double median_total_ = 0;
};

/// True shares of the cell's RNA: test cells × genes of the study.
std::vector<double> true_shares(const World& world, const std::vector<int32_t>& cells,
                                ThreadPool& pool) {
  const auto& simulated = world.simulated;
  const TrueRegulation regulation(simulated.truth, simulated.data.atac.var.index);
  const size_t genes = world.simulated_gene.size();
  std::vector<double> shares(cells.size() * genes);
  pool.for_each(static_cast<int64_t>(cells.size()), [&](int64_t i) {
    const int32_t cell = world.simulated_cell[at(cells[at(i)])];
    const auto rate = [&](int64_t gene) {
      return regulation.true_rate(gene, simulated.cells.type[at(cell)],
                                  simulated.cells.scores_of(cell), simulated.latent().row(cell),
                                  simulated.cells.batch_of(cell));
    };
    double total = 0;
    for (int64_t gene = 0; gene < regulation.genes(); ++gene) total += rate(gene);
    for (size_t gene = 0; gene < genes; ++gene) {
      shares[at(i) * genes + gene] = rate(world.simulated_gene[gene]) / total;
    }
  });
  return shares;
}

struct GeneR {
  double fitted = 0;
  double possible = 0;  ///< by the true function
};

std::vector<GeneR> correlations(const World& world, ThreadPool& pool) {
  const TestCells test(world);
  const auto possible = true_shares(world, test.cells(), pool);
  const auto predicted = world.surrogate().predict_all(world.study, test.cells(), pool);
  std::vector<GeneR> result(test.genes());
  pool.for_each(static_cast<int64_t>(test.genes()), [&](int64_t gene) {
    std::vector<double> fitted_shares, true_ones;
    for (size_t i = 0; i < test.cells().size(); ++i) {
      const size_t place = i * test.genes() + at(gene);
      fitted_shares.push_back(std::expm1(double{predicted[place]}) / 1e5);
      true_ones.push_back(possible[place]);
    }
    result[at(gene)] = {test.r(gene, fitted_shares), test.r(gene, true_ones)};
  });
  return result;
}

}  // namespace

void measure_prediction(const BarsBench& bench) {
  const World& world = bench.world;
  Results& results = bench.results;
  const auto r = correlations(world, bench.context.pool);
  const bool whole = bench.settings.capture == 1;
  const auto each = [&](bool regulated, const auto& add) {
    for (const auto& gene : world.fit.path.genes) {
      if (world.regulated(gene.gene) == regulated) add(gene, r[at(gene.gene)]);
    }
  };
  each(true, [&](const CisGene& gene, const GeneR& of) {
    results.add({"true_r", "r of the true function, regulated genes", {}, {}}, {of.possible});
    results.add({"fit_r", "r of the fit, regulated genes", {}, {}}, {of.fitted});
    results.add({"r_ratio", "their ratio", Statistic::kRatio, whole ? Bar{0.88, {}} : Bar{}},
                {of.fitted, of.possible});
    results.add(
        {"gate_regulated", "gate B passed, regulated genes", {}, whole ? Bar{0.9, {}} : Bar{}},
        {gene.cis.passed ? 1.0 : 0.0});
    results.add({"gate_gain", "gate B: deviance saved a held-out cell, regulated genes", {}, {}},
                {gene.cis.gain});
  });
  each(false, [&](const CisGene& gene, const GeneR& of) {
    results.add({"true_r_none", "r of the true function, unregulated genes", {}, {}},
                {of.possible});
    results.add({"fit_r_none", "r of the fit, unregulated genes", {}, {}}, {of.fitted});
    results.add({"r_none_excess", "fit − true function, unregulated genes", {}, {{}, 0.0}},
                {of.fitted - of.possible});
    results.add({"gate_none", "gate B passed, unregulated genes", {}, {{}, 0.1}},
                {gene.cis.passed ? 1.0 : 0.0});
  });
}

}  // namespace grids::core::bench
