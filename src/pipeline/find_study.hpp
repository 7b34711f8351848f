/// The study in which the sets of a results folder were found.
#pragma once

#include <filesystem>
#include <optional>

#include "base/context.hpp"
#include "pipeline/inputs.hpp"

namespace grids::core {

/// links.tsv of a folder of results, or the file itself. Throws Error(kInput) where there is none,
/// with the command that writes it.
std::filesystem::path links_of_results(const std::filesystem::path& results);

/// What manifest.json beside links.tsv says, checked by content. Throws Error(kInput) when it does
/// not say, or when the study is gone or another; the remedy is --study.
std::filesystem::path study_of_results(const std::filesystem::path& links);

/// The same of a results folder, or of a table that may be another tool's: nothing where no
/// manifest tells of sets that grids found there.
std::optional<std::filesystem::path> study_beside(const std::filesystem::path& results);

/// What the sets of a results folder were found with: study, surrogate, and whether its cis path
/// was used. Those that `given` names are taken for the recorded ones. Throws Error(kInput) where
/// neither is known, or what was recorded is gone or another by content.
StudyArguments inputs_of_results(const std::filesystem::path& results, const StudyArguments& given);

/// Warns where a study that was given is not the one that the manifest tells of.
void compare_with_manifest(const std::filesystem::path& links, const std::filesystem::path& study,
                           const Context& context);

}  // namespace grids::core
