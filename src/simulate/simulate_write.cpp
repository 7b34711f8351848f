#include <fmt/core.h>

#include <filesystem>

#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "io/mudata.hpp"
#include "simulate/hidden_share.hpp"
#include "simulate/simulate.hpp"
#include "study/shared_columns.hpp"

namespace grids::core {
namespace {

constexpr const char* kCells = "cells.h5mu";
constexpr const char* kGenes = "genes.bed";

std::string genes_bed(const std::vector<GenePosition>& genes) {
  std::string text = "#chr\tstart\tend\tname\tscore\tstrand\tEnsembl_ID\tgene_type\n";
  for (const auto& gene : genes) {
    text += fmt::format("{}\t{}\t{}\t{}\t0\t{}\t{}\tprotein_coding\n", gene.chromosome, gene.start,
                        gene.end, gene.name, gene.strand, gene.id);
  }
  return text;
}

struct CeilingRow {
  const GeneTruth& gene;
  const GeneCeiling& ceiling;
};

Columns<CeilingRow> oracle_columns() {
  using Row = CeilingRow;
  return {"oracle.tsv",
          "a row for each gene: how well the true function itself predicts",
          {{column::kGene.saying("its symbol"), [](const Row& row) { return row.gene.gene; }},
           {column::kKind, [](const Row& row) { return regulation_name(row.gene.kind); }},
           {"mean_count", "over the cells", [](const Row& row) { return row.ceiling.mean_count; }},
           {"r",
            "correlation within types of log counts (per median total) and the true function on "
            "that scale, after total RNA and open peaks",
            [](const Row& row) { return row.ceiling.r; }},
           {"r_without_cis", "the same of its state part alone",
            [](const Row& row) { return row.ceiling.r_without_cis; }}}};
}

Table oracle_table(const SimulatedCells& simulated) {
  std::vector<CeilingRow> rows;
  for (size_t gene = 0; gene < simulated.ceiling.size(); ++gene) {
    rows.push_back({simulated.truth.genes[gene], simulated.ceiling[gene]});
  }
  return oracle_columns().table(rows);
}

}  // namespace

TableText describe_oracle() {
  return oracle_columns().describe();
}

std::vector<std::string> simulation_files() {
  return {kCells,
          kGenes,
          describe_truth().file,
          describe_truth_settings().file,
          describe_cell_truth().file,
          describe_peak_truth().file,
          describe_oracle().file};
}

void write_simulation(const std::filesystem::path& folder, const SimulatedCells& simulated) {
  make_folder(folder);
  write_multiome(folder / kCells, simulated.data);
  replace_file(folder / kGenes, genes_bed(simulated.genes));
  write_into(folder, truth_table(simulated.truth));
  write_into(folder, truth_settings_table(simulated.truth));
  write_into(folder, cell_truth_table(simulated.truth, simulated.cells));
  write_into(folder, peak_truth_table(simulated.truth, simulated.peaks));
  write_into(folder, oracle_table(simulated));
}

}  // namespace grids::core
