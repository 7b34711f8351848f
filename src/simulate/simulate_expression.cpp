#include "simulate/simulate_expression.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/at.hpp"
#include "simulate/simulate_doublets.hpp"

namespace grids::core::simulation {
namespace {

constexpr int64_t kCellBlock = 64;
constexpr double kTypeNoise = 0.3;  // of the log rate, private to gene and type

/// Of how many causes are open (0 to all) when each is open with its own probability: their
/// Poisson-binomial law; with probability `together` all are as the first is.
std::vector<double> law_of_open(std::span<const double> probabilities, double together) {
  std::vector<double> law = {1.0};
  for (const double p : probabilities) {
    law.push_back(0);
    for (size_t m = law.size() - 1; m > 0; --m) law[m] = law[m] * (1 - p) + law[m - 1] * p;
    law[0] *= 1 - p;
  }
  if (together <= 0) return law;
  for (double& share : law) share *= 1 - together;
  law.front() += together * (1 - probabilities.front());
  law.back() += together * probabilities.front();
  return law;
}

/// Expected cis factor of a gene in a type where its set acts.
double expected_cis(const SimulateOptions& options, const GenePlan& gene, const PeakLaw& peaks,
                    size_t type) {
  std::vector<double> open;
  for (const int32_t peak : gene.causes) {
    open.push_back(peaks.open_probability(static_cast<int32_t>(type), peak));
  }
  const auto law = law_of_open(open, options.cause_correlation);
  double mean = 0;
  const int size = static_cast<int>(open.size());
  for (size_t m = 0; m < law.size(); ++m) {
    mean += law[m] * cis_factor(gene.kind, size, static_cast<int>(m), gene.effect, gene.buffering);
  }
  return mean;
}

/// Share of the cells that are of each type.
std::vector<double> type_shares(const CellPlan& plan) {
  std::vector<double> share(plan.types.size());
  for (const int32_t type : plan.cells.type) {
    share[at(type)] += 1.0 / static_cast<double>(plan.cells.size());
  }
  return share;
}

/// The part of the cells that one block draws.
struct Part {
  std::vector<int32_t> latent, observed, genes;
  std::vector<float> counts;
  std::vector<int64_t> latent_size, observed_size, genes_size;  // of cells
};

void append(CsrPattern& pattern, const std::vector<int32_t>& indices,
            const std::vector<int64_t>& sizes) {
  pattern.indices.insert(pattern.indices.end(), indices.begin(), indices.end());
  for (const int64_t size : sizes) pattern.offsets.push_back(pattern.offsets.back() + size);
  pattern.rows += static_cast<int64_t>(sizes.size());
}

/// Draws the cells of one block, one after another.
class PartDraws {
 public:
  PartDraws(const SimulateOptions& options, const CellLaws& laws, int64_t peaks, uint64_t seed,
            int64_t block)
      : options_(options),
        laws_(laws),
        open_(stream(seed, Step::kOpen, block)),
        capture_(stream(seed, Step::kCapture, block)),
        counts_(stream(seed, Step::kCounts, block)),
        ambient_(stream(seed, Step::kAmbient, block)),
        together_(stream(seed, Step::kOpenTogether, block)),
        bits_(at((peaks + 63) / 64)),
        rates_(at(laws.regulation.genes())) {}

  void draw_cell(int64_t cell, Drawn& drawn, Part& part) {
    draw_peaks(cell, part);
    drawn.total_rate[at(cell)] = compute_rates(cell, drawn);
    draw_counts(cell, drawn.total_rate[at(cell)], part);
  }

 private:
  void draw_peaks(int64_t cell, Part& part) {
    laws_.peaks.draw_open(open_, together_, laws_.plan, cell, bits_);
    const bool lossy = options_.capture < 1;
    const double seen =
        1 - std::pow(1 - options_.capture, std::sqrt(laws_.plan.cells.atac_depth[at(cell)]));
    const size_t latent_before = part.latent.size(), observed_before = part.observed.size();
    for (size_t word = 0; word < bits_.size(); ++word) {
      for (uint64_t rest = bits_[word]; rest != 0; rest &= rest - 1) {
        const auto peak = static_cast<int32_t>(word * 64 + at(std::countr_zero(rest)));
        part.latent.push_back(peak);
        if (lossy && capture_.uniform() < seen) part.observed.push_back(peak);
      }
    }
    part.latent_size.push_back(static_cast<int64_t>(part.latent.size() - latent_before));
    part.observed_size.push_back(static_cast<int64_t>(part.observed.size() - observed_before));
  }

  /// The true rates of all genes; returns their sum.
  double compute_rates(int64_t cell, Drawn& drawn) {
    const auto& cells = laws_.plan.cells;
    const int32_t type = cells.type[at(cell)];
    const auto genes = static_cast<int64_t>(rates_.size());
    double total = 0;
    for (int64_t gene = 0; gene < genes; ++gene) {
      int open = 0;
      for (const int32_t cause : laws_.regulation.causes(gene)) {
        open += static_cast<int>(bits_[at(cause) / 64] >> (at(cause) % 64) & 1);
      }
      drawn.open_causes[at(cell * genes + gene)] = static_cast<uint8_t>(open);
      rates_[at(gene)] =
          laws_.regulation.state_rate(gene, type, cells.scores_of(cell), cells.batch_of(cell)) *
          laws_.regulation.cis(gene, type, open);
      total += rates_[at(gene)];
    }
    return total;
  }

  void draw_counts(int64_t cell, double total_rate, Part& part) {
    const double size = laws_.plan.cells.rna_size[at(cell)];
    const double share = laws_.ambient.share();
    const int32_t batch = laws_.plan.cells.batch_of(cell);
    const size_t genes_before = part.genes.size();
    for (size_t gene = 0; gene < rates_.size(); ++gene) {
      int64_t count = draw_negative_binomial(counts_, size * rates_[gene] * (1 - share),
                                             options_.overdispersion);
      if (share > 0) {
        count += draw_poisson(ambient_, size * total_rate * share * laws_.ambient.of(batch, gene));
      }
      if (count == 0) continue;
      part.genes.push_back(static_cast<int32_t>(gene));
      part.counts.push_back(static_cast<float>(count));
    }
    part.genes_size.push_back(static_cast<int64_t>(part.genes.size() - genes_before));
  }

  const SimulateOptions& options_;
  const CellLaws& laws_;
  RandomStream open_, capture_, counts_, ambient_, together_;
  std::vector<uint64_t> bits_;  // of open peaks
  std::vector<double> rates_;   // of genes
};

}  // namespace

ExpressionPlan draw_expression(const SimulateOptions& options, const Layout& layout,
                               const CellPlan& plan, uint64_t seed) {
  const size_t types = plan.types.size();
  ExpressionPlan result;
  auto random = stream(seed, Step::kBaseRates);
  auto alone = stream(seed, Step::kOneType);
  const auto least = at(
      std::clamp(static_cast<int64_t>(std::ceil(options.acting_min * static_cast<double>(types))),
                 int64_t{1}, static_cast<int64_t>(types)));
  for (const auto& gene : layout.genes) {
    const bool regulated = gene.kind != Regulation::kNone;
    result.mean_count.push_back(options.median_count *
                                std::exp(options.count_spread * random.normal()) *
                                (gene.represses ? options.repressor_counts : 1));
    result.programme.push_back(
        static_cast<int32_t>(random.below(static_cast<uint32_t>(plan.cells.programmes))));
    const double loading = random.uniform() * options.state_loading;
    result.state_loading.push_back(regulated ? options.regulated_state_loading : loading);

    const double follows = 0.5 + random.uniform();
    std::vector<double> effects;
    for (size_t type = 0; type < types; ++type) {
      effects.push_back(follows *
                            plan.mean_score(static_cast<int32_t>(type), result.programme.back()) +
                        kTypeNoise * random.normal());
    }
    const size_t several = least + random.below(static_cast<uint32_t>(types - least + 1));
    const size_t act_in = alone.uniform() < options.one_type ? 1 : several;
    auto sorted = effects;
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    for (const double effect : effects) {
      result.acting.push_back(regulated && effect >= sorted[act_in - 1] ? 1 : 0);
    }
    result.type_effect.insert(result.type_effect.end(), effects.begin(), effects.end());
  }
  return result;
}

void count_with_causes(const SimulateOptions& options, const Layout& layout, const CellPlan& plan,
                       const PeakLaw& law, ExpressionPlan& expression) {
  const auto share = type_shares(plan);
  for (size_t g = 0; g < layout.genes.size(); ++g) {
    double closed = 0, whole = 0;
    for (size_t type = 0; type < share.size(); ++type) {
      const size_t place = g * share.size() + type;
      const double rate = share[type] * std::exp(expression.type_effect[place]);
      const bool acts = expression.acting[place] != 0;
      closed += rate;
      whole += rate * (acts ? expected_cis(options, layout.genes[g], law, type) : 1);
    }
    expression.mean_count[g] *= whole / closed;
  }
}

Truth make_truth(const SimulateOptions& options, const Layout& layout, const CellPlan& plan,
                 const BatchPlan& batches, const ExpressionPlan& expression, const PeakLaw& law,
                 std::span<const std::string> peak_names) {
  const size_t types = plan.types.size();
  const auto share = type_shares(plan);
  Truth truth;
  truth.types = plan.types;
  truth.batches = batches.names;
  for (size_t g = 0; g < layout.genes.size(); ++g) {
    const auto& planned = layout.genes[g];
    GeneTruth gene;
    gene.gene = fmt::format("SIM{:05}", g + 1);
    gene.kind = planned.kind;
    gene.effect = planned.effect;
    gene.buffering = planned.buffering;
    for (const int32_t peak : planned.causes) gene.peaks.push_back(peak_names[at(peak)]);
    for (const int32_t peak : planned.bystanders) gene.bystanders.push_back(peak_names[at(peak)]);
    for (const int32_t cause : planned.bystander_cause) {
      gene.bystander_of.push_back(peak_names[at(cause)]);
    }
    gene.programme = expression.programme[g];
    gene.state_loading = expression.state_loading[g];
    if (batches.size() > 0) {
      const auto effects = batches.of_gene(g);
      gene.batch_effects.assign(effects.begin(), effects.end());
      gene.batch_window = batches.window_moved[g] != 0;
    }
    double mean = 0;
    for (size_t type = 0; type < types; ++type) {
      double cis = 1;
      if (expression.acting[g * types + type] != 0) {
        gene.types.push_back(plan.types[type]);
        cis = expected_cis(options, planned, law, type);
      }
      gene.base_rate.push_back(std::exp(expression.type_effect[g * types + type]));
      mean += share[type] * gene.base_rate.back() * cis;
    }
    for (auto& rate : gene.base_rate) rate *= expression.mean_count[g] / mean;
    truth.genes.push_back(std::move(gene));
  }
  return truth;
}

AmbientProfile::AmbientProfile(const SimulateOptions& options, const ExpressionPlan& expression,
                               const BatchPlan& batches)
    : share_(options.ambient) {
  for (size_t batch = 0; batch < std::max<size_t>(batches.size(), 1); ++batch) {
    auto& profile = profile_.emplace_back(expression.mean_count);
    for (size_t gene = 0; gene < profile.size() && batches.size() > 0; ++gene) {
      profile[gene] *= std::exp(batches.of_gene(gene)[batch]);
    }
    const double total = std::accumulate(profile.begin(), profile.end(), 0.0);
    for (double& share : profile) share /= total;
  }
}

Drawn draw_cell_contents(const SimulateOptions& options, const CellLaws& laws, int64_t peaks,
                         const Context& context) {
  const int64_t cells = laws.plan.cells.size();
  const int64_t genes = laws.regulation.genes();
  const bool lossy = options.capture < 1;
  Drawn drawn;
  drawn.open_causes.resize(at(cells * genes));
  drawn.total_rate.resize(at(cells));

  std::vector<Part> parts(at((cells + kCellBlock - 1) / kCellBlock));
  context.pool.for_blocks(cells, kCellBlock, [&](int64_t begin, int64_t end, int64_t block) {
    context.check_cancelled();
    PartDraws draws(options, laws, peaks, context.seed, block);
    for (int64_t cell = begin; cell < end; ++cell) {
      draws.draw_cell(cell, drawn, parts[at(block)]);
    }
  });

  drawn.latent.columns = peaks;
  drawn.observed.columns = peaks;
  drawn.counts.pattern.columns = genes;
  for (auto& part : parts) {
    append(drawn.latent, part.latent, part.latent_size);
    if (lossy) append(drawn.observed, part.observed, part.observed_size);
    append(drawn.counts.pattern, part.genes, part.genes_size);
    drawn.counts.values.insert(drawn.counts.values.end(), part.counts.begin(), part.counts.end());
    part = Part{};
  }
  merge_doublets(laws.plan, drawn);
  return drawn;
}

}  // namespace grids::core::simulation
