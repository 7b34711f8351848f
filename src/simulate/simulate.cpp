#include "simulate/simulate.hpp"

#include <fmt/core.h>

#include <cmath>
#include <filesystem>
#include <numeric>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "simulate/simulate_batches.hpp"
#include "simulate/simulate_cells.hpp"
#include "simulate/simulate_expression.hpp"
#include "simulate/simulate_layout.hpp"
#include "simulate/simulate_peaks.hpp"

namespace grids::core {
namespace {

constexpr int64_t kMostCells = 1 << 24;  // barcodes spell a cell's number in 12 letters

FrameColumn numbers(const char* name, const std::vector<int64_t>& values) {
  return {name, std::vector<double>(values.begin(), values.end())};
}

std::vector<std::string> batch_names(const Truth& truth, const CellTruth& cells) {
  std::vector<std::string> names;
  for (const int32_t batch : cells.batch) names.push_back(truth.batches[at(batch)]);
  return names;
}

RawMultiome to_raw(const simulation::Layout& layout, const Truth& truth, const CellTruth& cells,
                   std::vector<std::string> peak_names, std::span<const GenePosition> genes,
                   simulation::Drawn& drawn) {
  RawMultiome raw;
  std::vector<std::string> types;
  for (const int32_t type : cells.type) types.push_back(truth.types[at(type)]);
  raw.obs.index = cells.barcodes;
  raw.obs.columns = {{"cell_type", std::move(types)}, {"donor", cells.donor}};
  if (!cells.batch.empty()) raw.obs.columns.push_back({"batch", batch_names(truth, cells)});

  raw.rna.source = "simulated RNA";
  raw.rna.obs.index = cells.barcodes;
  std::vector<std::string> ids;
  for (const auto& gene : genes) {
    raw.rna.var.index.push_back(gene.name);
    ids.push_back(gene.id);
  }
  raw.rna.var.columns = {{"gene_ids", std::move(ids)}};
  raw.rna.values = std::move(drawn.counts);

  raw.atac.source = "simulated ATAC";
  raw.atac.obs.index = cells.barcodes;
  raw.atac.var.index = std::move(peak_names);
  std::vector<std::string> chromosomes;
  for (size_t c = 0; c < layout.chromosomes.size(); ++c) {
    chromosomes.insert(chromosomes.end(), at(layout.chromosome_peaks[c]), layout.chromosomes[c]);
  }
  raw.atac.var.columns = {{"chrom", std::move(chromosomes)},
                          numbers("start", layout.start),
                          numbers("end", layout.end)};
  raw.atac.values.pattern = std::move(drawn.observed.rows > 0 ? drawn.observed : drawn.latent);
  raw.atac.values.values.assign(raw.atac.values.pattern.indices.size(), 1.0f);
  return raw;
}

void describe_confounders(SimulateOptions& options, OptionSet& set) {
  set.value("--batches", options.batches, "Batches, which change both modalities; 0 = none",
            at_least(0).at_most(1000));
  set.value("--batch-rna", options.batch_rna_sd, "SD of a batch's log factor on a gene",
            at_least(0));
  set.value("--batch-atac", options.batch_atac_sd, "SD of a batch's log factor on a peak",
            at_least(0));
  set.value("--batch-windows", options.batch_windows,
            "Share of genes that batches move together with their window", at_least(0).at_most(1));
  set.inner("batch-window-sd", options.batch_window_sd, at_least(0));
  set.value("--state-dimensions", options.state_dimensions, "Continuous states within a type",
            at_least(1));
  set.value("--state-strength", options.state_strength,
            "Multiplies what the states do to peaks and genes", at_least(0));
  set.value("--doublets", options.doublets, "Share of cells that are two", at_least(0).at_most(1));
  set.value("--ambient", options.ambient, "Share of a cell's counts that are ambient RNA",
            at_least(0).below(1));
}

void describe_regulation(SimulateOptions& options, OptionSet& set) {
  set.value("--triples", options.triples,
            "Share of sets of several causes that are triples, the others pairs (quorum always of "
            "three); without it 2 to 4, by kind",
            at_least(0).at_most(1));
  set.value("--repressors", options.repressors, "Share of sets that lower the rate of their gene",
            at_least(0).at_most(1));
  set.value("--one-type", options.one_type, "Share of sets that act in one cell type only",
            at_least(0).at_most(1));
  set.list("--buffered-shares", options.buffered_shares,
           "True hidden shares of buffered sets, in turn", at_least(0).at_most(1));
  set.value("--cause-correlation", options.cause_correlation,
            "Correlation with which causes of a gene open together", at_least(0).at_most(1));
  set.value("--bystander-share", options.bystander_share,
            "Share of sets with a bystander, a peak that opens with a cause and causes nothing",
            at_least(0).at_most(1));
  set.value("--bystander-correlation", options.bystander_correlation,
            "Correlation of a bystander with its cause", at_least(0).at_most(1));
  set.flag("--set-strength", options.set_strength,
           "Draw the strength of whole sets, whatever their kind and size; else of single causes");
  set.flag("--closed-counts", options.closed_counts,
           "Draw a gene's mean count with all its causes closed; else over all cells");
  set.inner("repressor-strength", options.repressor_strength, above(0));
  set.inner("repressor-counts", options.repressor_counts, above(0));
  set.inner("acting-min", options.acting_min, at_least(0).at_most(1));
  set.inner("bystanders-per-gene", options.bystanders_per_gene, at_least(0));
  set.rule([&options](Problems& problems) {
    const double buffered = options.kind_shares[static_cast<size_t>(Regulation::kBuffered)];
    if (options.buffered_shares.empty() && buffered > 0) {
      problems.add("--buffered-shares names none, but some sets are buffered");
    }
  });
}

/// Sets whose members do or do not stand in for one another, in numbers that can be told.
SimulateOptions redundancy_preset() {
  SimulateOptions options;
  options.peaks = 8000;
  options.genes = 240;
  options.types = 2;
  options.type_size_ratio = 1.5;
  options.mean_open_peaks = 700;
  // Eighths; the hidden shares of buffered sets take turns.
  options.kind_shares = {1, 0, 1, 1, 1, 1, 1, 2};
  options.triples = 0;
  options.repressors = 0.33;
  options.buffered_shares = {0.3, 0.5};
  options.acting_min = 1;
  // Whole sets change the rate about 2.5-fold, repressors about 4-fold of a higher rate, for what
  // is low already cannot be seen to fall.
  options.set_strength = true;
  options.strength_min = 0.85;
  options.strength_max = 0.98;
  options.repressor_strength = 1.5;
  options.open_min = 0.2;
  options.open_max = 0.3;
  options.closed_counts = true;
  options.median_count = 0.4;
  options.count_spread = 0.3;
  options.repressor_counts = 2.5;
  options.overdispersion = 0.25;
  return options;
}

}  // namespace

void SimulateOptions::describe(OptionSet& set) {
  set.value("--cells", cells, "Cells", at_least(1).at_most(static_cast<double>(kMostCells)));
  set.value("--peaks", peaks, "Peaks", at_least(1).at_most(INT32_MAX));
  set.value("--n-genes", genes, "Genes", at_least(1).at_most(INT32_MAX));
  set.value("--types", types, "Cell types", at_least(1));
  set.value("--donors", donors, "Donors", at_least(1));
  set.value("--capture", capture, "Chance that ATAC sees an open peak in a cell of median depth",
            above(0).at_most(1));
  describe_regulation(*this, set);
  describe_confounders(*this, set);
  set.inner("type-size-ratio", type_size_ratio, at_least(1));
  set.inner("chromosomes", chromosomes, at_least(1).at_most(24));
  set.inner("window", window, at_least(5000));
  set.inner("peaks-per-window", peaks_per_window, above(0));
  set.inner("promoter-share", promoter_share, at_least(0).at_most(1));
  set.inner("mean-open-peaks", mean_open_peaks, above(0));
  set.inner("atac-depth-sd", atac_depth_sd, at_least(0));
  set.inner("rna-depth-sd", rna_depth_sd, at_least(0));
  set.inner("depth-correlation", depth_correlation, at_least(-1).at_most(1));
  set.inner("state-programmes", state_programmes, at_least(0));
  set.inner("donor-shift", donor_shift, at_least(0));
  set.inner("programme-share", programme_share, at_least(0).at_most(1));
  set.inner("popularity-spread", popularity_spread, at_least(0));
  set.inner("median-count", median_count, above(0));
  set.inner("count-spread", count_spread, at_least(0));
  set.inner("overdispersion", overdispersion, at_least(0));
  set.inner("state-loading", state_loading, at_least(0));
  set.inner("regulated-state-loading", regulated_state_loading, at_least(0));
  for (size_t kind = 0; kind < kind_shares.size(); ++kind) {
    set.inner(fmt::format("share of {}", regulation_name(static_cast<Regulation>(kind))),
              kind_shares[kind], at_least(0));
  }
  set.inner("strength-min", strength_min, above(0));
  set.inner("strength-max", strength_max, above(0));
  set.inner("open-min", open_min, above(0).below(1));
  set.inner("open-max", open_max, above(0).below(1));
  set.rule([this](Problems& problems) {
    if (static_cast<double>(cells) < 5 * types * type_size_ratio) {
      problems.add(
          "--cells is {}, too few for {} types of which the largest is {} times the "
          "smallest",
          cells, types, type_size_ratio);
    }
    if (!(std::accumulate(kind_shares.begin(), kind_shares.end(), 0.0) > 0)) {
      problems.add("no kind of regulation has a share");
    }
    if (strength_max < strength_min) problems.add("strength-max is below strength-min");
    if (open_max < open_min) problems.add("open-max is below open-min");
  });
}

SimulateOptions simulate_preset(std::string_view name) {
  SimulateOptions options;
  if (name == "demo") return options;
  if (name == "tiny") {
    options.cells = 300;
    options.peaks = 600;
    options.genes = 60;
    options.types = 3;
    options.donors = 2;
    options.type_size_ratio = 2;
    options.chromosomes = 4;
    options.peaks_per_window = 30;
    options.mean_open_peaks = 80;
    // So few genes must have many counts each, or cells would fail any quality threshold; the noise
    // is raised with them, so that prediction is as hard as in the other presets.
    options.median_count = 3;
    options.overdispersion = 1.5;
    return options;
  }
  if (name == "paper") {
    options.cells = 10266;
    options.peaks = 127219;
    options.genes = 3000;
    options.types = 8;
    options.type_size_ratio = 8;
    options.mean_open_peaks = 4811;
    options.median_count =
        0.8;  // more types share the cells, so that a gene is off in more of them
    return options;
  }
  if (name == "redundancy") return redundancy_preset();
  throw usage_error("simulate: there is no preset '{}'; choose tiny, demo, paper or redundancy",
                    name);
}

void set_regulated_genes(SimulateOptions& options, int64_t regulated) {
  const auto none = static_cast<size_t>(Regulation::kNone);
  double kinds = 0;
  for (size_t kind = 0; kind < options.kind_shares.size(); ++kind) {
    if (kind != none) kinds += options.kind_shares[kind];
  }
  if (regulated < 0 || regulated > options.genes || !(kinds > 0)) {
    throw usage_error("simulate: {} of {} genes cannot have regulation of their own", regulated,
                      options.genes);
  }
  // Whole numbers of genes, so that `apportion` gives the unregulated theirs to the gene.
  for (double& share : options.kind_shares) share *= static_cast<double>(regulated) / kinds;
  options.kind_shares[none] = static_cast<double>(options.genes - regulated);
}

double mean_regulated_ceiling(const SimulatedCells& simulated) {
  double sum = 0, count = 0;
  for (size_t gene = 0; gene < simulated.truth.genes.size(); ++gene) {
    if (simulated.truth.genes[gene].kind == Regulation::kNone) continue;
    if (std::isnan(simulated.ceiling[gene].r)) continue;
    sum += simulated.ceiling[gene].r;
    ++count;
  }
  return sum / count;
}

SimulatedCells simulate(const SimulateOptions& options, const Context& context) {
  validate(options, "simulate");
  const auto layout = simulation::draw_layout(options, context.seed);
  auto plan = simulation::draw_cells(options, context.seed);
  const auto batches = simulation::draw_batches(options, layout, context.seed);
  auto expression = simulation::draw_expression(options, layout, plan, context.seed);
  const simulation::PeakLaw law(options, layout, plan, batches, expression.acting, context);
  if (options.closed_counts) {
    simulation::count_with_causes(options, layout, plan, law, expression);
  }
  auto peak_names = layout.peak_names();

  SimulatedCells result;
  result.truth =
      simulation::make_truth(options, layout, plan, batches, expression, law, peak_names);
  const TrueRegulation regulation(result.truth, peak_names);
  const simulation::AmbientProfile soup(options, expression, batches);
  auto drawn = simulation::draw_cell_contents(options, {plan, law, regulation, soup},
                                              layout.peaks(), context);
  result.ceiling = simulation::measure_ceilings({plan, law, regulation, soup}, drawn, context);
  result.peaks = law.truth(layout, peak_names);
  result.peaks.batch_effects = batches.peaks;
  plan.drop_second_cells();

  for (size_t g = 0; g < layout.genes.size(); ++g) {
    const auto& gene = layout.genes[g];
    result.genes.push_back({result.truth.genes[g].gene, fmt::format("SIMG{:011}", g + 1),
                            layout.chromosomes[at(gene.chromosome)], gene.start, gene.end,
                            gene.strand});
  }
  result.data =
      to_raw(layout, result.truth, plan.cells, std::move(peak_names), result.genes, drawn);
  if (options.capture < 1) result.latent_open = std::move(drawn.latent);
  result.cells = std::move(plan.cells);
  return result;
}

}  // namespace grids::core
