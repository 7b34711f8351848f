#include <fmt/format.h>

#include <filesystem>

#include "data/simulate.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "io/mudata.hpp"
#include "io/table.hpp"

namespace grids {
namespace {

std::string genes_bed(const std::vector<GenePosition>& genes) {
  std::string text = "#chr\tstart\tend\tname\tscore\tstrand\tEnsembl_ID\tgene_type\n";
  for (const auto& gene : genes) {
    text += fmt::format("{}\t{}\t{}\t{}\t0\t{}\t{}\tprotein_coding\n", gene.chromosome, gene.start,
                        gene.end, gene.name, gene.strand, gene.id);
  }
  return text;
}

Table oracle_table(const SimulatedCells& simulated) {
  Table table({"gene", "kind", "mean_count", "r", "r_without_cis"});
  for (size_t gene = 0; gene < simulated.ceiling.size(); ++gene) {
    const auto& ceiling = simulated.ceiling[gene];
    table.add({simulated.truth.genes[gene].gene, regulation_name(simulated.truth.genes[gene].kind),
               format_number(ceiling.mean_count), format_number(ceiling.r),
               format_number(ceiling.r_without_cis)});
  }
  return table;
}

}  // namespace

void write_simulation(const std::filesystem::path& folder, const SimulatedCells& simulated) {
  make_folder(folder);
  write_multiome(folder / "cells.h5mu", simulated.data);
  replace_file(folder / "genes.bed", genes_bed(simulated.genes));
  write_table(folder / "truth.tsv", truth_table(simulated.truth));
  write_table(folder / "cells.tsv", cell_truth_table(simulated.truth, simulated.cells));
  write_table(folder / "peaks.tsv", peak_truth_table(simulated.truth, simulated.peaks));
  write_table(folder / "oracle.tsv", oracle_table(simulated));
}

}  // namespace grids
