/// `cis` in shards (portions.hpp): what a portion of genes leaves, and the step that makes the
/// surrogate of all.
///
/// A gene's fit depends on no other gene but through q of the gates, which is made anew from their
/// p, and through the share of open peaks that ATAC misses where that is to be estimated
/// (--latent-openness auto): this is estimated from all genes, in every shard anew, unless it was
/// estimated before (openness.hpp).
#pragma once

#include <string>
#include <vector>

#include "base/context.hpp"
#include "io/output_folder.hpp"
#include "model/folded_surrogate.hpp"
#include "pipeline/cis_into.hpp"
#include "pipeline/portions.hpp"

namespace grids::core {

inline constexpr const char* kCisCommand = "cis";
/// What the shards of `cis` are merged into, beside cis.tsv.
inline constexpr const char* kMergedSurrogate = "surrogate-cis.safetensors";

/// Fewer than elsewhere: a gene of a large study takes minutes.
inline constexpr size_t kGenesOfPortion = 16;

/// Genes to fit (without any, all of the study), each once, as targets are cut into portions.
std::vector<ExplainTarget> genes_as_targets(const Study& study, std::vector<int32_t> genes);
/// Back to genes.
std::vector<int32_t> genes_of(const std::vector<ExplainTarget>& targets);

/// Among the options of a shard's manifest, where genes were named.
inline constexpr const char* kGenesNamed = "genes-named";

/// Fits this shard's genes, and writes cis.tsv of them, whose name is returned; nothing where it
/// has none. `arguments.options.genes` and `file` as `fit_cis_into` takes them. `settings`: what a
/// portion depends on besides seed and genes.
std::vector<std::string> fit_cis_shard(OutputFolder& out, const Study& study,
                                       const SurrogateFile& file, const FoldedSurrogate& folded,
                                       const CisArguments& arguments, const Shard& shard,
                                       const std::string& settings, const Context& context);

/// Writes the surrogate with the cis path of all portions into `file`, and cis.tsv; the names.
/// `some`: genes were named.
std::vector<std::string> finish_cis(OutputFolder& out, const Study& study,
                                    const PortionFiles& portions, SurrogateFile file,
                                    const CisArguments& arguments, bool some,
                                    const Context& context);

}  // namespace grids::core
