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

/// Collects entries in any order and packs them into rows, so many at a time. Those of files that
/// go through the cells one after the other, as nearly all do, follow each other; those of one cell
/// that lie further apart are joined in the end.
class EntryRows {
 public:
  EntryRows(const LineReader& reader, int64_t cells, int64_t features, int64_t entries,
            ThreadPool& pool)
      : reader_(reader),
        cells_(cells),
        features_(features),
        // Each part holds the bounds of all rows, so there are not many.
        at_once_(std::max(kEntriesAtOnce, entries / kMostParts)),
        pool_(pool),
        rows_(features) {}

  void add(int64_t cell, int64_t feature, float value) {
    entry_cells_.push_back(static_cast<int32_t>(cell));
    entry_features_.push_back(static_cast<int32_t>(feature));
    entry_values_.push_back(value);
    if (std::ssize(entry_cells_) == at_once_) flush();
  }

  PackedRows take() {
    if (follows()) {
      pack(cells_, entry_cells_.size());
      return std::move(rows_);
    }
    flush();
    int64_t doubled = -1;
    auto rows = joined_rows(std::move(parts_), &pool_, doubled);
    if (doubled >= 0) throw twice(doubled);
    return rows;
  }

 private:
  static constexpr int64_t kMostParts = 64;

  Error twice(int64_t cell) const {
    return input_error("reading {}: an entry of cell {} appears twice", reader_.path().string(),
                       cell + 1);
  }

  /// Whether the entries are of cells behind those that were packed, one after the other.
  bool follows() const {
    return parts_.empty() && std::is_sorted(entry_cells_.begin(), entry_cells_.end()) &&
           (entry_cells_.empty() || entry_cells_.front() >= rows_.rows());
  }

  /// Packs what there is; the last cell waits for the rest of it.
  void flush() {
    if (follows() && !entry_cells_.empty() && entry_cells_.front() < entry_cells_.back()) {
      const auto last = entry_cells_.back();
      const auto whole = std::lower_bound(entry_cells_.begin(), entry_cells_.end(), last);
      pack(last, at(whole - entry_cells_.begin()));
      return;
    }
    if (parts_.empty()) {  // from here on entries may be of any cell
      pack(cells_, 0);
      parts_.push_back(std::move(rows_));
    }
    rows_ = PackedRows(features_);
    pack(cells_, entry_cells_.size());
    parts_.push_back(std::move(rows_));
  }

  /// Appends rows up to `end`, of the first `count` entries; these are taken out.
  void pack(int64_t end, size_t count) {
    CsrMatrix block = gathered(end, count);
    const int64_t doubled = sort_rows(block.pattern, block.values);
    if (doubled >= 0) throw twice(rows_.rows() + doubled);
    rows_.append(block, &pool_);
    const auto taken = static_cast<std::ptrdiff_t>(count);
    entry_cells_.erase(entry_cells_.begin(), entry_cells_.begin() + taken);
    entry_features_.erase(entry_features_.begin(), entry_features_.begin() + taken);
    entry_values_.erase(entry_values_.begin(), entry_values_.begin() + taken);
  }

  /// Entries of each cell together, in the order of the file: of cells from the first that is not
  /// packed up to `end`.
  CsrMatrix gathered(int64_t end, size_t count) const {
    const int64_t first = rows_.rows();
    CsrMatrix matrix;
    auto& pattern = matrix.pattern;
    pattern.rows = end - first;
    pattern.columns = features_;
    pattern.offsets.assign(at(pattern.rows) + 1, 0);
    for (size_t i = 0; i < count; ++i) ++pattern.offsets[at(entry_cells_[i] - first) + 1];
    for (int64_t row = 0; row < pattern.rows; ++row) {
      pattern.offsets[at(row) + 1] += pattern.offsets[at(row)];
    }
    auto next = pattern.offsets;
    pattern.indices.resize(count);
    matrix.values.resize(count);
    for (size_t i = 0; i < count; ++i) {
      const auto place = at(next[at(entry_cells_[i] - first)]++);
      pattern.indices[place] = entry_features_[i];
      matrix.values[place] = entry_values_[i];
    }
    return matrix;
  }

  const LineReader& reader_;
  int64_t cells_;
  int64_t features_;
  int64_t at_once_;
  ThreadPool& pool_;
  std::vector<int32_t> entry_cells_;
  std::vector<int32_t> entry_features_;
  std::vector<float> entry_values_;
  PackedRows rows_;                ///< of the cells that came one after the other
  std::vector<PackedRows> parts_;  ///< of all cells each, where some did not
};

PackedRows read_entries(LineReader& reader, const MarketHeader& header, bool cells_in_rows,
                        const Context& context) {
  constexpr int64_t kStep = 1 << 18;
  EntryRows entries(reader, cells_in_rows ? header.rows : header.columns,
                    cells_in_rows ? header.columns : header.rows, header.entries, context.pool);
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
    entries.add((cells_in_rows ? row : column) - 1, (cells_in_rows ? column : row) - 1, value);
    if (++count % kStep == 0) progress.advance(kStep);
  }
  if (count != header.entries) {
    throw reader.error(fmt::format("the file ends after {} of {} entries", count, header.entries));
  }
  return entries.take();
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

PackedMultiome from_matrix_with_names(const Opened& opened, const MultiomeInput& input,
                                      const Context& context) {
  return read_matrix_folder(opened.path, input.matrix_rows, context);
}

/// The lists that were given for it; where none was, those that lie beside it.
PackedModality part_of_matrix_market(const Opened& opened, FeatureKind kind,
                                     const MultiomeInput& input, const Context& context) {
  const bool rna = kind == FeatureKind::kGene;
  const auto& names = rna ? input.genes : input.peaks;
  const bool of_rna = rna || (input.atac_cells.empty() && !input.unpaired);
  const auto& cells = of_rna ? input.cells : input.atac_cells;
  if (names.empty() && cells.empty()) {
    return read_matrix_folder_part(opened.path, kind, input.matrix_rows, context);
  }
  if (names.empty() || cells.empty()) {
    throw usage_error("{} needs {} and {} beside it", opened.path.string(),
                      rna              ? "--cells"
                      : input.unpaired ? "--atac-cells"
                                       : "--cells (or --atac-cells)",
                      rna ? "--rna-names" : "--peaks");
  }
  PackedModality modality;
  modality.source = opened.path.string();
  const auto sizes = sizes_of_matrix_market(opened.path);
  modality.obs = read_cells(cells, sizes, cells == input.cells && !rna, context);
  if (!rna && of_rna) require_one_order(input, modality.obs);
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

PackedRows read_matrix_market(const std::filesystem::path& path, int64_t cells, int64_t features,
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
  return read_entries(reader, header, !features_in_rows, context);
}

std::vector<int64_t> sizes_of_matrix_market(const std::filesystem::path& path) {
  LineReader reader(path);
  const auto header = read_market_header(reader);
  return {header.rows, header.columns};
}

}  // namespace grids::core
