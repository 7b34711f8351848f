/// Lines of R and Python that write what grids reads out of files that it does not.
#pragma once

#include <filesystem>
#include <string>

namespace grids::core {

/// A Seurat object or a matrix that R saved: Matrix Market and lists. R with Matrix.
std::string lines_for_rds(const std::filesystem::path& path, bool saved_by_name);
/// An Arrow file of ArchR, by the project that it belongs to.
std::string lines_for_arrow();
/// h5Seurat, with h5py and anndata: an .h5ad for each assay.
std::string lines_for_h5seurat(const std::filesystem::path& path);
/// loom, with h5py and anndata.
std::string lines_for_loom(const std::filesystem::path& path);
/// A table of counts in text, with pandas and anndata.
std::string lines_for_text(const std::filesystem::path& path);

}  // namespace grids::core
