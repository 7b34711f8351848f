/// One way in for every format in which a multiome experiment comes.
///
/// To add a format, write one file `format_NAME.cpp` (see formats.hpp) and its line in readers.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "io/raw_multiome.hpp"
#include "io/store.hpp"

namespace grids::core {

/// What the rows of a Matrix Market file are.
enum class RowsAre : uint8_t {
  kToTell,    ///< told by the numbers of names; where both fit, that is refused
  kFeatures,  ///< as Cell Ranger and Seurat write them
  kCells,
};

/// Where the two modalities lie. Either `path`, or `rna` and `atac`, or `rna` and `fragments`.
struct MultiomeInput {
  /// Both in one: `.h5mu`; 10x multiome `.h5`; `.h5ad` with var/feature_types; a Cell Ranger ARC
  /// folder of Matrix Market files, or the matrix in it, or the `outs/` around it. Of those in HDF5
  /// the `.gz`, too.
  std::filesystem::path path;

  /// One each, of the same format or not: any of the above, of which the genes or the peaks are
  /// taken, or a Matrix Market file (`.mtx`, `.mtx.gz`).
  std::filesystem::path rna;
  std::filesystem::path atac;

  /// Fragment files (io/fragments.hpp), each with what its barcodes have around them in the RNA:
  /// FILE, FILE:SUFFIX or FILE:BEFORE*AFTER. They are counted in `peaks`.
  std::vector<std::string> fragments;

  /// Beside Matrix Market files that do not lie with their names: barcodes and gene names, one per
  /// line (of two tab-separated columns the first is the gene's id, the second its name), and peaks
  /// as BED or as names, one per line. `atac_cells`: where the ATAC has barcodes of its own.
  std::filesystem::path cells;
  std::filesystem::path atac_cells;
  std::filesystem::path genes;
  std::filesystem::path peaks;

  /// RNA and ATAC are of different cells (`grids prepare --unpaired`): the cells of the RNA say
  /// nothing of those of the ATAC. Fragments then need `atac_cells`, and Matrix Market as well. No
  /// option of `describe`, as most commands take paired cells only.
  bool unpaired = false;

  RowsAre matrix_rows = RowsAre::kToTell;

  /// The matrix of an AnnData: "X", "raw/X" or the name of a layer. Empty: the first of
  /// `layers/counts`, X, raw/X and layers of other usual names that holds counts
  /// (io/anndata.hpp).
  std::string rna_layer;
  std::string atac_layer;

  /// Names under `mod/` of a `.h5mu`. Empty: rna or gex or "Gene Expression"; atac or peaks.
  std::string rna_modality;
  std::string atac_modality;

  void describe(OptionSet& set);

  /// Throws Error(kInput) that names every file that does not exist or is empty.
  void require_files() const;

  /// Every file that is read, for checksums; of a folder its three files.
  std::vector<std::filesystem::path> files() const;
};

/// Reads both modalities as the files hold them: cells and features in the files' order, nothing
/// matched. Genes of 10x files are named by symbol, with var column `gene_ids`; symbols may repeat.
/// Peaks (and genes) have var columns chrom, start, end where the file gives them. Throws
/// Error(kInput) for unknown formats, listing those that are understood, and for anything in a file
/// that cannot be used, naming file and place. Features of other types are left out and said.
PackedMultiome read_multiome(const MultiomeInput& input, const Context& context);

/// The same of a store that is no file: MuData or AnnData of both, laid out as in theirs. Of
/// `input` only layers and modalities count; `name` is what messages call the store.
PackedMultiome read_multiome(const store::Group& root, const std::string& name,
                             const MultiomeInput& input, const Context& context);

}  // namespace grids::core
