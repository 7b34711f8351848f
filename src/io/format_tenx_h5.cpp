// 10x Genomics' feature-barcode matrix in HDF5, as Cell Ranger ARC writes it.
#include "io/anndata.hpp"
#include "io/compressed.hpp"
#include "io/formats.hpp"

namespace grids::core {
namespace {

bool recognises_tenx_h5(const MultiomeInput& input) {
  return !input.path.empty() && store::is_store(input.path) &&
         store::open(input.path).has_group("matrix");
}

void require_length(const store::Group& matrix, const std::string& name, size_t found,
                    int64_t expected) {
  if (static_cast<int64_t>(found) == expected) return;
  throw matrix.error(fmt::format("has {} entries, but the matrix has {}", found, expected), name);
}

RawMultiome from_tenx_h5(const MultiomeInput& input, const Context& context) {
  const auto root = store::open(input.path);
  const auto matrix = root.group("matrix");
  const auto shape = matrix.array("shape").read_whole<int64_t>();
  if (shape.size() != 2) {
    throw matrix.error(fmt::format("expected 2 numbers, found {}", shape.size()), "shape");
  }
  Frame obs{matrix.array("barcodes").read_text(), {}};
  require_length(matrix, "barcodes", obs.index.size(), shape[1]);
  MixedFeatures features;
  features.ids = matrix.array("features/id").read_text();
  features.names = matrix.array("features/name").read_text();
  features.types = matrix.array("features/feature_type").read_text();
  require_length(matrix, "features/id", features.ids.size(), shape[0]);
  require_length(matrix, "features/name", features.names.size(), shape[0]);
  require_length(matrix, "features/feature_type", features.types.size(), shape[0]);
  if (matrix.has("features/interval")) {
    const auto intervals = matrix.array("features/interval").read_text();
    require_length(matrix, "features/interval", intervals.size(), shape[0]);
    for (const auto& text : intervals) {
      features.intervals.push_back(parse_peak_name(text).value_or(Interval{}));
    }
  }
  // features × cells by columns is cells × features by rows.
  auto values = read_compressed(matrix, shape[1], shape[0]);
  drop_zeros(values);
  const auto source = fmt::format("{}: matrix", input.path.string());
  auto multiome = split_by_type(std::move(values), obs, features, source, context);
  require_counts_like(multiome.rna);
  require_counts_like(multiome.atac);
  return multiome;
}

}  // namespace

const Format kTenxH5Format = {
    "filtered_feature_bc_matrix.h5: 10x multiome (Cell Ranger ARC) in HDF5", recognises_tenx_h5,
    from_tenx_h5};

}  // namespace grids::core
