#include "simulate/hidden_share.hpp"

#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "base/nan.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

double relative_rate(const GeneTruth& gene, int open) {
  return cis_factor(gene.kind, static_cast<int>(gene.peaks.size()), open, gene.effect,
                    gene.buffering);
}

/// Every cause does the same, so that what remains without one does not depend on which.
double hidden_share_of(int causes, double all, double without_one, double none) {
  const double hidden = 1 - causes * (all - without_one) / (all - none);
  // Of a 0, exp and log leave some 1e-16; and 0 has no sign.
  return std::round(hidden * 1e9) / 1e9 + 0.0;
}

struct TruthSetting {
  const GeneTruth& gene;
  unsigned open = 0;  ///< a bit for each cause

  int count() const { return std::popcount(open); }
  double rate() const { return relative_rate(gene, count()); }
  std::string peaks() const {
    std::string names;
    for (size_t i = 0; i < gene.peaks.size(); ++i) {
      if ((open >> i & 1) == 0) continue;
      names += (names.empty() ? "" : ";") + gene.peaks[i];
    }
    return names;
  }
};

Columns<TruthSetting> truth_setting_columns() {
  using Row = TruthSetting;
  return {"truth_settings.tsv",
          "a row for each setting of the causes of each gene that has two or more",
          {{column::kGene.saying("its symbol"), [](const Row& row) { return row.gene.gene; }},
           {"open", "the causes that are open, with semicolons; empty: none", &Row::peaks},
           {"number_open", "how many", &Row::count},
           {"rate", "true rate ÷ that with none open, in the types where they act", &Row::rate},
           {"log_rate", "its natural log", [](const Row& row) { return std::log(row.rate()); }}}};
}

}  // namespace

HiddenShare hidden_share(const GeneTruth& gene) {
  const int causes = static_cast<int>(gene.peaks.size());
  if (causes < 2) return {kNaN, kNaN};
  const double all = relative_rate(gene, causes);
  const double without_one = relative_rate(gene, causes - 1);
  const double none = relative_rate(gene, 0);
  return {hidden_share_of(causes, all, without_one, none),
          hidden_share_of(causes, std::log(all), std::log(without_one), std::log(none))};
}

Table truth_settings_table(const Truth& truth) {
  std::vector<TruthSetting> rows;
  for (const GeneTruth& gene : truth.genes) {
    if (gene.peaks.size() < 2) continue;
    for (unsigned open = 0; open < 1U << gene.peaks.size(); ++open) rows.push_back({gene, open});
  }
  return truth_setting_columns().table(rows);
}

TableText describe_truth_settings() {
  return truth_setting_columns().describe();
}

}  // namespace grids::core
