/// What a file or folder is that no format recognises, and how to come from it to one that does.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "io/store.hpp"

namespace grids::core {

/// "it is an R object (.rds); …" with what to do, where it matters as lines of R or Python, which
/// stand apart, indented; empty where nothing is known of such content. By magic bytes, the groups
/// of an HDF5 file, or what lies in a folder; never throws. `root`: the file's, where it is a
/// store.
std::string what_it_is(const std::filesystem::path& path, const std::optional<store::Group>& root);

/// The same for an AnnData that holds fragments and no matrix, as SnapATAC2 writes them; empty for
/// others.
std::string fragments_without_matrix(const store::Group& anndata);

}  // namespace grids::core
