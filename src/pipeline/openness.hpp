/// How many open peaks ATAC misses, estimated apart from the fit that takes it: `cis
/// --estimate-openness` writes a small table, in shards as well, and `cis --latent-openness FOLDER`
/// reads it. A fit in shards so makes no fit twice (cis_portions.hpp).
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "cis/fit_cis.hpp"
#include "io/columns.hpp"
#include "io/manifest.hpp"
#include "io/output_folder.hpp"
#include "model/folded_surrogate.hpp"
#include "pipeline/portions.hpp"

namespace grids::core {

/// Among the options of a manifest: `true` where the folder is that of an estimate.
inline constexpr const char* kEstimateOpenness = "estimate-openness";

/// `openness.tsv`: the captures that were compared.
TableText describe_openness();

/// Whether a folder holds an estimate, or what is left of one.
bool is_openness_folder(const std::filesystem::path& folder);
/// The table of an estimate in a folder.
std::filesystem::path openness_table_in(const std::filesystem::path& folder);
/// The estimate with all its digits. Throws Error(kInput) for a table that is not there or cannot
/// be read.
CaptureEstimate read_openness(const std::filesystem::path& folder);
/// Throws Error(kInput) where the estimate is of another study or surrogate than `inputs`, which
/// begin with these.
void require_openness_of(const std::filesystem::path& folder, std::span<const FileRecord> inputs);

/// First fits of this shard's genes, a portion after the other. `options.genes` as `fit_cis` takes
/// them. `settings`: what a portion depends on besides seed and genes.
PortionFiles first_fits_of_shard(OutputFolder& out, const Study& study,
                                 const FoldedSurrogate& folded, const CisOptions& options,
                                 const Shard& shard, const std::string& settings,
                                 const Context& context);

/// Writes openness.tsv from the first fits of all portions; its name.
std::vector<std::string> finish_openness(OutputFolder& out, const Study& study,
                                         const FoldedSurrogate& folded,
                                         const PortionFiles& portions, const CisOptions& options,
                                         const Context& context);

}  // namespace grids::core
