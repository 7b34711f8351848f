/// MuData containers (`.h5mu`): AnnData groups under `mod/`, and what joins their cells.
///
/// Written as MuData 0.2 and later write: a 512-byte user block that begins with "MuData (", `axis`
/// 0 (cells are shared), `obsm`/`varm` with a boolean mask for each modality, `obsmap`/`varmap`
/// with its row numbers from 1 (0 = absent), `mod` with its order.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "io/anndata.hpp"
#include "io/feature_kind.hpp"
#include "io/raw_multiome.hpp"
#include "io/store.hpp"
#include "io/store_writer.hpp"

namespace grids::core {

/// The names under `mod/` of the two modalities: those asked for, or, where empty, the usual ones
/// (rna, gex, "Gene Expression"; atac, peaks, "Peaks"; in any case). Throws Error(kInput) listing
/// the modalities that there are.
struct ModalityNames {
  std::string rna;
  std::string atac;
};
ModalityNames find_modalities(const store::Group& root, const ModalityNames& asked = {});

/// The same for one of them: that of the genes or that of the peaks.
std::string find_modality(const store::Group& root, FeatureKind kind, const std::string& asked);

/// A modality to be written. The tables must outlive the call; `fill` adds X and layers.
struct ModalityToWrite {
  std::string name;
  const Frame& obs;
  const Frame& var;
  std::function<void(const store::GroupWriter& group)> fill;
};

/// Writes to a temporary name beside `path`, then renames. `obs` names all cells, each once, in an
/// order of its own; `finish` may add to the root (`uns` exists). Throws Error(kInput) when a
/// modality names a cell twice or one that `obs` does not name. The threads of `pool`, where one is
/// given, compress; the bytes are the same without.
void write_h5mu(const std::filesystem::path& path, const Frame& obs,
                std::span<const ModalityToWrite> modalities,
                const std::function<void(const store::GroupWriter& root)>& finish = {},
                ThreadPool* pool = nullptr);

/// Both modalities with their values in X, as `mod/rna` and `mod/atac`. Cells are those of
/// `multiome.obs`, or, when that is empty, those of RNA followed by those that only ATAC has.
void write_multiome(const std::filesystem::path& path, const RawMultiome& multiome);

}  // namespace grids::core
