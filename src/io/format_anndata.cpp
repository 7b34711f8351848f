// AnnData files: one that mixes genes and peaks (as scanpy reads 10x multiome), or a pair.
#include "io/anndata.hpp"
#include "io/formats.hpp"

namespace grids::core {
namespace {

bool is_anndata(const std::filesystem::path& path) {
  if (path.empty() || !store::is_store(path)) return false;
  const auto root = store::open(path);
  return root.has("obs") && root.has("var");
}

bool recognises_one(const MultiomeInput& input) {
  return is_anndata(input.path);
}

bool recognises_pair(const MultiomeInput& input) {
  return is_anndata(input.rna) && is_anndata(input.atac);
}

RawMultiome read_one(const MultiomeInput& input, const Context& context) {
  const auto root = store::open(input.path);
  const auto mixed = read_anndata(root, input.rna_layer);
  const auto* types = mixed.var.find("feature_types");
  if (types == nullptr || !types->is_text()) {
    throw root.error(
        "the column that tells genes ('Gene Expression') from peaks ('Peaks') is missing; for two "
        "files give --rna and --atac",
        "var/feature_types");
  }
  MixedFeatures features;
  features.names = mixed.var.index;
  const auto* ids = mixed.var.find("gene_ids");
  features.ids = ids != nullptr && ids->is_text() ? ids->text() : mixed.var.index;
  features.types = types->text();
  const auto* intervals = mixed.var.find("interval");
  if (intervals != nullptr && intervals->is_text()) {
    for (const auto& text : intervals->text()) {
      features.intervals.push_back(parse_peak_name(text).value_or(Interval{}));
    }
  }
  auto multiome = split_by_type(mixed.values, mixed.obs, features, mixed.source, context);
  multiome.rna.obsm = multiome.atac.obsm = mixed.obsm;  // of both
  return multiome;
}

RawModality read_file(const std::filesystem::path& path, const std::string& layer) {
  return read_anndata(store::open(path), layer);
}

RawMultiome read_pair(const MultiomeInput& input, const Context&) {
  return {read_file(input.rna, input.rna_layer), read_file(input.atac, input.atac_layer), {}};
}

}  // namespace

const Format kAnnDataFormat = {
    "FILE.h5ad: AnnData with genes and peaks told apart by var/feature_types", recognises_one,
    read_one};
const Format kAnnDataPairFormat = {"--rna RNA.h5ad --atac ATAC.h5ad: AnnData, one file each",
                                   recognises_pair, read_pair};

}  // namespace grids::core
