/// Matrix Market matrices that lie beside their names, as Cell Ranger, STARsolo and GEO have them.
#pragma once

#include <filesystem>

namespace grids::core {

/// A matrix and the names of its cells and features. GEO puts a sample's name before each:
/// GSM123_S1_matrix.mtx.gz, GSM123_S1_barcodes.tsv.gz, ….
struct MatrixFiles {
  std::filesystem::path matrix;    ///< PREFIXmatrix.mtx or PREFIXcounts.mtx
  std::filesystem::path barcodes;  ///< PREFIXbarcodes.tsv
  std::filesystem::path features;  ///< PREFIXfeatures.tsv, genes.tsv, peaks.bed or peaks.tsv
};

/// Whether a folder holds a matrix.
bool holds_matrix(const std::filesystem::path& folder);

/// The files (each plain or .gz) of a folder, or of the sample whose matrix `path` is. Throws
/// Error(kInput) naming those that are missing, and the samples where the folder holds several.
MatrixFiles matrix_files(const std::filesystem::path& path);

/// The matrix that is meant where a folder of results of Cell Ranger is named (`outs`, or the one
/// that holds it): its filtered matrix, in HDF5 if there is one. Any other path as it is.
std::filesystem::path inside_results(const std::filesystem::path& path);

}  // namespace grids::core
