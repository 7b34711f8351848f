#include "cis_bars/settings.hpp"

#include <algorithm>

namespace grids::core::bench {
namespace {

constexpr std::pair<const char*, BarsPart> kParts[] = {{"fit", BarsPart::kFit},
                                                       {"search", BarsPart::kSearch},
                                                       {"peers", BarsPart::kPeers},
                                                       {"contrast", BarsPart::kContrast},
                                                       {"methods", BarsPart::kMethods}};

/// The choices of the fit that docs/surrogate.md gives measurements of.
void describe_choices(OptionSet& options, CisOptions& cis, std::string& latent_openness) {
  const auto yes_or_no = [&](const char* name, bool& field, const char* help) {
    options.choice(name, field, {{"yes", true}, {"no", false}}, help);
  };
  options.group("Choices of the fit (see CisOptions)");
  options.value("--latent-openness", latent_openness, "As in grids cis: off, auto or a capture");
  options.value("--cis-window", cis.window, "Candidates within this distance (bp) of the TSS");
  options.value("--most-peaks", cis.most_peaks, "Peaks of a term, at most");
  yes_or_no("--pairs", cis.pairs, "Terms of several peaks are sought");
  yes_or_no("--adding", cis.adding, "Terms may add on the scale of the rate");
  yes_or_no("--type-deviations", cis.type_deviations, "Weights may deviate by type");
  options.value("--least-inclusion", cis.least_inclusion, "Of weak terms; 1 = none");
  options.value("--first-term-cost", cis.first_term_cost, "Beyond the log of the candidates");
  options.value("--next-term-cost", cis.next_term_cost, "The same of each further term");
  options.value("--any-cost", cis.any_cost,
                "Of a term that any peak satisfies, for each further peak");
  options.value("--weight-ridge", cis.weight_ridge, "Precision of the prior of weights");
  options.value("--kept-ridge", cis.kept_ridge, "The same of chosen terms once they are chosen");
  options.value("--state-ridge", cis.state_ridge,
                "Precision of the prior of the state's coefficients");
}

}  // namespace

void BarsSettings::describe(OptionSet& options) {
  options.value("--preset", preset, "Of the simulator: demo or paper");
  options.value("--cells", cells, "Simulated cells");
  options.value("--genes", genes, "Simulated genes");
  options.value("--capture", capture, "Probability that ATAC observes an open peak");
  options.value("--median-count", median_count, "Median of the genes' mean counts in a cell",
                above(0));
  options.value("--count-spread", count_spread, "Standard deviation of their log", at_least(0));
  options.value("--donors", donors, "Donors; from 10 on, contrasts are clustered by them");
  options.list("--seeds", seeds, "A simulation for each; figures are pooled", at_least(0));
  options.value("--null-windows", null_windows, "Null windows of each gene", at_least(1));
  std::vector<std::string> parts;
  for (const auto& [name, part] : kParts) parts.emplace_back(name);
  options.list("--only", only, parts, "Parts to run; without it all");
  options.value("--json", json, "Figures to write (.json)");
  options.flag("--small", small, "Few cells and genes: whether everything works, in seconds");
  options.value("--gate-folds", cis.gate_folds, "As in grids cis");
  options.value("--gate-fdr", cis.false_discovery_rate, "As in grids cis");
  describe_choices(options, cis, latent_openness);
  options.rule([this](Problems& problems) {
    check(fitting(), problems);
    check(simulation(), problems);
  });
}

bool BarsSettings::runs(BarsPart part) const {
  if (only.empty()) return true;
  return std::any_of(std::begin(kParts), std::end(kParts), [&](const auto& named) {
    return named.second == part && std::find(only.begin(), only.end(), named.first) != only.end();
  });
}

std::vector<uint64_t> BarsSettings::seed_numbers() const {
  return {seeds.begin(), seeds.end()};
}

CisOptions BarsSettings::fitting() const {
  CisOptions result = cis;
  result.capture = capture_from(latent_openness);
  return result;
}

SimulateOptions BarsSettings::simulation() const {
  SimulateOptions result = simulate_preset(preset);
  result.cells = small ? 900 : cells;
  result.genes = small ? 36 : genes;
  if (small) result.peaks = 3000;
  result.capture = capture;
  result.median_count = median_count;
  result.count_spread = count_spread;
  result.donors = static_cast<int32_t>(donors);
  return result;
}

}  // namespace grids::core::bench
