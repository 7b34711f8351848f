/// What a format of multiome files is to readers.cpp, and what the formats share.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.hpp"
#include "io/peak_name.hpp"
#include "io/raw_multiome.hpp"
#include "io/readers.hpp"

namespace grids::core {

struct Format {
  std::string_view description;  ///< for people: what it is, and how it is given
  /// By content, not by file name; never throws for files of other formats.
  bool (*recognises)(const MultiomeInput& input);
  RawMultiome (*read)(const MultiomeInput& input, const Context& context);
};

extern const Format kMuDataFormat;
extern const Format kTenxH5Format;
extern const Format kTenxFolderFormat;
extern const Format kAnnDataFormat;
extern const Format kAnnDataPairFormat;
extern const Format kMatrixMarketPairFormat;

/// Features of all types in one table, as Cell Ranger and scanpy keep them.
struct MixedFeatures {
  std::vector<std::string> ids;
  std::vector<std::string> names;
  std::vector<std::string> types;  ///< "Gene Expression", "Peaks", others
  /// One per feature, empty chromosome where the file has none; or empty altogether.
  std::vector<Interval> intervals;
};

/// Splits cells × features by type. Throws Error(kInput) when genes or peaks are missing.
RawMultiome split_by_type(CsrMatrix values, const Frame& obs, const MixedFeatures& features,
                          const std::string& source, const Context& context);

/// `matrix.mtx` in a folder may be `matrix.mtx.gz`; the path that exists, or empty.
std::filesystem::path plain_or_gz(const std::filesystem::path& folder, const std::string& name);

/// Whether the file, plain or gzip, begins as Matrix Market files do.
bool is_matrix_market(const std::filesystem::path& path);

/// Reads features × cells, or cells × features where only that fits the numbers of names, as cells
/// × features. Throws Error(kInput) with the line number.
CsrMatrix read_matrix_market(const std::filesystem::path& path, int64_t cells, int64_t features,
                             const Context& context);

/// Non-empty lines of a list.
std::vector<std::string> read_list(const std::filesystem::path& path);

}  // namespace grids::core
