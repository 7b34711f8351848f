// How often the counts themselves speak for a bystander instead of the cause that it copies: what
// nobody can avoid who must name one of the two.
#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "cis_bars/parts.hpp"
#include "math/negative_binomial.hpp"

namespace grids::core::bench {
namespace {

/// The share of the type's cells in which a peak is open, as probability in a cell of a depth.
double open_in(double share, double depth) {
  return 1 - std::pow(1 - std::min(share, 0.99), depth);
}

double open_if_closed(double open, double seen) {
  return open * (1 - seen) / (1 - open * seen);
}

/// All that the simulator knows, on the cells that the fit reads.
class Oracle {
 public:
  Oracle(const World& world, double capture, double overdispersion)
      : world_(world),
        overdispersion_(overdispersion),
        regulation_(world.simulated.truth, world.simulated.data.atac.var.index),
        latent_(transpose(world.simulated.latent())),
        observed_(transpose(world.simulated.data.atac.values.pattern)) {
    const auto& cells = world.simulated.cells;
    type_cells_.resize(at(regulation_.types()));
    for (size_t cell = 0; cell < at(cells.size()); ++cell) ++type_cells_[at(cells.type[cell])];
    for (size_t cell = 0; cell < world.simulated_cell.size(); ++cell) {
      if (world.study.cells.split[cell] == Split::kTest) continue;
      study_cell_.push_back(static_cast<int32_t>(cell));
      const int32_t simulated = world.simulated_cell[cell];
      cell_.push_back(simulated);
      const double depth = cells.atac_depth[at(simulated)];
      depth_.push_back(depth);
      seen_.push_back(1 - std::pow(1 - capture, std::sqrt(depth)));
    }
    counts_ = to_dense(select_rows(world.study.counts, study_cell_));
  }

  /// Log likelihood of the truth beyond that of the same set with the bystander in the place of the
  /// cause that it copies, and that as its copy.
  double cause_beyond_bystander(int64_t study_gene) const {
    const int32_t gene = world_.simulated_gene[at(study_gene)];
    const auto causes = regulation_.causes(gene);
    const int32_t bystander = bystander_of(gene);
    const int32_t copied = copied_cause(causes, bystander);
    std::vector<double> sum(study_cell_.size());
    for (size_t i = 0; i < study_cell_.size(); ++i) {
      const int32_t type = world_.simulated.cells.type[at(cell_[i])];
      std::vector<double> others = {1.0};  // probability of each number of open causes
      for (const int32_t cause : causes) {
        if (cause != copied) add_peak(others, open_of(cause, type, i));
      }
      const auto [first, second] = open_of_pair(copied, bystander, type, i);
      auto by_cause = others, by_bystander = others;
      add_peak(by_cause, first);
      add_peak(by_bystander, second);
      sum[i] = log_likelihood(study_gene, gene, i, by_cause) -
               log_likelihood(study_gene, gene, i, by_bystander);
    }
    double total = 0;
    for (const double value : sum) total += value;
    return total;
  }

 private:
  int32_t bystander_of(int32_t gene) const {
    const auto& names = world_.simulated.data.atac.var.index;
    const auto& wanted = world_.simulated.truth.genes[at(gene)].bystanders.front();
    return static_cast<int32_t>(std::find(names.begin(), names.end(), wanted) - names.begin());
  }

  double both(int32_t a, int32_t b) const {
    std::vector<int32_t> joint;
    const auto left = latent_.row(a), right = latent_.row(b);
    std::set_intersection(left.begin(), left.end(), right.begin(), right.end(),
                          std::back_inserter(joint));
    return static_cast<double>(joint.size());
  }

  /// A copy is open with its cause more often than any other cause is.
  int32_t copied_cause(std::span<const int32_t> causes, int32_t bystander) const {
    return *std::max_element(causes.begin(), causes.end(), [&](int32_t a, int32_t b) {
      return both(a, bystander) / static_cast<double>(latent_.row(a).size()) <
             both(b, bystander) / static_cast<double>(latent_.row(b).size());
    });
  }

  double share(int32_t peak, int32_t type) const {
    double open = 0;
    for (const int32_t cell : latent_.row(peak)) {
      if (world_.simulated.cells.type[at(cell)] == type) ++open;
    }
    return open / static_cast<double>(type_cells_[at(type)]);
  }

  bool is_observed(int32_t peak, size_t i) const { return observed_.contains(peak, cell_[i]); }

  double open_of(int32_t peak, int32_t type, size_t i) const {
    if (is_observed(peak, i)) return 1;
    return open_if_closed(open_in(share(peak, type), depth_[i]), seen_[i]);
  }

  /// Of two peaks as often open, one a copy of the other half of the time (which of which makes no
  /// difference): the probability that each is open.
  std::pair<double, double> open_of_pair(int32_t a, int32_t b, int32_t type, size_t i) const {
    const double p = open_in(share(a, type), depth_[i]), s = seen_[i];
    const double copied = p * (1 - p) / 2;
    const double prior[2][2] = {{(1 - p) * (1 - p) + copied, copied}, {copied, p * p + copied}};
    const auto observation = [&](bool seen, int open) {
      if (seen) return open == 1 ? s : 0.0;
      return open == 1 ? 1 - s : 1.0;
    };
    double first = 0, second = 0, total = 0;
    for (int x = 0; x < 2; ++x) {
      for (int y = 0; y < 2; ++y) {
        const double joint =
            prior[x][y] * observation(is_observed(a, i), x) * observation(is_observed(b, i), y);
        total += joint;
        first += x * joint;
        second += y * joint;
      }
    }
    return {first / total, second / total};
  }

  static void add_peak(std::vector<double>& number, double open) {
    number.push_back(0);
    for (size_t k = number.size(); k-- > 0;) {
      number[k] = number[k] * (1 - open) + (k > 0 ? number[k - 1] * open : 0);
    }
  }

  double log_likelihood(int64_t study_gene, int32_t gene, size_t i,
                        const std::vector<double>& number) const {
    const auto& cells = world_.simulated.cells;
    const size_t cell = at(cell_[i]);
    const double base = cells.rna_size[cell] * regulation_.state_rate(gene, cells.type[cell],
                                                                      cells.scores_of(cell_[i]),
                                                                      cells.batch_of(cell_[i]));
    const std::vector<double> count = {
        double{counts_[i * at(world_.study.genes.size()) + at(study_gene)]}};
    double sum = 0;
    for (size_t k = 0; k < number.size(); ++k) {
      const std::vector<double> mean = {
          base * regulation_.cis(gene, cells.type[cell], static_cast<int>(k))};
      sum += number[k] * std::exp(negative_binomial_log_likelihood(count, mean, overdispersion_));
    }
    return std::log(sum);
  }

  const World& world_;
  double overdispersion_;
  TrueRegulation regulation_;
  CsrPattern latent_, observed_;  // peaks × simulated cells
  std::vector<int64_t> type_cells_;
  std::vector<int32_t> study_cell_, cell_;
  std::vector<double> depth_, seen_;
  std::vector<float> counts_;
};

}  // namespace

void measure_oracle(const BarsBench& bench) {
  const World& world = bench.world;
  const auto simulation = bench.settings.simulation();
  const Oracle oracle(world, simulation.capture, simulation.overdispersion);
  const auto& genes = world.path.genes;
  std::vector<double> beyond(genes.size());
  bench.context.pool.for_each(static_cast<int64_t>(genes.size()), [&](int64_t i) {
    const int32_t gene = genes[at(i)].gene;
    if (world.truth(gene).bystanders.empty()) return;
    beyond[at(i)] = oracle.cause_beyond_bystander(gene);
  });
  for (size_t i = 0; i < genes.size(); ++i) {
    if (world.truth(genes[i].gene).bystanders.empty()) continue;
    bench.results.add({"bystander_oracle",
                       "sets whose bystander is likelier than the cause that it copies, to one who "
                       "knows all else",
                       {},
                       {}},
                      {beyond[i] <= 0 ? 1.0 : 0.0});
  }
}

}  // namespace grids::core::bench
