/// What a format of multiome files is to readers.cpp, and what the formats share.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "io/feature_kind.hpp"
#include "io/peak_name.hpp"
#include "io/raw_multiome.hpp"
#include "io/readers.hpp"
#include "io/store.hpp"

namespace grids::core {

/// A file or folder that was named, looked at once for all formats.
struct Opened {
  std::filesystem::path path;        ///< of a folder of Cell Ranger's: the matrix inside of it
  std::optional<store::Group> root;  ///< where it is a store
  /// Of an ATAC: the cells of the RNA that was read before it.
  std::span<const std::string> cells = {};
};

struct Format {
  std::string_view description;  ///< for people: what it is, and how it is given
  /// By content, not by file name; never throws for files of other formats.
  bool (*recognises)(const Opened& opened);
  /// Genes and peaks out of one file. Throws Error(kInput) where it holds one kind alone.
  PackedMultiome (*read)(const Opened& opened, const MultiomeInput& input, const Context& context);
  /// Genes or peaks, where --rna and --atac name files that may be of different formats. Features
  /// of the other kind are left out and said.
  PackedModality (*read_part)(const Opened& opened, FeatureKind kind, const MultiomeInput& input,
                              const Context& context);
};

extern const Format kMuDataFormat;
extern const Format kTenxH5Format;
extern const Format kMatrixFolderFormat;
extern const Format kAnnDataFormat;
extern const Format kMatrixMarketFormat;
extern const Format kFragmentsFormat;

/// Features of all kinds in one table, as Cell Ranger keeps them.
struct TenxFeatures {
  std::vector<std::string> ids;
  std::vector<std::string> names;
  std::vector<std::string> types;  ///< "Gene Expression", "Peaks", others; or empty altogether
  /// One per feature, empty chromosome where the file has none; or empty altogether.
  std::vector<Interval> intervals;
};

/// The var table of such features: genes are named by symbol, or by id where that is empty, peaks
/// by id; columns gene_ids and, where there are places, chrom, start and end.
Frame var_of(const TenxFeatures& features);

/// Splits cells × features by what `types` says each is. Throws Error(kInput) when genes or peaks
/// are missing.
PackedMultiome split_by_type(PackedModality&& mixed, const std::vector<std::string>& types,
                             const Context& context);

/// The features of one kind; all of them where `types` is empty or says neither kind of any.
/// Throws Error(kInput) when all that are told are of the other kind.
PackedModality only_kind(PackedModality mixed, const std::vector<std::string>& types,
                         FeatureKind kind, const Context& context);

/// The ATAC of --fragments, counted in --peaks or in the peaks that lie beside a single file.
PackedModality read_fragments(const MultiomeInput& input, std::span<const std::string> cells,
                              const Context& context);

/// Whether the file, plain or gzip, begins as Matrix Market files do.
bool is_matrix_market(const std::filesystem::path& path);

/// Reads features × cells, or cells × features, whichever fits the numbers of names, as cells ×
/// features. Throws Error(kInput) with the line number, also where both fit and `rows` does not say
/// which.
PackedRows read_matrix_market(const std::filesystem::path& path, int64_t cells, int64_t features,
                              RowsAre rows, const Context& context);

/// Its numbers of rows and columns.
std::vector<int64_t> sizes_of_matrix_market(const std::filesystem::path& path);

/// The matrix of a folder with the names beside it (io/matrix_files.hpp), of both kinds or one.
PackedMultiome read_matrix_folder(const std::filesystem::path& path, RowsAre rows,
                                  const Context& context);
PackedModality read_matrix_folder_part(const std::filesystem::path& path, FeatureKind kind,
                                       RowsAre rows, const Context& context);

}  // namespace grids::core
