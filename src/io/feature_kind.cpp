#include "io/feature_kind.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace grids::core {
namespace {

/// "Gene_Expression" and "gene-expression" are "gene expression".
std::string spoken(std::string_view text) {
  auto words = lower_case(text);
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c == '_' || c == '-'; }, ' ');
  return words;
}

template <size_t kCount>
bool is_one_of(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool knows_both(const FrameColumn& column) {
  const auto holds = [&](FeatureKind kind) {
    return std::any_of(column.text().begin(), column.text().end(),
                       [&](const std::string& type) { return feature_kind(type) == kind; });
  };
  return holds(FeatureKind::kGene) && holds(FeatureKind::kPeak);
}

}  // namespace

FeatureKind feature_kind(std::string_view type) {
  constexpr std::array<std::string_view, 13> kGenes = {
      "gene expression", "geneexpression", "gex",           "rna",   "gene",
      "genes",           "expression",     "mrna",          "scrna", "snrna",
      "rna seq",         "transcripts",    "rna expression"};
  constexpr std::array<std::string_view, 14> kPeaks = {"peaks",
                                                       "peak",
                                                       "atac",
                                                       "chromatin accessibility",
                                                       "chromatinaccessibility",
                                                       "open chromatin",
                                                       "accessibility",
                                                       "chromatin",
                                                       "scatac",
                                                       "snatac",
                                                       "atac seq",
                                                       "atac peaks",
                                                       "region",
                                                       "regions"};
  const auto name = spoken(type);
  if (is_one_of(kGenes, name)) return FeatureKind::kGene;
  return is_one_of(kPeaks, name) ? FeatureKind::kPeak : FeatureKind::kOther;
}

const FrameColumn* feature_types(const Frame& var) {
  constexpr std::array<std::string_view, 6> kColumns = {"feature types", "feature type", "modality",
                                                        "modalities",    "featuretype",  "assay"};
  const FrameColumn* first = nullptr;
  for (const auto name : kColumns) {
    for (const auto& column : var.columns) {
      if (!column.is_text() || spoken(column.name) != name) continue;
      if (knows_both(column)) return &column;
      if (first == nullptr) first = &column;
    }
  }
  return first;
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

}  // namespace grids::core
