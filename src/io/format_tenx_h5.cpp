// 10x Genomics' feature-barcode matrix in HDF5, as Cell Ranger ARC writes it, and as those of RNA
// or ATAC alone do; Cell Ranger 2 named the group after the genome, and CellBender kept its names.
#include "io/anndata.hpp"
#include "io/compressed.hpp"
#include "io/formats.hpp"

namespace grids::core {
namespace {

/// The group that holds the matrix: `matrix`, or the only one of a genome; empty where there is
/// none.
std::string group_of_matrix(const store::Group& root) {
  if (root.has_group("matrix")) return "matrix";
  const auto names = root.names();
  if (names.size() != 1 || !root.has_group(names.front())) return {};
  const auto group = root.group(names.front());
  const bool holds = group.has_array("barcodes") && group.has_array("genes") &&
                     group.has_array("indptr") && group.has_array("shape");
  return holds ? names.front() : std::string();
}

bool recognises_tenx_h5(const Opened& opened) {
  return opened.root && !group_of_matrix(*opened.root).empty();
}

void require_length(const store::Group& matrix, const std::string& name, size_t found,
                    int64_t expected) {
  if (static_cast<int64_t>(found) == expected) return;
  throw matrix.error(
      fmt::format("has {} entries, but the matrix has {}; give the file as Cell Ranger wrote it",
                  found, expected),
      name);
}

/// Names of features: as many as the matrix has rows.
std::vector<std::string> read_feature_texts(const store::Group& matrix, const std::string& name,
                                            int64_t expected) {
  auto names = matrix.array(name).read_text();
  require_length(matrix, name, names.size(), expected);
  return names;
}

TenxFeatures read_features_of(const store::Group& matrix, int64_t expected) {
  TenxFeatures features;
  if (!matrix.has_group("features") && matrix.has("genes") && matrix.has("gene_names")) {
    features.ids = read_feature_texts(matrix, "genes", expected);
    features.names = read_feature_texts(matrix, "gene_names", expected);
    return features;
  }
  if (!matrix.has_group("features")) {
    throw matrix.error(
        "the names of the features are missing (10x has features/id, features/name and "
        "features/feature_type there); give the matrix that Cell Ranger wrote, or write genes and "
        "peaks as .h5ad and give them by --rna and --atac",
        "features");
  }
  features.ids = read_feature_texts(matrix, "features/id", expected);
  features.names = read_feature_texts(matrix, "features/name", expected);
  features.types = read_feature_texts(matrix, "features/feature_type", expected);
  if (!matrix.has("features/interval")) return features;
  for (const auto& text : read_feature_texts(matrix, "features/interval", expected)) {
    features.intervals.push_back(parse_peak_name(text).value_or(Interval{}));
  }
  return features;
}

struct TenxMatrix {
  PackedModality all;
  std::vector<std::string> types;  ///< empty where the file has none
};

TenxMatrix read_all(const Opened& opened, const Context& context) {
  const auto name = group_of_matrix(*opened.root);
  const auto group = opened.root->group(name);
  const auto shape = group.array("shape").read_whole<int64_t>();
  if (shape.size() != 2) {
    throw group.error(fmt::format("expected 2 numbers, found {}", shape.size()), "shape");
  }
  TenxMatrix matrix;
  auto features = read_features_of(group, shape[0]);
  matrix.all.source = fmt::format("{}: {}", opened.path.string(), name);
  matrix.all.obs = {group.array("barcodes").read_text(), {}};
  require_length(group, "barcodes", matrix.all.obs.index.size(), shape[1]);
  // features × cells by columns is cells × features by rows.
  matrix.all.values = read_compressed_packed(group, shape[1], shape[0], &context.pool);
  matrix.all.var = var_of(features);
  matrix.types = std::move(features.types);
  require_counts_like(matrix.all);
  return matrix;
}

PackedMultiome read_tenx_h5(const Opened& opened, const MultiomeInput&, const Context& context) {
  auto matrix = read_all(opened, context);
  if (matrix.types.empty()) {
    throw opened.root->error(
        "features have no types, as Cell Ranger 2 and CellBender before 0.3 wrote them, so that "
        "genes and peaks cannot be told apart; give it by --rna if it holds genes, and the peaks "
        "by --atac",
        group_of_matrix(*opened.root));
  }
  return split_by_type(std::move(matrix.all), matrix.types, context);
}

PackedModality read_part_of_tenx_h5(const Opened& opened, FeatureKind kind, const MultiomeInput&,
                                    const Context& context) {
  auto matrix = read_all(opened, context);
  return only_kind(std::move(matrix.all), matrix.types, kind, context);
}

}  // namespace

const Format kTenxH5Format = {
    "filtered_feature_bc_matrix.h5: 10x multiome (Cell Ranger ARC) in HDF5", recognises_tenx_h5,
    read_tenx_h5, read_part_of_tenx_h5};

}  // namespace grids::core
