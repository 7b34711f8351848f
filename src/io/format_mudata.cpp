#include "io/formats.hpp"
#include "io/mudata.hpp"

namespace grids::core {
namespace {

bool recognises_mudata(const Opened& opened) {
  return opened.root && opened.root->has_group("mod");
}

PackedMultiome from_mudata(const Opened& opened, const MultiomeInput& input,
                           const Context& context) {
  const auto& root = *opened.root;
  const auto names = find_modalities(root, {input.rna_modality, input.atac_modality});
  PackedMultiome multiome;
  multiome.rna = read_anndata(root.group("mod/" + names.rna), input.rna_layer, FeatureKind::kGene,
                              &context.pool);
  multiome.atac = read_anndata(root.group("mod/" + names.atac), input.atac_layer,
                               FeatureKind::kPeak, &context.pool);
  if (root.has("obs")) {
    multiome.obs = read_frame(root, "obs");
    multiome.obsm = read_embeddings(root, multiome.obs.rows());
  }
  return multiome;
}

PackedModality part_of_mudata(const Opened& opened, FeatureKind kind, const MultiomeInput& input,
                              const Context& context) {
  const auto name = find_modality(
      *opened.root, kind, kind == FeatureKind::kGene ? input.rna_modality : input.atac_modality);
  return read_anndata(opened.root->group("mod/" + name),
                      kind == FeatureKind::kGene ? input.rna_layer : input.atac_layer, kind,
                      &context.pool);
}

}  // namespace

const Format kMuDataFormat = {"FILE.h5mu or .zarr: MuData with a modality for RNA and one for ATAC",
                              recognises_mudata, from_mudata, part_of_mudata};

}  // namespace grids::core
