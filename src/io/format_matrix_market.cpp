// A Matrix Market file, with lists of cells and of genes or peaks.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/at.hpp"
#include "io/anndata.hpp"
#include "io/compressed.hpp"
#include "io/delimited.hpp"
#include "io/formats.hpp"
#include "io/lines.hpp"
#include "io/peak_list.hpp"

namespace grids::core {
namespace {

constexpr std::string_view kBanner = "%%matrixmarket";  // in any case

bool has_banner(std::string_view line) {
  return lower_case(line.substr(0, kBanner.size())) == kBanner;
}

/// The next blank-separated word of a line.
std::string_view take_word(std::string_view& line) {
  const size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return line = {};
  size_t end = line.find_first_of(" \t", begin);
  if (end == std::string_view::npos) end = line.size();
  const auto word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

struct MarketHeader {
  bool pattern = false;
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t entries = 0;
};

MarketHeader read_market_header(LineReader& reader) {
  std::string_view line;
  if (!reader.next(line) || !has_banner(line)) {
    throw reader.error("is not a Matrix Market file: it must begin with %%MatrixMarket");
  }
  line.remove_prefix(kBanner.size());
  const auto object = lower_case(take_word(line));
  const auto layout = lower_case(take_word(line));
  const auto field = lower_case(take_word(line));
  const auto symmetry = lower_case(take_word(line));
  // scipy writes unsigned-integer, and double where others say real.
  constexpr std::array<std::string_view, 5> kFields = {"integer", "unsigned-integer", "real",
                                                       "double", "pattern"};
  const bool known = std::find(kFields.begin(), kFields.end(), field) != kFields.end();
  if (object != "matrix" || layout != "coordinate" || !known || symmetry != "general") {
    throw reader.error(fmt::format(
        "'{} {} {} {}' cannot be read; expected 'matrix coordinate integer (or unsigned-integer, "
        "real, pattern) general'",
        object, layout, field, symmetry));
  }
  MarketHeader header;
  header.pattern = field == "pattern";
  while (reader.next(line)) {
    if (line.empty() || line[0] == '%') continue;
    if (!parse_position(take_word(line), header.rows) ||
        !parse_position(take_word(line), header.columns) ||
        !parse_position(take_word(line), header.entries)) {
      throw reader.error("expected the numbers of rows, columns and entries");
    }
    return header;
  }
  throw reader.error("ends before its numbers of rows, columns and entries");
}

struct Entries {
  std::vector<int32_t> cells;
  std::vector<int32_t> features;
  std::vector<float> values;
};

Entries read_entries(LineReader& reader, const MarketHeader& header, bool cells_in_rows,
                     const Context& context) {
  constexpr int64_t kStep = 1 << 18;
  Entries entries;
  Progress progress(context, "reading " + reader.path().filename().string(), header.entries);
  std::string_view line;
  int64_t count = 0;
  while (reader.next(line)) {
    if (line.empty() || line[0] == '%') continue;
    int64_t row = 0;
    int64_t column = 0;
    if (!parse_position(take_word(line), row) || !parse_position(take_word(line), column)) {
      throw reader.error("expected a row, a column and a value");
    }
    if (row < 1 || row > header.rows || column < 1 || column > header.columns) {
      throw reader.error(fmt::format("entry ({}, {}) lies outside of {} × {}", row, column,
                                     header.rows, header.columns));
    }
    float value = 1;
    if (!header.pattern) {
      const auto word = take_word(line);
      const auto* end = word.data() + word.size();
      const auto [rest, status] = std::from_chars(word.data(), end, value);
      if (status != std::errc() || rest != end) {
        throw reader.error(fmt::format("'{}' is not a number", word));
      }
    }
    entries.cells.push_back(static_cast<int32_t>((cells_in_rows ? row : column) - 1));
    entries.features.push_back(static_cast<int32_t>((cells_in_rows ? column : row) - 1));
    entries.values.push_back(value);
    if (++count % kStep == 0) progress.advance(kStep);
  }
  if (count != header.entries) {
    throw reader.error(fmt::format("the file ends after {} of {} entries", count, header.entries));
  }
  return entries;
}

/// Entries of each cell together, in the order of the file.
CsrMatrix gather(const Entries& entries, int64_t cells, int64_t features) {
  CsrMatrix matrix;
  auto& pattern = matrix.pattern;
  pattern.rows = cells;
  pattern.columns = features;
  pattern.offsets.assign(at(cells) + 1, 0);
  for (const auto cell : entries.cells) ++pattern.offsets[at(cell) + 1];
  for (int64_t cell = 0; cell < cells; ++cell) {
    pattern.offsets[at(cell) + 1] += pattern.offsets[at(cell)];
  }
  auto next = pattern.offsets;
  pattern.indices.resize(entries.cells.size());
  matrix.values.resize(entries.cells.size());
  for (size_t i = 0; i < entries.cells.size(); ++i) {
    const auto place = at(next[at(entries.cells[i])]++);
    pattern.indices[place] = entries.features[i];
    matrix.values[place] = entries.values[i];
  }
  return matrix;
}

bool recognises_matrix_market(const Opened& opened) {
  return !opened.root && is_matrix_market(opened.path);
}

void tell(const NameTable& list, const Context& context) {
  if (!list.note.empty()) context.reporter.warning(list.note);
}

/// Names alone, or ids and names.
Frame read_genes(const std::filesystem::path& path, std::span<const int64_t> sizes,
                 const Context& context) {
  auto list = read_names(path, sizes);
  tell(list, context);
  Frame var;
  if (list.columns.size() == 1) {
    var.index = std::move(list.columns[0]);
    return var;
  }
  var.index = std::move(list.columns[1]);
  var.columns.push_back({"gene_ids", std::move(list.columns[0])});
  return var;
}

Frame read_cells(const std::filesystem::path& path, std::span<const int64_t> sizes, bool told,
                 const Context& context) {
  auto list = read_names(path, sizes);
  if (!told) tell(list, context);
  return {std::move(list.columns[0]), {}};
}

/// Whether a file beside others looks like a list of barcodes.
bool may_list_cells(const std::filesystem::path& path) {
  const auto name = lower_case(path.filename().string());
  constexpr std::uintmax_t kLargest = std::uintmax_t{1} << 26;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) ||
      std::filesystem::file_size(path, error) > kLargest) {
    return false;
  }
  const auto plain = name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
  return (name.find("barcode") != std::string::npos || name.find("cells") != std::string::npos) &&
         (plain.ends_with(".txt") || plain.ends_with(".tsv") || plain.ends_with(".csv"));
}

/// Whether two lists have the same names in different orders.
bool in_another_order(std::vector<std::string> a, std::vector<std::string> b) {
  if (a.size() != b.size() || a == b) return false;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

/// Some experiments have a list for each matrix, of the same cells in different orders: with one of
/// them for both, cells of the one would be paired with others of the other.
void require_one_order(const MultiomeInput& input, const Frame& obs) {
  std::error_code ignored;
  int looked = 0;
  constexpr int kMostFiles = 32;
  for (const auto& entry : std::filesystem::directory_iterator(
           input.cells.has_parent_path() ? input.cells.parent_path() : ".", ignored)) {
    if (!may_list_cells(entry.path()) || ++looked > kMostFiles ||
        std::filesystem::equivalent(entry.path(), input.cells, ignored)) {
      continue;
    }
    NameTable other;
    try {
      other = read_names(entry.path());
    } catch (const Error&) {
      continue;  // some other file
    }
    if (other.columns.size() > 1 || !in_another_order(obs.index, other.columns[0])) continue;
    throw input_error(
        "{0} has the cells of {1} in another order, and --cells is one list for both matrices: "
        "give "
        "that of the ATAC by --atac-cells (if it is {0}, --atac-cells {0}; if both matrices have "
        "one order, --atac-cells {1})",
        entry.path().string(), input.cells.string());
  }
}

RawMultiome from_matrix_with_names(const Opened& opened, const MultiomeInput& input,
                                   const Context& context) {
  return read_matrix_folder(opened.path, input.matrix_rows, context);
}

/// The lists that were given for it; where none was, those that lie beside it.
RawModality part_of_matrix_market(const Opened& opened, FeatureKind kind,
                                  const MultiomeInput& input, const Context& context) {
  const bool rna = kind == FeatureKind::kGene;
  const auto& names = rna ? input.genes : input.peaks;
  const auto& cells = rna || input.atac_cells.empty() ? input.cells : input.atac_cells;
  if (names.empty() && cells.empty()) {
    return read_matrix_folder_part(opened.path, kind, input.matrix_rows, context);
  }
  if (names.empty() || cells.empty()) {
    throw usage_error("{} needs {} and {} beside it", opened.path.string(),
                      rna ? "--cells" : "--cells (or --atac-cells)",
                      rna ? "--rna-names" : "--peaks");
  }
  RawModality modality;
  modality.source = opened.path.string();
  const auto sizes = sizes_of_matrix_market(opened.path);
  modality.obs = read_cells(cells, sizes, cells == input.cells && !rna, context);
  if (!rna && input.atac_cells.empty()) require_one_order(input, modality.obs);
  modality.var = rna ? read_genes(names, sizes, context) : read_peak_list(names);
  modality.values = read_matrix_market(opened.path, modality.obs.rows(), modality.var.rows(),
                                       input.matrix_rows, context);
  require_counts_like(modality);
  return modality;
}

}  // namespace

const Format kMatrixMarketFormat = {
    "--rna RNA.mtx --atac ATAC.mtx (each plain or .gz) with lists of cells, genes and peaks; any "
    "of "
    "the above may stand for one of them",
    recognises_matrix_market, from_matrix_with_names, part_of_matrix_market};

bool is_matrix_market(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  try {
    LineReader reader(path);
    std::string_view line;
    return reader.next(line) && has_banner(line);
  } catch (const Error&) {
    return false;  // it will be reported as unknown
  }
}

CsrMatrix read_matrix_market(const std::filesystem::path& path, int64_t cells, int64_t features,
                             RowsAre rows, const Context& context) {
  LineReader reader(path);
  const auto header = read_market_header(reader);
  const bool features_in_rows =
      rows != RowsAre::kCells && header.rows == features && header.columns == cells;
  const bool cells_in_rows =
      rows != RowsAre::kFeatures && header.rows == cells && header.columns == features;
  if (!features_in_rows && !cells_in_rows) {
    throw reader.error(fmt::format(
        "the matrix is {} × {}, but there are names of {} features and {} cells{}", header.rows,
        header.columns, features, cells,
        rows == RowsAre::kToTell ? "" : ", and --matrix-rows says which of them rows are"));
  }
  if (features_in_rows && cells_in_rows) {
    throw reader.error(
        fmt::format("the matrix is {} × {}, and there are as many cells as features: say which of "
                    "them its rows are, --matrix-rows features (as Cell Ranger and Seurat write "
                    "them) or --matrix-rows cells",
                    header.rows, header.columns));
  }
  const auto entries = read_entries(reader, header, !features_in_rows, context);
  auto matrix = gather(entries, cells, features);
  const int64_t doubled = sort_rows(matrix.pattern, matrix.values);
  if (doubled >= 0) {
    throw input_error("reading {}: an entry of cell {} appears twice", path.string(), doubled + 1);
  }
  drop_zeros(matrix);
  return matrix;
}

std::vector<int64_t> sizes_of_matrix_market(const std::filesystem::path& path) {
  LineReader reader(path);
  const auto header = read_market_header(reader);
  return {header.rows, header.columns};
}

}  // namespace grids::core
