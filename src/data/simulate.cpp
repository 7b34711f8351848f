#include "data/simulate.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "data/simulate_cells.hpp"
#include "data/simulate_expression.hpp"
#include "data/simulate_layout.hpp"
#include "data/simulate_peaks.hpp"
#include "io/atomic_file.hpp"

namespace grids {
namespace {

constexpr int64_t kMostCells = 1 << 24;  // barcodes spell a cell's number in 12 letters

void require_share(Problems& problems, const char* name, double value) {
  if (!(value >= 0 && value <= 1)) {
    problems.add("{} is {}, but must lie between 0 and 1", name, value);
  }
}

void require_positive(Problems& problems, const char* name, double value) {
  if (!(value > 0)) problems.add("{} is {}, but must be above 0", name, value);
}

void require_not_negative(Problems& problems, const char* name, double value) {
  if (!(value >= 0)) problems.add("{} is {}, but must not be negative", name, value);
}

FrameColumn numbers(const char* name, const std::vector<int64_t>& values) {
  return {name, std::vector<double>(values.begin(), values.end())};
}

RawMultiome to_raw(const simulation::Layout& layout, const Truth& truth, const CellTruth& cells,
                   std::vector<std::string> peak_names, std::span<const GenePosition> genes,
                   simulation::Drawn& drawn) {
  RawMultiome raw;
  std::vector<std::string> types;
  for (const int32_t type : cells.type) types.push_back(truth.types[at(type)]);
  raw.obs.index = cells.barcodes;
  raw.obs.columns = {{"cell_type", std::move(types)}, {"donor", cells.donor}};

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

}  // namespace

void SimulateOptions::validate() const {
  Problems problems;
  if (types < 1) problems.add("types is {}, but at least 1 is needed", types);
  if (!(type_size_ratio >= 1)) {
    problems.add("type_size_ratio is {}, but the largest type is at least as large as the smallest",
                 type_size_ratio);
  }
  if (types >= 1 && type_size_ratio >= 1 &&
      static_cast<double>(cells) < 5 * types * type_size_ratio) {
    problems.add("cells is {}, too few for {} types of which the largest is {} times the smallest",
                 cells, types, type_size_ratio);
  }
  if (genes < 1) problems.add("genes is {}, but at least 1 is needed", genes);
  if (peaks < 1) problems.add("peaks is {}, but at least 1 is needed", peaks);
  if (cells > kMostCells) problems.add("cells is {}, but at most {} have names", cells, kMostCells);
  if (peaks > INT32_MAX || genes > INT32_MAX) problems.add("peaks and genes must be below 2^31");
  if (donors < 1) problems.add("donors is {}, but at least 1 is needed", donors);
  if (chromosomes < 1 || chromosomes > 24) {
    problems.add("chromosomes is {}, but must lie between 1 and 24", chromosomes);
  }
  if (window < 5000) problems.add("window is {}, but must be at least 5000 bp", window);
  require_positive(problems, "peaks_per_window", peaks_per_window);
  require_share(problems, "promoter_share", promoter_share);
  require_positive(problems, "mean_open_peaks", mean_open_peaks);
  require_not_negative(problems, "atac_depth_sd", atac_depth_sd);
  require_not_negative(problems, "rna_depth_sd", rna_depth_sd);
  if (!(depth_correlation >= -1 && depth_correlation <= 1)) {
    problems.add("depth_correlation is {}, but must lie between -1 and 1", depth_correlation);
  }
  if (!(capture > 0 && capture <= 1)) {
    problems.add("capture is {}, but must be above 0 and at most 1", capture);
  }
  if (state_dimensions < 1) problems.add("state_dimensions must be at least 1");
  if (state_programmes < 0) problems.add("state_programmes must not be negative");
  require_not_negative(problems, "donor_shift", donor_shift);
  require_share(problems, "programme_share", programme_share);
  require_not_negative(problems, "popularity_spread", popularity_spread);
  require_positive(problems, "median_count", median_count);
  require_not_negative(problems, "count_spread", count_spread);
  require_not_negative(problems, "overdispersion", overdispersion);
  require_not_negative(problems, "state_loading", state_loading);
  require_not_negative(problems, "regulated_state_loading", regulated_state_loading);
  double shares = 0;
  for (size_t kind = 0; kind < kind_shares.size(); ++kind) {
    require_not_negative(problems, regulation_name(static_cast<Regulation>(kind)),
                         kind_shares[kind]);
    shares += kind_shares[kind];
  }
  require_positive(problems, "the sum of kind_shares", shares);
  require_positive(problems, "strength_min", strength_min);
  if (!(strength_max >= strength_min)) problems.add("strength_max is below strength_min");
  if (!(open_min > 0 && open_min <= open_max && open_max < 1)) {
    problems.add("open_min {} and open_max {} must satisfy 0 < open_min <= open_max < 1", open_min,
                 open_max);
  }
  if (bystanders_per_gene < 0) problems.add("bystanders_per_gene must not be negative");
  require_share(problems, "bystander_copy", bystander_copy);
  problems.raise(ErrorKind::kUsage, "simulate");
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
  throw usage_error("simulate: there is no preset '{}'; choose tiny, demo or paper", name);
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
  options.validate();
  const auto layout = simulation::draw_layout(options, context.seed);
  auto plan = simulation::draw_cells(options, context.seed);
  const auto expression = simulation::draw_expression(options, layout, plan, context.seed);
  const simulation::PeakLaw law(options, layout, plan, expression.acting, context);
  auto peak_names = layout.peak_names();

  SimulatedCells result;
  result.truth = simulation::make_truth(layout, plan, expression, law, peak_names);
  const TrueRegulation regulation(result.truth, peak_names);
  auto drawn =
      simulation::draw_cell_contents(options, plan, law, regulation, layout.peaks(), context);
  result.ceiling = simulation::measure_ceilings(plan, regulation, drawn, context);
  result.peaks = law.truth(layout, peak_names);

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

}  // namespace grids
