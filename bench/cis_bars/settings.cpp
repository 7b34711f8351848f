#include "cis_bars/settings.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/suggestion.hpp"

namespace grids::bench {
namespace {

constexpr std::pair<const char*, BarsPart> kParts[] = {{"fit", BarsPart::kFit},
                                                       {"search", BarsPart::kSearch},
                                                       {"peers", BarsPart::kPeers},
                                                       {"contrast", BarsPart::kContrast},
                                                       {"methods", BarsPart::kMethods}};

std::optional<uint64_t> number_of(const std::string& text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

/// The choices of the fit that docs/surrogate.md gives measurements of.
void declare_choices(OptionSet& options, CisOptions& cis, std::string& latent_openness) {
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

void BarsSettings::declare(OptionSet& options) {
  options.value("--preset", preset, "Of the simulator: demo or paper");
  options.value("--cells", cells, "Simulated cells");
  options.value("--genes", genes, "Simulated genes");
  options.value("--capture", capture, "Probability that ATAC observes an open peak");
  options.value("--donors", donors, "Donors; from 10 on, contrasts are clustered by them");
  options.list("--seeds", seeds, "A simulation for each; figures are pooled");
  options.value("--null-windows", null_windows, "Null windows of each gene");
  options.list("--only", only, "Parts: fit, search, peers, contrast, methods");
  options.value("--json", json, "Figures to write (.json)");
  options.flag("--small", small, "Few cells and genes: whether everything works, in seconds");
  options.value("--gate-folds", cis.gate_folds, "As in grids cis");
  options.value("--gate-fdr", cis.false_discovery_rate, "As in grids cis");
  declare_choices(options, cis, latent_openness);
}

void BarsSettings::validate() const {
  Problems problems;
  std::vector<std::string> names;
  for (const auto& [name, part] : kParts) names.emplace_back(name);
  for (const auto& name : only) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      problems.add("--only: there is no part '{}'{}", name, suggestion(name, names));
    }
  }
  if (seeds.empty()) problems.add("--seeds: none");
  for (const auto& seed : seeds) {
    if (!number_of(seed)) problems.add("--seeds: '{}' is no whole number", seed);
  }
  if (null_windows < 1) problems.add("--null-windows is {}, must be at least 1", null_windows);
  problems.raise(ErrorKind::kUsage, "cis_bars");
  fitting().validate();
  simulation().validate();
}

bool BarsSettings::runs(BarsPart part) const {
  if (only.empty()) return true;
  return std::any_of(std::begin(kParts), std::end(kParts), [&](const auto& named) {
    return named.second == part && std::find(only.begin(), only.end(), named.first) != only.end();
  });
}

std::vector<uint64_t> BarsSettings::seed_numbers() const {
  std::vector<uint64_t> numbers;
  for (const auto& seed : seeds) numbers.push_back(number_of(seed).value_or(0));
  return numbers;
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
  result.donors = static_cast<int32_t>(donors);
  return result;
}

}  // namespace grids::bench
