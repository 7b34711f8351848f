#include <algorithm>

#include "cli/commands.hpp"
#include "cli/recording_reporter.hpp"
#include "cli/stages.hpp"
#include "io/atomic_file.hpp"

namespace grids {
namespace {

struct Arguments {
  StudyArguments inputs;
  CisArguments stage;
  std::filesystem::path out;
};

void tell_capture(const CaptureEstimate& capture, const Context& context) {
  if (!capture.estimated) return;
  if (capture.capture == 1) {
    context.reporter.info(
        fmt::format("The expression of {} genes does not tell that ATAC misses open peaks: terms "
                    "were chosen by "
                    "observed openness",
                    capture.genes));
    return;
  }
  double gain = 0;
  for (const auto& point : capture.profile) gain = std::max(gain, point.gain);
  context.reporter.info(fmt::format(
      "ATAC observes about {:.0f} % of open peaks in a cell of median depth, says expression of {} "
      "genes (log likelihood {:+.1f} over all): terms were chosen by expected openness, and fitted "
      "to what is observed",
      100 * capture.capture, capture.genes, gain));
}

void tell(const CisFit& fit, const Context& context) {
  int64_t with_terms = 0, whole = 0, cis = 0;
  for (const auto& gene : fit.path.genes) {
    with_terms += std::any_of(gene.terms.begin(), gene.terms.end(),
                              [](const CisTerm& term) { return term.inclusion == 1; })
                      ? 1
                      : 0;
    whole += gene.whole.passed ? 1 : 0;
    cis += gene.cis.passed ? 1 : 0;
  }
  const auto genes = fit.path.genes.size();
  context.reporter.info(
      fmt::format("The cis path of {} genes: {} have terms beyond weak ones; in {} it predicts "
                  "held-out cells better than their "
                  "state does, and is used; {} are predicted better than by depth, type and donor",
                  genes, with_terms, cis, whole));
  tell_capture(fit.capture, context);
  if (cis == 0) {
    context.reporter.warning(
        "no gene is predicted better by the peaks around it than by the state of the cell: the "
        "surrogate stands alone, and single elements cannot be seen");
  }
  if (fit.path.response == CisResponse::kLogValues) {
    context.reporter.warning(
        "the RNA came without counts: the cis path is fitted to log values, with normal errors");
  }
}

}  // namespace

void CisArguments::describe(OptionSet& set) {
  options.describe(set);
  set.value(
      "--latent-openness", latent_openness,
      "Choose terms by how likely each closed peak is an open one that ATAC missed: off, auto "
      "(how many are missed is estimated), or the share of open peaks that ATAC observes in a "
      "cell of median depth, above 0 and at most 1");
  set.rule([this](Problems& problems) {
    try {
      capture_from(latent_openness);
    } catch (const Error& error) {
      problems.add("{}", error.what());
    }
  });
}

CisOptions CisArguments::resolved() const {
  CisOptions result = options;
  result.capture = capture_from(latent_openness);
  return result;
}

bool has_positions(const Study& study) {
  for (int64_t gene = 0; gene < study.genes.size(); ++gene) {
    if (study.genes.has_position(gene)) return true;
  }
  return false;
}

void fit_cis_into(const std::filesystem::path& out, const Study& study, SurrogateFile file,
                  const FoldedSurrogate& folded, const CisArguments& arguments,
                  const Context& context) {
  const auto latents = folded.atac_latents(context.pool, study.open);
  const CisFit fit = fit_cis(study, latents, arguments.resolved(), context);
  set_cis_path(file, &fit.path);
  write_surrogate(out, file);  // first: where the disk is full, the larger file fails
  write_table(cis_table_beside(out), cis_table(study, fit));
  tell(fit, context);
}

std::filesystem::path cis_table_beside(const std::filesystem::path& surrogate) {
  return surrogate.parent_path() / "cis.tsv";
}

Command cis_command() {
  return {
      "cis", "Fit the peaks around each gene, beside the surrogate",
      "  grids cis study.h5mu surrogate.safetensors -o surrogate-cis.safetensors\n\n"
      "For each gene with a position: few peaks, and pairs of peaks, whose openness explains the "
      "gene's\n"
      "counts beyond the state of the cell. Genes in which this predicts held-out cells better "
      "are then\n"
      "predicted by it in every command that is given the new file; cis.tsv beside it lists all.",
      [](OptionSet& options) -> CommandBody {
        auto arguments = std::make_shared<Arguments>();
        arguments->inputs.describe(options);
        options.section("cis");
        arguments->stage.describe(options);
        options.section("");
        options.value("-o,--out", arguments->out,
                      "The surrogate with its cis path; cis.tsv is written beside it",
                      OptionSet::Need::kRequired);
        return [arguments](const Context& context) {
          const auto table = cis_table_beside(arguments->out);
          if (arguments->out == table) throw usage_error("-o: cis.tsv is the name of the table");
          const std::filesystem::path read[] = {arguments->inputs.study,
                                                arguments->inputs.surrogate};
          // The surrogate itself may be replaced: all that it holds is kept.
          require_writable(arguments->out, std::span(read).first(1));
          require_writable(table, read);
          auto loaded = load(arguments->inputs);
          fit_cis_into(arguments->out, loaded.study, std::move(loaded.file), loaded.folded,
                       arguments->stage, context);
          context.reporter.info("The surrogate with its cis path: " + arguments->out.string());
        };
      }};
}

}  // namespace grids
