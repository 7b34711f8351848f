#include "data/simulate.hpp"

#include "cli/commands.hpp"
#include "cli/inputs.hpp"

namespace grids {
namespace {

struct Arguments {
  std::string preset = "demo";
  std::filesystem::path out;
  std::optional<int64_t> cells, peaks, genes, types, donors, regulated;
  std::optional<double> capture;
};

SimulateOptions options_of(const Arguments& arguments) {
  SimulateOptions options = simulate_preset(arguments.preset);
  const auto set = [](auto& field, const auto& given) {
    if (given) field = static_cast<std::remove_reference_t<decltype(field)>>(*given);
  };
  set(options.cells, arguments.cells);
  set(options.peaks, arguments.peaks);
  set(options.genes, arguments.genes);
  set(options.types, arguments.types);
  set(options.donors, arguments.donors);
  set(options.capture, arguments.capture);
  options.validate();
  if (arguments.regulated) set_regulated_genes(options, *arguments.regulated);
  return options;
}

void simulate_into(const Arguments& arguments, const Context& context) {
  const SimulateOptions options = options_of(arguments);
  require_folder(arguments.out);
  const SimulatedCells simulated = simulate(options, context);
  write_simulation(arguments.out, simulated);
  context.reporter.info(fmt::format(
      "{} cells × {} peaks × {} genes in {}; with its own noise the true function reaches "
      "a mean within-type r of {:.2f} over regulated genes",
      simulated.data.rna.values.rows(), simulated.data.atac.values.columns(),
      simulated.data.rna.values.columns(), arguments.out.string(),
      mean_regulated_ceiling(simulated)));
}

}  // namespace

Command simulate_command() {
  return {"simulate", "Make cells with planted regulation, and the truth",
          "  grids simulate --preset demo --seed 1 -o cells/",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<Arguments>();
            options.value("--preset", arguments->preset, "tiny, demo or paper: sizes and noise");
            options.value(
                "-o,--out", arguments->out,
                "Folder for cells.h5mu, genes.bed, truth.tsv, cells.tsv, peaks.tsv, oracle.tsv",
                OptionSet::Need::kRequired);
            options.value("--cells", arguments->cells, "Cells, instead of the preset's");
            options.value("--peaks", arguments->peaks, "Peaks, instead of the preset's");
            options.value("--n-genes", arguments->genes, "Genes, instead of the preset's");
            options.value("--regulated-genes", arguments->regulated,
                          "Genes with regulation of their own, kinds in the preset's proportions");
            options.value("--types", arguments->types, "Cell types, instead of the preset's");
            options.value("--donors", arguments->donors, "Donors, instead of the preset's");
            options.value("--capture", arguments->capture,
                          "Chance that ATAC sees an open peak in a cell of median depth");
            return [arguments](const Context& context) { simulate_into(*arguments, context); };
          }};
}

}  // namespace grids
