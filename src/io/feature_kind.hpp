/// What a feature of a table of genes and peaks is, by any of the words that files use for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/raw_multiome.hpp"

namespace grids::core {

enum class FeatureKind : uint8_t { kGene, kPeak, kOther };

/// In any case and with any of " ", "_" and "-" between words: Gene Expression, GEX, RNA, …; Peaks,
/// ATAC, Chromatin accessibility, ….
FeatureKind feature_kind(std::string_view type);

/// The column of a table that says what each feature is: feature_types, feature_type, modality, …,
/// in any case; the first that knows genes and peaks, else the first. Null where there is none.
const FrameColumn* feature_types(const Frame& var);

/// Small letters, for names that people spell in either case (ASCII).
std::string lower_case(std::string_view text);

}  // namespace grids::core
