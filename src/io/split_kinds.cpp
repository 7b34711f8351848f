// Genes and peaks out of one table of features.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "io/formats.hpp"

namespace grids::core {
namespace {

/// The columns of a matrix that are of each kind.
struct KindsOfFeatures {
  std::vector<int32_t> genes;
  std::vector<int32_t> peaks;
  std::vector<std::string> other_types;  ///< each once
  size_t others = 0;

  const std::vector<int32_t>& of(FeatureKind kind) const {
    return kind == FeatureKind::kGene ? genes : peaks;
  }
};

KindsOfFeatures tell_apart(const std::vector<std::string>& types) {
  KindsOfFeatures found;
  for (size_t i = 0; i < types.size(); ++i) {
    const auto kind = feature_kind(types[i]);
    if (kind == FeatureKind::kGene) found.genes.push_back(static_cast<int32_t>(i));
    if (kind == FeatureKind::kPeak) found.peaks.push_back(static_cast<int32_t>(i));
    if (kind != FeatureKind::kOther) continue;
    ++found.others;
    auto& other = found.other_types;
    if (std::find(other.begin(), other.end(), types[i]) == other.end()) other.push_back(types[i]);
  }
  return found;
}

/// Of a table of genes and peaks columns that are about the other kind are empty.
bool says_nothing(const FrameColumn& column) {
  if (column.is_text()) {
    return std::all_of(column.text().begin(), column.text().end(),
                       [](const std::string& text) { return text.empty(); });
  }
  return std::all_of(column.numbers().begin(), column.numbers().end(),
                     [](double number) { return std::isnan(number); });
}

Frame select_rows(const Frame& frame, const std::vector<int32_t>& rows) {
  const auto select = [&](const auto& all) {
    auto selected = all;
    selected.clear();
    for (const auto row : rows) selected.push_back(all[static_cast<size_t>(row)]);
    return selected;
  };
  Frame selected{select(frame.index), {}};
  for (const auto& column : frame.columns) {
    FrameColumn part{column.name, {}};
    std::visit([&](const auto& values) { part.values = select(values); }, column.values);
    if (!says_nothing(part)) selected.columns.push_back(std::move(part));
  }
  return selected;
}

PackedModality select_features(const PackedModality& mixed, const std::vector<int32_t>& columns,
                               const Context& context) {
  PackedModality part;
  part.source = mixed.source;
  part.why = mixed.why;
  part.obs = mixed.obs;
  part.obsm = mixed.obsm;
  part.var = select_rows(mixed.var, columns);
  part.values = select_columns(mixed.values, columns, &context.pool);
  return part;
}

void say_left_out(const PackedModality& mixed, size_t count, const std::vector<std::string>& types,
                  const Context& context) {
  if (count == 0) return;
  context.reporter.info(fmt::format("{}: left out {} features of type {}", mixed.source, count,
                                    fmt::join(types, ", ")));
}

}  // namespace

Frame var_of(const TenxFeatures& features) {
  Frame var;
  for (size_t i = 0; i < features.ids.size(); ++i) {
    const bool peak =
        !features.types.empty() && feature_kind(features.types[i]) == FeatureKind::kPeak;
    const bool by_id = peak || features.names[i].empty();
    var.index.push_back(by_id ? features.ids[i] : features.names[i]);
  }
  var.columns.push_back({"gene_ids", features.ids});
  const bool placed = std::any_of(features.intervals.begin(), features.intervals.end(),
                                  [](const auto& place) { return !place.chromosome.empty(); });
  if (placed) add_interval_columns(var, features.intervals);
  return var;
}

PackedMultiome split_by_type(PackedModality&& mixed, const std::vector<std::string>& types,
                             const Context& context) {
  const auto found = tell_apart(types);
  if (found.genes.empty() || found.peaks.empty()) {
    throw input_error(
        "reading {}: there are {} features of type 'Gene Expression' (or GEX, RNA) and {} of type "
        "'Peaks' (or ATAC){}{}; a multiome has both; for two files give --rna and --atac",
        mixed.source, found.genes.size(), found.peaks.size(),
        found.other_types.empty() ? "" : "; others are of type ",
        fmt::join(found.other_types, ", "));
  }
  say_left_out(mixed, found.others, found.other_types, context);
  PackedMultiome multiome;
  multiome.atac = select_features(mixed, found.peaks, context);
  multiome.rna = select_features(mixed, found.genes, context);
  mixed = PackedModality();
  return multiome;
}

PackedModality only_kind(PackedModality mixed, const std::vector<std::string>& types,
                         FeatureKind kind, const Context& context) {
  const bool genes = kind == FeatureKind::kGene;
  const auto found = tell_apart(types);
  const auto& wanted = found.of(kind);
  const auto& unwanted = found.of(genes ? FeatureKind::kPeak : FeatureKind::kGene);
  if (wanted.empty() && !unwanted.empty()) {
    throw input_error(
        "reading {}: it holds {} and no {}; are --rna and --atac the wrong way round?",
        mixed.source, genes ? "peaks" : "genes", genes ? "genes" : "peaks");
  }
  if (wanted.empty() || wanted.size() == types.size()) return mixed;
  auto left_out = found.other_types;
  if (!unwanted.empty()) {
    left_out.insert(left_out.begin(), types[static_cast<size_t>(unwanted.front())]);
  }
  say_left_out(mixed, types.size() - wanted.size(), left_out, context);
  return select_features(mixed, wanted, context);
}

}  // namespace grids::core
