/// Annotations of cells in little memory: a column of texts as codes, an embedding as floats.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace grids::core {

struct FrameColumn;

/// How a column is stored, besides what it holds.
enum class ColumnKind : uint8_t {
  kPlain,     ///< text as it stands, or numbers with fractions
  kCategory,  ///< text, one of a list
  kInteger,
  kBoolean,  ///< the numbers 0 and 1
};

/// One categorical column of a table as codes into its categories, -1 where it is missing.
struct CategoricalColumn {
  std::vector<std::string> categories;
  std::vector<int32_t> codes;

  bool operator==(const CategoricalColumn&) const = default;
};

/// One column. Missing texts have the code -1, missing numbers are NaN. Of a category all its
/// values are there in their order, used or not; of other text those used, sorted.
struct CodedColumn {
  std::string name;
  ColumnKind kind = ColumnKind::kPlain;
  bool ordered = false;  ///< whether the order of the categories means something
  std::variant<CategoricalColumn, std::vector<double>> values;

  bool is_text() const { return values.index() == 0; }
  const CategoricalColumn& text() const { return std::get<0>(values); }
  const std::vector<double>& numbers() const { return std::get<1>(values); }
  int64_t size() const;
  /// The value of a row as text; empty where it is missing.
  std::string text_at(size_t row) const;
};

/// Of each of `rows` what the column says of it; missing where the row is -1.
CodedColumn coded_column(const FrameColumn& column, std::span<const int32_t> rows);

/// Whether two columns are of one kind and say the same of every row, whatever their names.
bool same_values(const CodedColumn& a, const CodedColumn& b);

/// What AnnData keeps in obsm: numbers of each cell, such as its place in a UMAP.
struct Embedding {
  std::string name;           ///< "X_umap"
  int64_t columns = 0;        ///< numbers of a cell
  std::vector<float> values;  ///< cells × columns, row-major
};

struct Embeddings {
  std::vector<Embedding> list;
  /// What cannot be kept: neither dense nor numbers, or of more than `kMostEmbeddingColumns`.
  std::vector<std::string> passed_over = {};
};

/// Beyond, it is a matrix of measurements and no embedding.
inline constexpr int64_t kMostEmbeddingColumns = 256;

/// Of each of `rows` its numbers; NaN where the row is -1.
Embedding rows_of_embedding(const Embedding& embedding, std::span<const int32_t> rows);

}  // namespace grids::core
