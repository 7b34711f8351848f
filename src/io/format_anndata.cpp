// AnnData files: one that mixes genes and peaks (as scanpy reads 10x multiome), or one of each.
#include "io/anndata.hpp"
#include "io/formats.hpp"

namespace grids::core {
namespace {

bool recognises_anndata(const Opened& opened) {
  return opened.root && opened.root->has("obs") && opened.root->has("var");
}

std::vector<std::string> types_of(const Frame& var) {
  const auto* types = feature_types(var);
  return types == nullptr ? std::vector<std::string>() : types->text();
}

PackedMultiome from_one(const Opened& opened, const MultiomeInput& input, const Context& context) {
  auto mixed = read_anndata(*opened.root, input.rna_layer, FeatureKind::kGene, &context.pool);
  const auto types = types_of(mixed.var);
  if (types.empty()) {
    throw opened.root->error(
        "the column that tells genes ('Gene Expression', GEX, RNA) from peaks ('Peaks', ATAC) is "
        "missing; for two files give --rna and --atac",
        "var/feature_types");
  }
  return split_by_type(std::move(mixed), types, context);
}

PackedModality part_of_anndata(const Opened& opened, FeatureKind kind, const MultiomeInput& input,
                               const Context& context) {
  auto modality =
      read_anndata(*opened.root, kind == FeatureKind::kGene ? input.rna_layer : input.atac_layer,
                   kind, &context.pool);
  const auto types = types_of(modality.var);
  return only_kind(std::move(modality), types, kind, context);
}

}  // namespace

const Format kAnnDataFormat = {
    "FILE.h5ad or .zarr: AnnData with genes and peaks told apart by var/feature_types",
    recognises_anndata, from_one, part_of_anndata};

}  // namespace grids::core
