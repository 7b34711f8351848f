/// Pairs of peak and gene beside fine-mapped variants, and peaks beside any places of a BED.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "io/peak_name.hpp"
#include "validate/pairs.hpp"
#include "validate/validation_row.hpp"

namespace grids::core {

/// Variants of each gene, by its symbol or id (without version).
using GeneVariants = std::map<std::string, std::vector<Interval>>;

/// Reads a table with a header: `chrom`; `start` from 0 (with `end`, if there is one) or `pos` from
/// 1; `gene` or `gene_id`; `pip`, the probability that the variant is the cause. Those below
/// `least_pip` are left out. Throws Error(kInput) that names file, line and column, and for a file
/// that no variant is left of.
GeneVariants read_variants(const std::filesystem::path& path, double least_pip);

/// The variants of a gene of the pairs, or null.
const std::vector<Interval>* variants_of(const GeneVariants& variants, const PairGene& gene);

/// `eqtl`: matched_pairs.hpp. A pair hits when a variant of its gene lies in the peak, or within
/// `slack` bp.
std::vector<ValidationRow> eqtl_rows(const Pairs& pairs, const std::filesystem::path& path,
                                     double least_pip, int64_t slack, const Context& context);

/// `bed`: likewise of peaks that overlap any place of a BED, whichever gene it is; intervals are
/// over stretches of 1 Mb.
std::vector<ValidationRow> bed_rows(const Pairs& pairs, const std::filesystem::path& path,
                                    int64_t slack, const Context& context);

}  // namespace grids::core
