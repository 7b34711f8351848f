#include "redundancy_bars/settings.hpp"

namespace grids::core::bench {

void RedundancySettings::describe(OptionSet& options) {
  options.value("--cells", cells, "Simulated cells", at_least(300));
  options.value("--genes", genes, "Simulated genes, all regulated by two or more peaks",
                at_least(8));
  options.value("--capture-true", capture, "Probability that ATAC observes an open peak",
                above(0).at_most(1));
  options.value("--triples", triples, "Share of sets of three", at_least(0).at_most(1));
  options.value("--cause-correlation", cause_correlation, "Of members of a set",
                at_least(0).below(1));
  options.value("--repressors", repressors, "Share of sets that lower their gene",
                at_least(0).at_most(1));
  options.value("--batches", batches, "Batches", at_least(0));
  options.value("--doublets", doublets, "Share of doublets", at_least(0).below(1));
  options.value("--ambient", ambient, "Share of ambient counts", at_least(0).below(1));
  options.list("--seeds", seeds, "A simulation for each; figures are pooled", at_least(0));
  options.flag_off("--no-planted", planted, "Leave out the rule on planted sets");
  options.flag_off("--no-found", found, "Leave out the sets that the program finds");
  options.flag("--known-capture", known_capture, "Judge found sets with the true capture");
  options.value("--bystanders", bystanders,
                "Judge single causes beside a peak without effect that opens with them at this "
                "correlation, and beside random peaks; 0 = no",
                at_least(0).below(1));
  options.flag("--level", level,
               "Draw counts anew as if elements added, or multiplied: is p uniform?");
  folds.describe(options);
  redundancy.describe(options);
  options.value("--json", json, "Figures to write (.json)");
  options.flag("--small", small, "Few cells and genes: whether everything works, in seconds");
}

SimulateOptions RedundancySettings::simulation() const {
  SimulateOptions result = simulate_preset("redundancy");
  result.cells = small ? 900 : cells;
  result.genes = small ? 14 : genes;
  if (small) result.peaks = 1600;
  result.capture = capture;
  result.triples = triples;
  result.cause_correlation = cause_correlation;
  result.repressors = repressors;
  result.batches = static_cast<int32_t>(batches);
  result.doublets = doublets;
  result.ambient = ambient;
  result.kind_shares[0] = 0;  // what has no set says nothing of calls
  if (bystanders > 0) {
    result.kind_shares = {0, 1};
    result.bystanders_per_gene = 1;
    result.bystander_share = 1;
    result.bystander_correlation = bystanders;
  }
  return result;
}

RedundancyOptions RedundancySettings::judging() const {
  RedundancyOptions result = redundancy;
  if (known_capture) result.capture = capture;
  result.allow_transcribed = true;  // simulated transcripts leave no fragments
  return result;
}

}  // namespace grids::core::bench
