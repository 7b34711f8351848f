#include "cis_bars/world.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "cis_bars/linear_encoder.hpp"
#include "prepare/prepare.hpp"

namespace grids::core::bench {
namespace {

/// For each of `wanted` its position in `names`.
std::vector<int32_t> positions_of(const std::vector<std::string>& wanted,
                                  const std::vector<std::string>& names) {
  std::unordered_map<std::string, int32_t> position;
  for (const auto& name : names) position.emplace(name, static_cast<int32_t>(position.size()));
  std::vector<int32_t> result;
  for (const auto& name : wanted) result.push_back(position.at(name));
  return result;
}

Study make_study(const SimulatedCells& simulated, const std::string& donor_column,
                 const Context& context) {
  PrepareInputs inputs;
  inputs.label_column = "cell_type";
  inputs.donor_column = donor_column;
  inputs.gene_positions = simulated.genes;
  PrepareOptions options;
  options.keep_all = true;
  RawMultiome raw = simulated.data;
  return prepare(std::move(raw), inputs, options, context).study;
}

}  // namespace

std::vector<int32_t> World::peaks(const std::vector<std::string>& names) const {
  std::vector<int32_t> result;
  for (const auto& name : names) {
    const auto found = std::find(study.peaks.names.begin(), study.peaks.names.end(), name);
    if (found == study.peaks.names.end()) continue;
    result.push_back(static_cast<int32_t>(found - study.peaks.names.begin()));
  }
  std::sort(result.begin(), result.end());
  return result;
}

World make_world(const SimulateOptions& simulation, const Context& context,
                 const WorldOptions& options) {
  SimulatedCells simulated = simulate(simulation, context);
  Study study = make_study(simulated, options.donor_column, context);
  FoldedSurrogate encoder(linear_encoder(study, options.latents, context));
  auto latents = encoder.atac_latents(context.pool, study.open);
  std::vector<std::string> genes;
  for (const auto& gene : simulated.truth.genes) genes.push_back(gene.gene);
  auto simulated_gene = positions_of(study.genes.names, genes);
  auto simulated_cell = positions_of(study.cells.barcodes, simulated.cells.barcodes);
  return {std::move(simulated),
          std::move(study),
          std::move(encoder),
          std::move(latents),
          std::move(simulated_gene),
          std::move(simulated_cell),
          {},
          {}};
}

void fit_world(World& world, const CisOptions& options, const Context& context) {
  world.fit = fit_cis(world.study, world.latents, options, context);
  world.path = world.fit.path;
  for (auto& gene : world.path.genes) gene.cis.passed = true;
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"single", "single", [](const GeneTruth& t) { return t.kind == Regulation::kSingle; }},
      {"additive", "additive", [](const GeneTruth& t) { return t.kind == Regulation::kAdditive; }},
      {"multiplicative", "multiplicative",
       [](const GeneTruth& t) { return t.kind == Regulation::kMultiplicative; }},
      {"either", "either-of", [](const GeneTruth& t) { return t.kind == Regulation::kEither; }},
      {"together", "only-together",
       [](const GeneTruth& t) { return t.kind == Regulation::kTogether; }},
      {"together_pairs", "only-together pairs",
       [](const GeneTruth& t) { return t.kind == Regulation::kTogether && t.peaks.size() == 2; }},
  };
  return all;
}

std::vector<Kind> kinds_and_all() {
  std::vector<Kind> result = kinds();
  result.back() = {"all", "all sets",
                   [](const GeneTruth& t) { return t.kind != Regulation::kNone; }};
  return result;
}

}  // namespace grids::core::bench
