/// The stage `cis` with its files.
#pragma once

#include <filesystem>
#include <string>

#include "base/context.hpp"
#include "base/described.hpp"
#include "cis/fit_cis.hpp"
#include "model/folded_surrogate.hpp"
#include "model/surrogate_file.hpp"

namespace grids::core {

struct CisArguments {
  CisOptions options;
  std::string latent_openness = "auto";  ///< or off, or a capture

  void describe(OptionSet& set);
  /// `options` with what `latent_openness` says.
  CisOptions resolved() const;
};

/// Fits the cis path and writes the surrogate with it to `out`, and the table beside it. Where
/// `options.genes` names some and capture is to be estimated, that of the file's own cis path is
/// taken, if it has one. Throws Error(kInput) where none of the genes can be fitted.
void fit_cis_into(const std::filesystem::path& out, const Study& study, SurrogateFile file,
                  const FoldedSurrogate& folded, const CisArguments& arguments,
                  const Context& context);

/// cis.tsv in the folder of the surrogate.
std::filesystem::path cis_table_beside(const std::filesystem::path& surrogate);

}  // namespace grids::core
