/// Which peaks are to be masked in which cells, for which genes: what `grids knockout` is asked.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "evaluate/knockout.hpp"
#include "explain/explain_stage.hpp"
#include "pipeline/inputs.hpp"

namespace grids::core {

struct KnockoutArguments {
  std::vector<std::string> cell_types;
  std::vector<std::string> genes;
  std::filesystem::path gene_file;
  bool all_genes = false;
  int64_t window = 0;
  CellChoice cells = CellChoice::kTest;
  Perturbation perturbation = Perturbation::kClosed;

  /// In a section of its own; `kind` is what the caller holds of --surrogate.
  void describe(OptionSet& set, SurrogateKind& kind);
  /// Types and genes of the study, each once; types without such cells are told and left out.
  /// `split`: --cells as text, for messages. Throws Error(kInput) for names that it does not have.
  KnockoutPlan plan(const std::vector<std::string>& in_file, const std::string& split,
                    const Study& study, const Context& context) const;
};

/// Tells which genes are masked on a cis path that gate B did not let through.
void tell_unconfirmed(const Study& study, const StudySurrogate& surrogate,
                      std::span<const int32_t> genes, const Context& context);

}  // namespace grids::core
