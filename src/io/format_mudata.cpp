#include "io/formats.hpp"
#include "io/mudata.hpp"

namespace grids::core {
namespace {

bool recognises_mudata(const MultiomeInput& input) {
  return !input.path.empty() && store::is_store(input.path) &&
         store::open(input.path).has_group("mod");
}

RawMultiome from_mudata(const MultiomeInput& input, const Context&) {
  const auto root = store::open(input.path);
  const auto names = find_modalities(root, {input.rna_modality, input.atac_modality});
  RawMultiome multiome;
  multiome.rna = read_anndata(root.group("mod/" + names.rna), input.rna_layer);
  multiome.atac = read_anndata(root.group("mod/" + names.atac), input.atac_layer);
  if (root.has("obs")) {
    multiome.obs = read_frame(root, "obs");
    multiome.obsm = read_embeddings(root, multiome.obs.rows());
  }
  return multiome;
}

}  // namespace

const Format kMuDataFormat = {"FILE.h5mu: MuData with a modality for RNA and one for ATAC",
                              recognises_mudata, from_mudata};

}  // namespace grids::core
