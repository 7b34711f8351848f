#include "pipeline/cis_into.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/at.hpp"
#include "base/error.hpp"
#include "pipeline/openness.hpp"

namespace grids::core {
namespace {

/// What a surrogate whose cis path was fitted before tells of capture; nothing where it tells none.
std::optional<CisPath> path_with_capture(const SurrogateFile& file) {
  auto path = cis_path_of(file);
  if (path && path->capture == 0) path.reset();
  return path;
}

void tell_genes_of_some(const Study& study, const CisFit& fit, const Context& context) {
  context.reporter.info(
      "Only these genes were fitted: all others are predicted by the surrogate alone, and q-values "
      "are over these");
  if (fit.skipped.empty()) return;
  std::vector<std::string> names;
  names.reserve(fit.skipped.size());
  for (const int32_t gene : fit.skipped) names.push_back(study.genes.names[at(gene)]);
  context.reporter.warning(
      fmt::format("not fitted, having no position, no peaks in the window or no counts: {}",
                  fmt::join(names, ", ")));
}

bool has_chosen_terms(const CisGene& gene) {
  return std::any_of(gene.terms.begin(), gene.terms.end(),
                     [](const CisTerm& term) { return term.inclusion == 1; });
}

void tell_fit(const CisFit& fit, const Context& context) {
  int64_t chosen = 0, weak = 0, whole = 0, cis = 0;
  for (const auto& gene : fit.path.genes) {
    const bool has_chosen = has_chosen_terms(gene);
    chosen += has_chosen ? 1 : 0;
    weak += !has_chosen && !gene.terms.empty() ? 1 : 0;
    whole += gene.whole.passed ? 1 : 0;
    cis += gene.cis.passed ? 1 : 0;
  }
  context.reporter.info(fmt::format(
      "The cis path of {} genes: {} have terms, {} more have weak ones alone. It is used for {}, "
      "whose held-out cells it predicts better than the state of the cell does; {} genes are "
      "predicted better than by depth, type, donor and batch",
      fit.path.genes.size(), chosen, weak, cis, whole));
  tell_capture(fit.capture, context);
  if (cis == 0) {
    context.reporter.warning(
        "no gene is predicted better by the peaks around it than by the state of the cell: the "
        "surrogate stands alone, and single elements cannot be seen; genes that you ask explain "
        "for "
        "are searched on their terms all the same, and called unconfirmed");
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
      "(how many are missed is estimated), the share of open peaks that ATAC observes in a cell "
      "of median depth, above 0 and at most 1, or a folder that cis --estimate-openness wrote");
  set.rule([this](Problems& problems) {
    if (is_openness_folder(latent_openness)) return;
    try {
      capture_from(latent_openness);
    } catch (const Error& error) {
      problems.add("{}", error.what());
    }
  });
}

CisOptions CisArguments::resolved() const {
  CisOptions result = options;
  const auto known = known_capture();
  result.capture = known ? known->capture : capture_from(latent_openness);
  return result;
}

std::optional<CaptureEstimate> CisArguments::known_capture() const {
  if (!is_openness_folder(latent_openness)) return std::nullopt;
  return read_openness(latent_openness);
}

void tell_capture(const CaptureEstimate& capture, const Context& context) {
  if (!capture.estimated) return;
  if (capture.capture == 1) {
    context.reporter.info(fmt::format(
        "The expression of {} genes does not suggest that ATAC misses open peaks: terms "
        "were chosen by observed openness",
        capture.genes));
    return;
  }
  double gain = 0;
  for (const auto& point : capture.profile) gain = std::max(gain, point.gain);
  context.reporter.info(fmt::format(
      "ATAC observes about {:.0f} % of open peaks in a cell of median depth, judging by the "
      "expression of {} genes (log likelihood {:+.1f} over all): terms were chosen by expected "
      "openness, and fitted to what is observed",
      100 * capture.capture, capture.genes, gain));
}

void tell_capture_of_some(const CisPath* kept, const Context& context) {
  if (kept != nullptr) {
    context.reporter.info(fmt::format(
        "Capture {} is that of the surrogate's cis path, as a fit of all genes estimated it",
        kept->capture));
  } else {
    context.reporter.warning(
        "how many open peaks ATAC misses is estimated from these genes alone, so their terms may "
        "differ from those of a fit of all genes; give the surrogate of such a fit, whose estimate "
        "is kept, or --latent-openness");
  }
}

/// A fit of some genes takes capture from the one before it, so that what it says of a gene is what
/// a fit of all would.
std::optional<CisPath> kept_capture(const SurrogateFile& file, const CisOptions& options) {
  if (options.genes.empty() || options.capture != 0) return std::nullopt;
  return path_with_capture(file);
}

namespace {

void require_fitted(const CisFit& fit, bool some) {
  if (!some || !fit.path.genes.empty()) return;
  throw input_error(
      "cis: none of the genes has a position, peaks in its window and counts in training cells; "
      "name others");
}

}  // namespace

void write_cis_fit(const std::filesystem::path& out, const Study& study, SurrogateFile file,
                   const CisFit& fit, bool some, const Context& context) {
  require_fitted(fit, some);
  set_cis_path(file, &fit.path);
  write_surrogate(out, file);  // first: where the disk is full, the larger file fails
  write_table(cis_table_beside(out), cis_table(study, fit));
  tell_fit(fit, context);
  if (some) tell_genes_of_some(study, fit, context);
}

CisFit fit_cis_on(const Study& study, const SurrogateFile& file, const FoldedSurrogate& folded,
                  const CisArguments& arguments, const Context& context) {
  const auto latents = folded.atac_latents(context.pool, study.open);
  auto options = arguments.resolved();
  const bool some = !options.genes.empty();
  const auto kept = kept_capture(file, options);
  if (some && options.capture == 0) tell_capture_of_some(kept ? &*kept : nullptr, context);
  if (kept) options.capture = kept->capture;
  CisFit fit = fit_cis(study, latents, options, context);
  if (const auto known = arguments.known_capture()) {
    fit.capture = *known;
    note_capture(fit.path, fit.capture);
  }
  if (kept) {
    fit.path.capture = kept->capture;
    fit.path.capture_profile = kept->capture_profile;
  }
  return fit;
}

SurrogateFile with_cis_fit(const Study& study, SurrogateFile file, const CisFit& fit, bool some,
                           const Context& context) {
  require_fitted(fit, some);
  set_cis_path(file, &fit.path);
  tell_fit(fit, context);
  if (some) tell_genes_of_some(study, fit, context);
  return file;
}

void fit_cis_into(const std::filesystem::path& out, const Study& study, SurrogateFile file,
                  const FoldedSurrogate& folded, const CisArguments& arguments,
                  const Context& context) {
  const CisFit fit = fit_cis_on(study, file, folded, arguments, context);
  write_cis_fit(out, study, std::move(file), fit, !arguments.options.genes.empty(), context);
}

std::filesystem::path cis_table_beside(const std::filesystem::path& surrogate) {
  return surrogate.parent_path() / "cis.tsv";
}

}  // namespace grids::core
