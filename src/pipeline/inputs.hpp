/// What most commands begin with: a study, and the surrogate that was trained on it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/described.hpp"
#include "model/study_surrogate.hpp"
#include "model/surrogate_file.hpp"
#include "study/study.hpp"
#include "study/unpaired_study.hpp"

namespace grids::core {

/// Whether the cis path is used where there is one.
enum class SurrogateKind : uint8_t { kCis, kPublished };

/// --surrogate.
void describe_surrogate(OptionSet& set, SurrogateKind& kind);

struct StudyArguments {
  std::filesystem::path study;
  std::filesystem::path surrogate;
  SurrogateKind kind = SurrogateKind::kCis;

  void describe(OptionSet& set);
  /// "study study.h5mu; surrogate surrogate.safetensors", as seen from a folder: a part of what an
  /// author was asked (io/written_files.hpp).
  std::string words(const std::filesystem::path& folder) const;
};

/// Of a surrogate's file, once it is folded.
enum class RawTensors : bool {
  kDropped = false,
  kKept = true,  ///< for who writes the file anew
};

struct StudyAndSurrogate {
  Study study;
  SurrogateFile file;  ///< its tensors where they are kept
  FoldedSurrogate folded;
  std::optional<CisPath> cis;  ///< where the file has one, and it is to be used

  StudySurrogate surrogate() const { return {folded, cis ? &*cis : nullptr}; }
};

/// "targets targets.tsv 0a1b2c3d": likewise, of a table; with other contents it asks another thing.
std::string targets_words(const std::filesystem::path& folder, const std::filesystem::path& table);

/// Throws Error(kInput) when either cannot be read or they do not belong to each other.
StudyAndSurrogate load_study_and_surrogate(const StudyArguments& arguments, const Context& context,
                                           RawTensors tensors = RawTensors::kDropped);

/// A study of cells that were not measured together. What the surrogate's file has of a cis path is
/// not used: it would have to be fitted to cells that have both.
struct UnpairedAndSurrogate {
  UnpairedStudy study;
  FoldedSurrogate folded;
};

/// Whether a file is a study of cells that were not measured together; not so where it cannot be
/// read, of which whoever reads it tells.
bool gives_unpaired_cells(const std::filesystem::path& study);

/// Cells with chromatin (study/chromatin.hpp) and a surrogate, whether their RNA was measured too
/// or that of other cells; then types that one half lacks are those that the surrogate transfers,
/// and a cis path is not used: the user is told of both. Throws as the other.
StudyAndSurrogate load_chromatin_and_surrogate(const StudyArguments& arguments,
                                               const Context& context);

/// The same without a surrogate, for what asks for peaks, genes and names alone: cells with
/// chromatin have no types where only those with RNA have labels.
Study read_chromatin(const std::filesystem::path& study, const Context& context);

/// Before any work: throws Error(kInput) that says what cannot be done with cells that were not
/// measured together, and what to do instead. "grids cis", "name genes with --gene".
void require_pairs(const std::filesystem::path& study, std::string_view what,
                   std::string_view instead);

/// Throws as the other.
UnpairedAndSurrogate load_unpaired_and_surrogate(const StudyArguments& arguments,
                                                 const Context& context);

}  // namespace grids::core
