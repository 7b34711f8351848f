#include "pipeline/target_arguments.hpp"

#include <fmt/ranges.h>

#include <functional>

#include "base/name_list.hpp"
#include "io/delimited.hpp"
#include "pipeline/all_genes.hpp"
#include "pipeline/inputs.hpp"

namespace grids::core {

void describe_cell_types(OptionSet& set, std::vector<std::string>& words) {
  set.list("--cell-type", words,
           "Cell types; all = the cells of all types together, each = every type in turn (type:all "
           "is a type of that name)");
}

void describe_genes(OptionSet& set, std::vector<std::string>& words) {
  set.list("--gene", words, "Genes, by symbol or Ensembl id");
}

namespace {

/// Words that name nothing at all stay, for the study to lack.
std::vector<std::string> some_names(const std::vector<std::string>& words,
                                    const std::function<bool(std::string_view)>& is_name) {
  auto names = split_names(words, is_name);
  return names.empty() ? words : names;
}

}  // namespace

std::vector<std::string> cell_type_names(const Study& study,
                                         const std::vector<std::string>& words) {
  return some_names(words, [&](std::string_view name) { return names_types(study, name); });
}

std::vector<std::string> gene_names(const Study& study, const std::vector<std::string>& words) {
  return some_names(words,
                    [&](std::string_view name) { return study.genes.index_of(name).has_value(); });
}

std::vector<std::string> names_in_gene_file(const std::filesystem::path& path) {
  if (path.empty()) return {};
  auto names = read_name_list(path);
  if (names.empty()) {
    throw input_error("{}: names no genes; give one symbol or id per line", path.string());
  }
  return names;
}

std::vector<int32_t> genes_to_fit(const Study& study, const std::vector<std::string>& words,
                                  std::vector<std::string> names) {
  if (names.empty() && !words.empty()) names = gene_names(study, words);
  Problems problems;
  std::vector<int32_t> genes;
  for (const auto& name : names) {
    if (const auto gene = find_gene(study, name, problems)) genes.push_back(*gene);
  }
  problems.raise(ErrorKind::kInput, "cis");
  return genes;
}

void TargetArguments::describe(OptionSet& set, std::string_view columns) {
  describe_cell_types(set, cell_types);
  if (genes_of_all_types) {
    set.list("--gene", genes,
             "Genes, by symbol or Ensembl id; without --cell-type in the cells of all types "
             "together");
  } else {
    describe_genes(set, genes);
  }
  set.value("--targets", table, fmt::format("Table with columns {}", columns));
}

void TargetArguments::describe_all_genes(OptionSet& set) {
  set.flag("--all-genes", all_genes,
           "Every gene that has terms of the cis path, in --cell-type (all)");
}

void TargetArguments::check(std::string_view ways, bool other_source, Problems& problems) const {
  if (all_genes) {
    if (!genes.empty() || !table.empty()) {
      problems.add("--all-genes stands for all of them: leave out --gene and --targets");
    }
    return;
  }
  const bool by_name = !cell_types.empty() || !genes.empty();
  const int sources = (by_name ? 1 : 0) + (table.empty() ? 0 : 1) + (other_source ? 1 : 0);
  if (sources != 1) {
    problems.add("what is to be explained? {}", ways);
  } else if (by_name && (asked_types().empty() || genes.empty())) {
    problems.add(
        "--cell-type and --gene go together (all = the types together, each = every type in turn)");
  }
}

std::vector<std::string> TargetArguments::asked_types() const {
  const bool implied = genes_of_all_types && cell_types.empty() && !genes.empty();
  return implied ? std::vector<std::string>{kAllTypes} : cell_types;
}

std::string TargetArguments::words(const std::filesystem::path& folder) const {
  if (!table.empty()) return targets_words(folder, table);
  if (all_genes) return fmt::format("all genes; cell types {}", fmt::join(cell_types, ", "));
  return fmt::format("cell types {}; genes {}", fmt::join(asked_types(), ", "),
                     fmt::join(genes, ", "));
}

void TargetArguments::require_table() const {
  if (!table.empty()) read_targets(table, 1);
}

std::vector<TargetRequest> TargetArguments::requests(const Study& study,
                                                     int64_t default_set_size) const {
  if (!table.empty()) return read_targets(table, default_set_size);
  std::vector<TargetRequest> requests;
  const auto names = gene_names(study, genes);
  for (const auto& type : cell_type_names(study, asked_types())) {
    for (const auto& gene : names) requests.push_back({type, gene, default_set_size});
  }
  return requests;
}

std::vector<ExplainTarget> TargetArguments::find(
    const Study& study, const StudySurrogate& surrogate, int64_t default_set_size,
    const std::filesystem::path& surrogate_file) const {
  if (!all_genes) return find_targets(study, requests(study, default_set_size));
  return all_gene_targets(study, surrogate, cell_type_names(study, cell_types), default_set_size,
                          surrogate_file);
}

}  // namespace grids::core
