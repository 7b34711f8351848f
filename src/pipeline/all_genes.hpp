/// Genome-wide: every gene whose elements can be searched.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "explain/targets.hpp"
#include "model/study_surrogate.hpp"

namespace grids::core {

/// Every gene that has terms of the cis path, in each of the types (find_types; none: the cells of
/// all together), gene by gene, so that what is computed of a gene serves all of its types. Throws
/// Error(kInput) for types and set sizes that the study does not have, and where no gene has terms,
/// which names `surrogate_file`.
std::vector<ExplainTarget> all_gene_targets(const Study& study, const StudySurrogate& surrogate,
                                            const std::vector<std::string>& types, int64_t set_size,
                                            const std::filesystem::path& surrogate_file);

}  // namespace grids::core
