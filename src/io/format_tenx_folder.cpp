// The folder of Matrix Market files that Cell Ranger ARC writes beside its HDF5 file.
#include "io/anndata.hpp"
#include "io/formats.hpp"
#include "io/lines.hpp"

namespace grids::core {
namespace {

bool recognises_tenx_folder(const MultiomeInput& input) {
  std::error_code ignored;
  return std::filesystem::is_directory(input.path, ignored) &&
         !plain_or_gz(input.path, "matrix.mtx").empty();
}

std::filesystem::path member(const std::filesystem::path& folder, const std::string& name) {
  auto path = plain_or_gz(folder, name);
  if (path.empty()) {
    throw input_error("reading {}: there is neither {} nor {}.gz", folder.string(), name, name);
  }
  return path;
}

/// id, name, type, then maybe chromosome, start, end.
MixedFeatures read_features(const std::filesystem::path& path) {
  MixedFeatures features;
  LineReader reader(path);
  std::string_view line;
  while (reader.next(line)) {
    if (line.empty()) continue;
    const auto fields = split(line, '\t');
    if (fields.size() < 3) {
      throw reader.error(fmt::format("expected id, name and type, found {} column{}", fields.size(),
                                     fields.size() == 1 ? "" : "s"));
    }
    features.ids.emplace_back(fields[0]);
    features.names.emplace_back(fields[1]);
    features.types.emplace_back(fields[2]);
    Interval interval;
    if (fields.size() >= 6 && !fields[3].empty() && parse_position(fields[4], interval.start) &&
        parse_position(fields[5], interval.end)) {
      interval.chromosome = fields[3];
    }
    features.intervals.push_back(std::move(interval));
  }
  return features;
}

RawMultiome from_tenx_folder(const MultiomeInput& input, const Context& context) {
  const Frame obs{read_list(member(input.path, "barcodes.tsv")), {}};
  const auto features = read_features(member(input.path, "features.tsv"));
  const auto matrix = member(input.path, "matrix.mtx");
  auto values =
      read_matrix_market(matrix, obs.rows(), static_cast<int64_t>(features.ids.size()), context);
  auto multiome = split_by_type(std::move(values), obs, features, matrix.string(), context);
  require_counts_like(multiome.rna);
  require_counts_like(multiome.atac);
  return multiome;
}

}  // namespace

const Format kTenxFolderFormat = {
    "FOLDER with barcodes.tsv, features.tsv and matrix.mtx (each plain or .gz): Cell Ranger ARC",
    recognises_tenx_folder, from_tenx_folder};

}  // namespace grids::core
