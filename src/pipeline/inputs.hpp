/// What most commands begin with: a study, and the surrogate that was trained on it.
#pragma once

#include <filesystem>
#include <optional>

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

/// Throws as the other.
UnpairedAndSurrogate load_unpaired_and_surrogate(const StudyArguments& arguments,
                                                 const Context& context);

}  // namespace grids::core
