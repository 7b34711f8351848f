#include "cli/commands.hpp"
#include "io/output_folder.hpp"
#include "pipeline/inputs.hpp"
#include "simulate/simulate.hpp"

namespace grids::core {
namespace {

struct SimulateCommand {
  std::string preset = "demo";
  SimulateOptions options = simulate_preset("demo");
  std::optional<int64_t> regulated;
  std::filesystem::path out;
  bool overwrite = false;

  void describe(OptionSet& set) {
    set.choice<std::string>(
        "--preset", preset,
        {{"tiny", "tiny"}, {"demo", "demo"}, {"paper", "paper"}, {"redundancy", "redundancy"}},
        "Sizes and noise; the options below have defaults of their own in each");
    set.then([this] { options = simulate_preset(preset); });
    set.value("-o,--out", out,
              "Folder for cells.h5mu, genes.bed, truth.tsv, truth_settings.tsv, cells.tsv, "
              "peaks.tsv, oracle.tsv",
              OptionSet::Need::kRequired);
    options.describe(set);
    set.value("--regulated-genes", regulated,
              "Genes with regulation of their own, kinds in the preset's proportions", at_least(0));
  }
};

void simulate_into(const SimulateCommand& arguments, const Context& context) {
  SimulateOptions options = arguments.options;
  if (arguments.regulated) set_regulated_genes(options, *arguments.regulated);
  OutputFolder out(arguments.out,
                   {"simulate", fmt::format("preset {}, seed {}", arguments.preset, context.seed)},
                   simulation_files(), arguments.overwrite);
  const SimulatedCells simulated = simulate(options, context);
  out.claim(simulation_files(), context);
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
            auto arguments = std::make_shared<SimulateCommand>();
            options.section("simulate");
            arguments->describe(options);
            options.section("");
            describe_overwrite(options, arguments->overwrite);
            return [arguments](const Context& context) { simulate_into(*arguments, context); };
          }};
}

}  // namespace grids::core
