#include "cli/target_arguments.hpp"

namespace grids {

void TargetArguments::declare(OptionSet& options, std::string_view columns) {
  options.value("--cell-type", cell_type, "Cell type; all = every type");
  options.list("--gene", genes, "Genes, by symbol or Ensembl id");
  options.value("--targets", table, fmt::format("Table with columns {}", columns));
}

void TargetArguments::check(std::string_view ways, bool other_source, Problems& problems) const {
  const bool by_name = !cell_type.empty() || !genes.empty();
  const int sources = (by_name ? 1 : 0) + (table.empty() ? 0 : 1) + (other_source ? 1 : 0);
  if (sources != 1) {
    problems.add("what is to be explained? {}", ways);
  } else if (by_name && (cell_type.empty() || genes.empty())) {
    problems.add("--cell-type and --gene go together ('all' is every type)");
  }
}

std::vector<TargetRequest> TargetArguments::requests(int64_t default_set_size) const {
  if (!table.empty()) return read_targets(table, default_set_size);
  std::vector<TargetRequest> requests;
  for (const auto& gene : genes) requests.push_back({cell_type, gene, default_set_size});
  return requests;
}

}  // namespace grids
