/// The stage `knockout` with its files, whole or as shards (portions.hpp).
///
/// A portion is a run of neighbouring peaks in the cells of one type, so that every peak is masked
/// once, whatever the genes. With a window only the genes are predicted that have one of the
/// portion's peaks near, which is what makes all genes of a study cheap.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "evaluate/knockout.hpp"
#include "io/output_folder.hpp"
#include "pipeline/portions.hpp"

namespace grids::core {

inline constexpr const char* kKnockoutCommand = "knockout";
/// The table of many genes.
inline constexpr const char* kPackedKnockout = "knockout.tsv.gz";

/// What is written.
enum class KnockoutForm : uint8_t {
  kTable,     ///< knockout.tsv: every peak of few genes
  kMatrices,  ///< knockout_TYPE.h5ad: every peak of many genes
  kNear,      ///< one table of the peaks near each gene, packed where the genes are many
};

/// What a run is asked.
struct AskedKnockout {
  KnockoutPlan plan;  ///< of all shards
  bool all_genes = false;
  int64_t window = 0;  ///< bp to either side of the TSS; 0: every peak
  Shard shard = {};
  std::string settings;      ///< what all depends on, besides types, genes and seed
  std::string split;         ///< --cells, for the notes of a matrix
  std::string perturbation;  ///< likewise

  KnockoutForm form() const;
  /// Names of the files of a whole run.
  std::vector<std::string> files() const;
};

/// Throws Error(kInput) where no gene has a peak in the window.
void require_near(const Study& study, const AskedKnockout& asked);

/// Masks this shard's peaks, and writes the files of a whole run; a shard leaves its portions
/// alone. What is done is kept. `surrogate`: asked for the genes. Throws Error(kInput) where files
/// stand in the way, and where no gene has a peak in the window.
std::vector<std::string> knockout_into(OutputFolder& out, const Study& study,
                                       const StudySurrogate& surrogate, const AskedKnockout& asked,
                                       const Context& context);

/// Writes the files of all portions; `options`: those of the shards. Their names.
std::vector<std::string> finish_knockout(OutputFolder& out, const Study& study,
                                         const PortionFiles& portions,
                                         const OptionSet::Values& options, const Context& context);

}  // namespace grids::core
