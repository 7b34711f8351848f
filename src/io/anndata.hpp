/// AnnData groups: the root of a `.h5ad`, or `mod/NAME` of a `.h5mu`.
///
/// Reads what AnnData 0.6 to 0.12 write: encodings 0.1.0 and 0.2.0, and the older layout (tables as
/// compound datasets, categories in `uns/NAME_categories`, `h5sparse_format`). Writes the encodings
/// that AnnData 0.8 and later read back: anndata 0.1.0, dataframe 0.2.0, categorical 0.2.0,
/// string-array 0.2.0, array 0.2.0, csr_matrix 0.1.0, dict 0.1.0.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/coded_column.hpp"
#include "io/compressed.hpp"
#include "io/feature_kind.hpp"
#include "io/raw_multiome.hpp"
#include "io/store.hpp"
#include "io/store_writer.hpp"

namespace grids::core {

// ---- reading ----

/// A table (`obs`, `var`) of an AnnData group. Categories become their text; booleans 0 and 1;
/// columns of kinds that have no place in a Frame (nested tables, dates) are passed over.
Frame read_frame(const store::Group& parent, const std::string& name);

/// The same with only the columns whose names are `wanted`.
Frame read_frame(const store::Group& parent, const std::string& name,
                 const std::function<bool(const std::string& column)>& wanted);

/// How many rows such a table has, without reading any.
int64_t frame_rows(const store::Group& parent, const std::string& name);

/// The names of a table's columns, in their order.
std::vector<std::string> frame_columns(const store::Group& parent, const std::string& name);

/// What `obsm` of an AnnData or MuData holds of `rows` cells.
Embeddings read_embeddings(const store::Group& parent, int64_t rows);

/// A categorical column of a table.
CategoricalColumn read_categorical(const store::Group& table, const std::string& column);

/// What a matrix says of itself, before anything of it is read: to be compared with the names of
/// its rows and columns before there is memory for it. Throws Error(kInput) where it is none.
struct MatrixShape {
  int64_t rows = 0;
  int64_t columns = 0;
};
MatrixShape matrix_shape(const store::Group& parent, const std::string& name);

/// Whether `name` holds rows × columns, stored as CSR, CSC or dense, in any type of number.
/// Indices come back ascending in each row. Throws Error(kInput) for lengths that do not fit each
/// other, indices out of range and entries that are given twice, naming file and place.
/// With a room, which may be null, the entries of a CSR matrix lie there.
CsrMatrix read_matrix(const store::Group& parent, const std::string& name,
                      const std::shared_ptr<EntryRoom>& room = nullptr);

/// The same where its entries are likely those of `pattern`, of the same shape, whose indices are
/// then shared (Entries::share) and not held twice.
CsrMatrix read_matrix_like(const store::Group& parent, const std::string& name,
                           const CsrPattern& pattern,
                           const std::shared_ptr<EntryRoom>& room = nullptr);

/// How many entries a CSR matrix stores; nothing where it is stored otherwise.
std::optional<int64_t> stored_entries(const store::Group& parent, const std::string& name);

/// The same, packed block by block, so that no more of it than a block is ever as large as it is
/// in the store; zeros are left out. The threads of `pool`, where one is given, pack.
PackedRows read_packed(const store::Group& parent, const std::string& name,
                       ThreadPool* pool = nullptr);

/// A matrix that stays in its store, CSR or dense, of which blocks of rows are read: for one that
/// is too large for memory. Of a CSR matrix the bounds of its rows are held.
class MatrixRows {
 public:
  /// Throws Error(kInput) as `read_matrix`, and for a matrix that is stored by columns (CSC).
  MatrixRows(const store::Group& parent, const std::string& name);

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }

  /// Rows [first, last) with offsets from 0, in place of what `block` held; its memory is used
  /// again. Zeros that a CSR matrix stores stay. Throws Error(kInput) as `read_matrix`.
  void read(int64_t first, int64_t last, CsrMatrix& block) const;

  /// Where a block of rows from `first` on ends that is of a size to work on: at least one row.
  int64_t block_end(int64_t first) const;

  /// Rows from `first` on into row-major memory for a whole number of them.
  void read_dense(int64_t first, std::span<float> out) const;

 private:
  std::optional<CompressedRows> sparse_;
  std::optional<store::Array> dense_;
  int64_t rows_ = 0;
  int64_t columns_ = 0;
};

/// The pattern of a CSR matrix whose values must all be 1, without holding the values in memory.
/// With a room, which may be null, the entries lie there.
CsrPattern read_binary_matrix(const store::Group& parent, const std::string& name,
                              const std::shared_ptr<EntryRoom>& room = nullptr);

/// One modality. `matrix` names what to read: "X", "raw/X", "layers/NAME" or the NAME of a layer.
/// When empty it is the first of `layers/counts`, X, raw/X and layers of other usual names
/// (raw_counts, umi, …) that holds counts: whole numbers, of genes not only 0 and 1. Where none
/// does, the first with 0 and 1, else with fractions. A matrix that is missing, null, empty or all
/// zero is as good as none; `why` says what was passed over. The threads of `pool`, where one is
/// given, pack. Throws Error(kInput) when the shapes of matrix and tables differ, or for values
/// that are negative, infinite or no number, naming the cell and the feature.
PackedModality read_anndata(const store::Group& group, const std::string& matrix = {},
                            FeatureKind kind = FeatureKind::kGene, ThreadPool* pool = nullptr);

/// More than any sequencer counts: 2³¹.
inline constexpr float kMostCounted = 2147483648.0f;

/// Throws Error(kInput) naming the first value that is negative, no number or not below
/// `kMostCounted`.
void require_counts_like(const PackedModality& modality);

// ---- writing ----

/// Makes an empty group an AnnData: its tables, and empty obsm, varm, obsp, varp, layers and uns. X
/// and layers (as "layers/NAME") follow, by `write_matrix` or the writers below.
void begin_anndata(const store::GroupWriter& group, const Frame& obs, const Frame& var);

/// Text columns with repeated values become categoricals, as AnnData does; missing text stays
/// missing; numbers that are all whole become integers.
void write_frame(const store::GroupWriter& parent, const std::string& name, const Frame& frame);

/// Adds a categorical column to a table that `write_frame` wrote. Categories keep their order.
void write_categorical(const store::GroupWriter& table, const std::string& column,
                       const CategoricalColumn& values);

/// Adds a column to a table that `write_frame` wrote, in the way its kind asks for. Text of which
/// some is missing becomes a categorical, numbers and booleans of which some are become nullable.
void write_coded_column(const store::GroupWriter& table, const std::string& name,
                        const CodedColumn& column);

/// Adds to obsm.
void write_embedding(const store::GroupWriter& parent, const Embedding& embedding);

/// An empty group in AnnData's `dict` encoding.
store::GroupWriter create_dict(const store::GroupWriter& parent, const std::string& name);
void write_text_element(const store::GroupWriter& parent, const std::string& name,
                        std::string_view text);
void write_texts_element(const store::GroupWriter& parent, const std::string& name,
                         std::span<const std::string> texts);
void write_integer_element(const store::GroupWriter& parent, const std::string& name,
                           int64_t value);
void write_boolean_element(const store::GroupWriter& parent, const std::string& name, bool value);

/// A vector that grows by numbers of entries which fill chunks: what is left over waits for more,
/// so that the file is the same whatever the blocks.
template <store::Number T>
class EntriesWriter {
 public:
  explicit EntriesWriter(store::ArrayWriter array) : array_(std::move(array)) {}

  void append(std::span<const T> entries);
  /// The vector, with all that waited.
  const store::ArrayWriter& finish();

 private:
  store::ArrayWriter array_;
  std::vector<T> waiting_ = {};
};

/// Writes a sparse matrix block of rows by block of rows, so that it need never be whole in memory.
class SparseRowsWriter {
 public:
  /// Ones are not stored: readers see a vector of one byte each that is filled with them. Logs are
  /// floats, too, of which a row has few different ones; they are packed so that it shows.
  enum class Values : uint8_t { kFloat32, kLogs, kOnes };

  SparseRowsWriter(const store::GroupWriter& parent, const std::string& name, int64_t columns,
                   Values values);

  /// Both throw Error(kInternal) when the number of columns is another.
  void append(const CsrMatrix& rows);
  void append(const CsrPattern& rows);  ///< all values 1
  /// Writes row bounds and shape; the matrix cannot be read before.
  void finish();

 private:
  friend class FurtherValuesWriter;
  void add_bounds(const CsrPattern& rows);

  store::GroupWriter group_;
  int64_t columns_;
  std::vector<int64_t> offsets_ = {0};
  std::optional<EntriesWriter<float>> data_;  ///< nothing where all are ones
  EntriesWriter<int32_t> indices_;
  std::optional<store::ArrayWriter> bounds_;  ///< when finished
};

/// Writes a further matrix with entries at the places of another one: its indices and row bounds
/// are stored once and found in both.
class FurtherValuesWriter {
 public:
  FurtherValuesWriter(const store::GroupWriter& parent, const std::string& name);

  /// As many as the other matrix was given.
  void append(std::span<const float> values) { data_.append(values); }
  /// After `places` was finished.
  void finish(SparseRowsWriter& places);

 private:
  store::GroupWriter group_;
  EntriesWriter<float> data_;
};

/// The same for a dense float matrix of at least one column.
class DenseRowsWriter {
 public:
  /// Compressed, of as many rows as will be appended.
  DenseRowsWriter(const store::GroupWriter& parent, const std::string& name, int64_t columns);
  /// Not compressed, at the speed of the disk: for large matrices of numbers that hardly get
  /// smaller. All `rows` must be appended.
  DenseRowsWriter(const store::GroupWriter& parent, const std::string& name, int64_t columns,
                  int64_t rows);
  /// Whole rows, row-major.
  void append(std::span<const float> rows);

 private:
  int64_t columns_;
  bool grows_;
  int64_t next_ = 0;  ///< the row that comes next, where the matrix does not grow
  store::ArrayWriter data_;
};

void write_matrix(const store::GroupWriter& parent, const std::string& name,
                  const CsrMatrix& matrix,
                  SparseRowsWriter::Values values = SparseRowsWriter::Values::kFloat32);
void write_matrix(const store::GroupWriter& parent, const std::string& name,
                  const CsrPattern& ones);
/// A matrix and, as another, further values at its places.
void write_matrices(const store::GroupWriter& parent, const std::string& name,
                    const CsrMatrix& matrix, SparseRowsWriter::Values values,
                    const std::string& further, std::span<const float> further_values);

/// Writes a `.h5ad` to a temporary name beside `path`, then renames. `fill` adds X and layers.
void write_h5ad(const std::filesystem::path& path, const Frame& obs, const Frame& var,
                const std::function<void(const store::GroupWriter& group)>& fill);

}  // namespace grids::core
