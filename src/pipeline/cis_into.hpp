/// The stage `cis` with its files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/context.hpp"
#include "base/described.hpp"
#include "cis/fit_cis.hpp"
#include "model/folded_surrogate.hpp"
#include "model/surrogate_file.hpp"

namespace grids::core {

struct CisArguments {
  CisOptions options;
  std::string latent_openness = "auto";  ///< or off, a capture, or a folder (openness.hpp)

  void describe(OptionSet& set);
  /// `options` with what `latent_openness` says.
  CisOptions resolved() const;
  /// The estimate in the folder that `latent_openness` names; nothing where it names none. Throws
  /// what `read_openness` throws.
  std::optional<CaptureEstimate> known_capture() const;
};

/// Fits the cis path. Where `options.genes` names some and capture is to be estimated, that of the
/// file's own cis path is taken, if it has one.
CisFit fit_cis_on(const Study& study, const SurrogateFile& file, const FoldedSurrogate& folded,
                  const CisArguments& arguments, const Context& context);

/// The surrogate with a fit; tells what came out. `some`: genes were named. Throws Error(kInput)
/// where none of those could be fitted.
SurrogateFile with_cis_fit(const Study& study, SurrogateFile file, const CisFit& fit, bool some,
                           const Context& context);

/// Fits the cis path and writes the surrogate with it to `out`, and the table beside it. Where
/// `options.genes` names some and capture is to be estimated, that of the file's own cis path is
/// taken, if it has one. Throws Error(kInput) where none of the genes can be fitted.
void fit_cis_into(const std::filesystem::path& out, const Study& study, SurrogateFile file,
                  const FoldedSurrogate& folded, const CisArguments& arguments,
                  const Context& context);

/// The cis path of the file whose estimate of capture a fit takes: where `options` names genes and
/// is to estimate it. Nothing where there is none, or all genes are fitted.
std::optional<CisPath> kept_capture(const SurrogateFile& file, const CisOptions& options);

/// Tells an estimate; nothing of what was given.
void tell_capture(const CaptureEstimate& capture, const Context& context);

/// Tells from where a fit of some genes has its capture; null: from these genes alone.
void tell_capture_of_some(const CisPath* kept, const Context& context);

/// Writes the surrogate with a fit, and cis.tsv beside it, and tells what came out. `some`: genes
/// were named. Throws Error(kInput) where none of those could be fitted.
void write_cis_fit(const std::filesystem::path& out, const Study& study, SurrogateFile file,
                   const CisFit& fit, bool some, const Context& context);

/// cis.tsv in the folder of the surrogate.
std::filesystem::path cis_table_beside(const std::filesystem::path& surrogate);

}  // namespace grids::core
