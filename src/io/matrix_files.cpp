#include "io/matrix_files.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

/// "GSM1_matrix.mtx.gz" and "GSM1_matrix.mtx" are the matrix of "GSM1_"; "GSM1_rna.mtx" that of
/// "GSM1_rna". Nothing for files of other names.
std::optional<std::string> sample_of(std::string name) {
  for (const std::string_view ending : {".gz", ".mtx"}) {
    if (name.ends_with(ending)) {
      name.resize(name.size() - ending.size());
    } else if (ending == ".mtx") {
      return std::nullopt;
    }
  }
  for (const std::string_view what : {"matrix", "counts"}) {
    if (name.ends_with(what)) name.resize(name.size() - what.size());
  }
  return name;
}

struct Matrix {
  std::string sample;
  fs::path path;
};

/// In the order of their names.
std::vector<Matrix> matrices_in(const fs::path& folder) {
  std::vector<Matrix> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code ignored;
    if (!entry->is_regular_file(ignored)) continue;
    if (auto sample = sample_of(entry->path().filename().string())) {
      found.push_back({std::move(*sample), entry->path()});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Matrix& a, const Matrix& b) { return a.path < b.path; });
  return found;
}

/// A folder's only matrix, or the one without a sample's name.
Matrix matrix_in(const fs::path& folder) {
  const auto found = matrices_in(folder);
  const auto plain = std::find_if(found.begin(), found.end(),
                                  [](const Matrix& matrix) { return matrix.sample.empty(); });
  if (plain != found.end()) return *plain;
  if (found.size() == 1) return found.front();
  if (found.empty()) throw input_error("reading {}: there is no matrix.mtx in it", folder.string());
  std::vector<std::string> names;
  names.reserve(found.size());
  for (const auto& matrix : found) names.push_back(matrix.path.filename().string());
  throw input_error(
      "reading {}: it holds the matrices of several samples: {}; name one of them instead of the "
      "folder, such as {} (barcodes and features are found beside it), or the RNA's by --rna and "
      "the ATAC's by --atac",
      folder.string(), fmt::join(names, ", "), found.front().path.string());
}

fs::path plain_or_gz(const fs::path& folder, const std::string& name) {
  std::error_code ignored;
  for (const auto& candidate : {name, name + ".gz"}) {
    if (fs::is_regular_file(folder / candidate, ignored)) return folder / candidate;
  }
  return {};
}

template <size_t kCount>
fs::path beside(const fs::path& folder, const std::string& sample,
                const std::array<const char*, kCount>& names) {
  for (const auto* name : names) {
    auto path = plain_or_gz(folder, sample + name);
    if (!path.empty()) return path;
  }
  const auto first = sample + names.front();
  throw input_error("reading {}: there is neither {} nor {}.gz{}", folder.string(), first, first,
                    names.size() == 1
                        ? std::string()
                        : fmt::format(" (nor, in their place, {})",
                                      fmt::join(names.begin() + 1, names.end(), ", ")));
}

}  // namespace

bool holds_matrix(const fs::path& folder) {
  return !matrices_in(folder).empty();
}

MatrixFiles matrix_files(const fs::path& path) {
  std::error_code ignored;
  MatrixFiles files;
  const bool folder = fs::is_directory(path, ignored);
  const auto matrix =
      folder ? matrix_in(path) : Matrix{sample_of(path.filename().string()).value_or(""), path};
  const auto place = folder ? path : path.parent_path();
  files.matrix = matrix.path;
  files.barcodes = beside(place, matrix.sample, std::array{"barcodes.tsv"});
  files.features = beside(place, matrix.sample,
                          std::array{"features.tsv", "genes.tsv", "peaks.bed", "peaks.tsv"});
  return files;
}

fs::path inside_results(const fs::path& path) {
  constexpr std::array kMatrices = {
      "filtered_feature_bc_matrix.h5",        "filtered_feature_bc_matrix",
      "sample_filtered_feature_bc_matrix.h5", "sample_filtered_feature_bc_matrix",
      "filtered_peak_bc_matrix.h5",           "filtered_peak_bc_matrix"};
  std::error_code ignored;
  if (!fs::is_directory(path, ignored) || holds_matrix(path)) return path;
  for (const auto& folder : {path, path / "outs"}) {
    for (const auto* name : kMatrices) {
      if (fs::exists(folder / name, ignored)) return folder / name;
    }
  }
  return path;
}

}  // namespace grids::core
