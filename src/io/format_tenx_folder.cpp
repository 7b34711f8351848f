// The folder of Matrix Market files that Cell Ranger writes beside its HDF5 file, and others after
// it.
#include "io/anndata.hpp"
#include "io/delimited.hpp"
#include "io/formats.hpp"
#include "io/matrix_files.hpp"
#include "io/peak_list.hpp"

namespace grids::core {
namespace {

/// Cell Ranger ATAC's peaks.bed.
void add_bed_line(const DelimitedReader& reader, const DelimitedReader::Row& row,
                  TenxFeatures& features) {
  if (row.fields.size() < 3) {
    throw reader.error(row, "expected chrom, start and end separated by tabs");
  }
  Interval interval{row.fields[0], bed_position(reader, row, row.fields[1]),
                    bed_position(reader, row, row.fields[2])};
  features.ids.push_back(
      fmt::format("{}:{}-{}", interval.chromosome, interval.start, interval.end));
  features.names.push_back(features.ids.back());
  features.types.emplace_back("Peaks");
  features.intervals.push_back(std::move(interval));
}

/// id, then maybe name, type, chromosome, start, end.
void add_feature_line(const DelimitedReader& reader, const DelimitedReader::Row& row,
                      TenxFeatures& features) {
  const auto& fields = row.fields;
  const bool typed = fields.size() >= 3;
  if (!features.ids.empty() && typed == features.types.empty()) {
    throw reader.error(
        row, fmt::format("expected id, name and {} as on the first line, found {} columns",
                         typed ? "no type" : "type", fields.size()));
  }
  features.ids.emplace_back(fields[0]);
  features.names.emplace_back(fields.size() > 1 ? fields[1] : fields[0]);
  if (typed) features.types.emplace_back(fields[2]);
  Interval interval;
  if (fields.size() >= 6 && !fields[3].empty() && parse_position(fields[4], interval.start) &&
      parse_position(fields[5], interval.end)) {
    interval.chromosome = fields[3];
  }
  features.intervals.push_back(std::move(interval));
}

TenxFeatures read_features(const std::filesystem::path& path) {
  TenxFeatures features;
  const auto name = path.filename().string();
  const bool bed = name.find("peaks.bed") != std::string::npos;
  DelimitedReader reader(path, "\t",
                         bed ? DelimitedReader::Kind::kBed : DelimitedReader::Kind::kTable);
  DelimitedReader::Row row;
  while (reader.next(row)) (bed ? add_bed_line : add_feature_line)(reader, row, features);
  return features;
}

struct FolderMatrix {
  PackedModality all;
  std::vector<std::string> types;  ///< empty where the features have none
};

/// `types_needed`: genes and peaks are in one folder, and something must tell them apart.
FolderMatrix read_files(const std::filesystem::path& path, bool types_needed, RowsAre rows,
                        const Context& context) {
  const auto files = matrix_files(path);
  auto features = read_features(files.features);
  if (types_needed && features.types.empty()) {
    throw input_error(
        "reading {}, line 1: expected id, name and type, found fewer columns; without the type "
        "(Gene Expression or Peaks) genes and peaks cannot be told apart: give the RNA and the "
        "ATAC "
        "by --rna and --atac, each a folder or a matrix of its own",
        files.features.string());
  }
  FolderMatrix matrix;
  matrix.all.source = files.matrix.string();
  matrix.all.obs = {read_name_list(files.barcodes), {}};
  matrix.all.var = var_of(features);
  matrix.all.values =
      read_matrix_market(files.matrix, matrix.all.obs.rows(), matrix.all.var.rows(), rows, context);
  matrix.types = std::move(features.types);
  require_counts_like(matrix.all);
  return matrix;
}

bool recognises_matrix_folder(const Opened& opened) {
  std::error_code ignored;
  return std::filesystem::is_directory(opened.path, ignored) && holds_matrix(opened.path);
}

}  // namespace

PackedMultiome read_matrix_folder(const std::filesystem::path& path, RowsAre rows,
                                  const Context& context) {
  auto matrix = read_files(path, true, rows, context);
  return split_by_type(std::move(matrix.all), matrix.types, context);
}

PackedModality read_matrix_folder_part(const std::filesystem::path& path, FeatureKind kind,
                                       RowsAre rows, const Context& context) {
  auto matrix = read_files(path, false, rows, context);
  return only_kind(std::move(matrix.all), matrix.types, kind, context);
}

const Format kMatrixFolderFormat = {
    "FOLDER with barcodes.tsv, features.tsv and matrix.mtx (each plain or .gz, maybe after a "
    "sample's name), or the outs/ that it lies in: Cell Ranger",
    recognises_matrix_folder,
    [](const Opened& opened, const MultiomeInput& input, const Context& context) {
      return read_matrix_folder(opened.path, input.matrix_rows, context);
    },
    [](const Opened& opened, FeatureKind kind, const MultiomeInput& input, const Context& context) {
      return read_matrix_folder_part(opened.path, kind, input.matrix_rows, context);
    }};

}  // namespace grids::core
