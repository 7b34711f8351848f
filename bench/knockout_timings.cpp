#include <numeric>

#include "evaluate/count_maps.hpp"
#include "evaluate/knockout.hpp"
#include "search_problem.hpp"
#include "stopwatch.hpp"
#include "timings.hpp"

namespace grids::core::bench {
namespace {

/// Every peak masked, one gene, written as `grids knockout --gene` does.
void write_one_gene(const Bench& bench, const std::filesystem::path& path) {
  const Cells& cells = bench.cells;
  const std::vector<int32_t> genes = {cells.target};
  const auto maps = fit_count_maps(cells.study, cells.surrogate, genes, bench.context);
  const KnockoutCells type{cells.type, cells.cells, replace_by(cells.study.peaks.size(), 0)};
  write_knockout_table(path, cells.study, cells.surrogate, std::span(&type, 1), genes, maps,
                       bench.context);
}

/// Every peak masked, every gene, written as `grids knockout --all-genes` does.
void write_all_genes(const Bench& bench, const std::filesystem::path& path) {
  const SurrogateModel model = make_model(bench.cells, bench.context.pool);
  std::vector<int32_t> genes(static_cast<size_t>(model.shape().outputs));
  std::iota(genes.begin(), genes.end(), 0);
  const Study& study = bench.cells.study;
  write_knockout_h5ad(path, model, genes, {study.peaks.names, study.genes.names, {}},
                      bench.context);
}

}  // namespace

void time_knockout(const Bench& bench) {
  const auto folder = bench.cells.study_path.parent_path();
  int64_t touched = 0;
  for (const int32_t cell : bench.cells.cells) {
    touched += static_cast<int64_t>(bench.cells.study.open.row(cell).size());
  }
  const auto floor = [&](int64_t genes) {
    return static_cast<double>(touched) * tail_flops(bench.cells.file.shape, genes) /
           bench.machine.flops;
  };
  const auto peaks = bench.cells.study.peaks.size();
  const auto genes = bench.cells.study.genes.size();
  const auto table = folder / "knockout.tsv", matrix = folder / "knockout.h5ad";
  {
    const Stopwatch watch;
    write_one_gene(bench, table);
    bench.figures.add({"knockout_s", watch.seconds(), "s", floor(1),
                       fmt::format("each of {} peaks masked, one gene, {} cells, written", peaks,
                                   bench.cells.cells.size())},
                      watch);
  }
  {
    const Stopwatch watch;
    write_all_genes(bench, matrix);
    bench.figures.add({"knockout_all_s", watch.seconds(), "s", floor(genes),
                       fmt::format("the same for all {} genes", genes)},
                      watch);
  }
  std::filesystem::remove(table);
  std::filesystem::remove(matrix);  // 1.5 GB at full size
}

}  // namespace grids::core::bench
