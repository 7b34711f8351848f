#include "pipeline/knockout_arguments.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "pipeline/target_arguments.hpp"

namespace grids::core {
namespace {

void check_knockout(const KnockoutArguments& arguments, Problems& problems) {
  const int ways = (arguments.genes.empty() ? 0 : 1) + (arguments.gene_file.empty() ? 0 : 1) +
                   (arguments.all_genes ? 1 : 0);
  if (ways == 0) problems.add("which genes? --gene G, --genes FILE or --all-genes");
  if (ways > 1) problems.add("give one of --gene, --genes and --all-genes");
  if (arguments.cell_types.empty()) {
    problems.add("which cells? --cell-type T (each = every type in turn)");
  }
}

/// The genes that are named, each once.
std::vector<int32_t> wanted_genes(const KnockoutArguments& arguments,
                                  const std::vector<std::string>& in_file, const Study& study,
                                  Problems& problems) {
  if (arguments.all_genes) return indices_below(study.genes.size());
  std::vector<int32_t> genes;
  for (const auto& name : in_file.empty() ? gene_names(study, arguments.genes) : in_file) {
    const auto gene = find_gene(study, name, problems);
    if (gene && std::find(genes.begin(), genes.end(), *gene) == genes.end()) {
      genes.push_back(*gene);
    }
  }
  return genes;
}

/// The types that are named, each once. `all` is read as `each` for now, as it was before there was
/// a word for each: a knock-out of all types together is not offered.
std::vector<int32_t> wanted_types(const KnockoutArguments& arguments, const Study& study,
                                  Problems& problems, const Context& context) {
  std::vector<int32_t> types;
  for (const auto& name : cell_type_names(study, arguments.cell_types)) {
    if (name == kAllTypes) {
      context.reporter.warning(
          "--cell-type all is read as each, every type in turn; write each: in a later version all "
          "means the types together, as it does in explain");
    }
    for (const auto& type : find_types(study, name == kAllTypes ? kEachType : name, problems)) {
      if (type && std::find(types.begin(), types.end(), *type) == types.end()) {
        types.push_back(*type);
      }
    }
  }
  return types;
}

}  // namespace

void KnockoutArguments::describe(OptionSet& set, SurrogateKind& kind) {
  describe_surrogate(set, kind);
  set.list("--cell-type", cell_types,
           "Cell types; each = every type in turn (type:each is a type of that name)");
  describe_genes(set, genes);
  set.value("--genes", gene_file, "File of genes, one per line");
  set.flag("--all-genes", all_genes, "Every gene of the study");
  set.value("--window", window,
            "Only the peaks within this distance (bp) of a gene's TSS, all genes in one "
            "table; 0 = every peak",
            at_least(0));
  describe_cells(set, cells);
  describe_perturbation(set, perturbation);
  set.rule([this](Problems& problems) { check_knockout(*this, problems); });
}

KnockoutPlan KnockoutArguments::plan(const std::vector<std::string>& in_file,
                                     const std::string& split, const Study& study,
                                     const Context& context) const {
  KnockoutPlan result;
  Problems problems;
  result.genes = wanted_genes(*this, in_file, study, problems);
  const auto types = wanted_types(*this, study, problems, context);
  problems.raise(ErrorKind::kInput, "knockout");
  for (const int32_t each : types) {
    const auto& name = study.cells.type.names[static_cast<size_t>(each)];
    auto chosen = chosen_cells(study, cells, each);
    if (!chosen.empty()) {
      result.types.push_back(
          {name, std::move(chosen), replacement_values(study, perturbation, each)});
    } else if (types.size() > 1) {
      context.reporter.warning(fmt::format("{}: no {} cells; left out", name, split));
    }
  }
  if (result.types.empty()) {
    std::vector<std::string> names;
    names.reserve(types.size());
    for (const int32_t each : types) names.push_back(study.cells.type.names[at(each)]);
    throw input_error("knockout: no {} cells of {}; --cells all takes those of every part", split,
                      fmt::join(names, ", "));
  }
  return result;
}

void tell_unconfirmed(const Study& study, const StudySurrogate& surrogate,
                      std::span<const int32_t> genes, const Context& context) {
  std::vector<std::string> names;
  for (const int32_t gene : genes) {
    if (surrogate.path_of(gene) == GenePath::kUnconfirmed) {
      names.push_back(study.genes.names[at(gene)]);
    }
  }
  if (names.empty()) return;
  constexpr size_t kNamed = 8;
  const size_t count = names.size();
  names.resize(std::min(count, kNamed));
  context.reporter.warning(
      fmt::format("unconfirmed: {} of {} genes are masked on terms of the cis path which say "
                  "nothing of held-out "
                  "cells that the state does not (gate B, see cis.tsv): {}{}",
                  count, genes.size(), fmt::join(names, ", "),
                  count > kNamed ? fmt::format(" and {} more", count - kNamed) : ""));
}

}  // namespace grids::core
