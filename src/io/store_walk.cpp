#include "io/store_walk.hpp"

#include <algorithm>
#include <set>

#include "base/at.hpp"

namespace grids::core::store {
namespace {

/// Deeper than any format nests its groups.
constexpr int kDeepest = 64;
/// Rows wider than this are left to the reader that wants them.
constexpr int64_t kWidestRow = int64_t{1} << 22;
constexpr int64_t kBlock = int64_t{1} << 20;
/// Arrays larger than this are not read whole: a small file can claim any number of zeros.
constexpr int64_t kWhole = int64_t{1} << 24;

/// What fails with an Error does no harm to the reader either.
template <typename Body>
void passing_over(const Body& body) {
  try {
    body();
  } catch (const Error&) {
  }
}

/// A damaged list of members keeps nobody from asking for them by name: then those that readers ask
/// for are met all the same.
std::vector<std::string> members_of(const Group& group) {
  std::vector<std::string> names;
  passing_over([&] { names = group.names(); });
  if (!names.empty()) return names;
  return {"mod",        "rna",          "atac",     "obs",     "var",        "obsm",
          "uns",        "grids",        "X",        "layers",  "raw",        "raw.X",
          "raw.var",    "counts",       "data",     "indices", "indptr",     "codes",
          "categories", "values",       "mask",     "_index",  "index",      "__categories",
          "matrix",     "barcodes",     "features", "genes",   "gene_names", "id",
          "name",       "feature_type", "interval", "shape",   "cell_type",  "split",
          "total_rna",  "open_peaks",   "place",    "gene_id", "chrom",      "start",
          "end",        "strand",       "donor",    "batch",   "provenance", "format",
          "scale",      "paired"};
}

class Walker {
 public:
  Walker(WalkBulk bulk, const std::function<void(const std::string&)>& step)
      : bulk_(bulk), step_(step) {}

  void visit(const Group& group, int depth) {
    if (depth > kDeepest || !is_new(group)) return;
    passing_over([&] { visit_attributes(group); });
    for (const auto& name : members_of(group)) {
      passing_over([&] {
        if (group.has_group(name)) {
          visit(group.group(name), depth + 1);
        } else if (group.has_array(name)) {
          visit(group.array(name));
        }
      });
    }
  }

 private:
  bool is_new(const Object& object) {
    step_(object.path());
    const auto identity = object.identity();
    return !identity || met_.insert(*identity).second;
  }

  void visit_attributes(const Object& object) {
    for (const auto& name : object.attribute_names()) {
      passing_over([&] {
        if (const auto array = object.referenced_array(name)) visit(*array);
      });
    }
  }

  void visit(const Array& array) {
    if (!is_new(array)) return;
    passing_over([&] { visit_attributes(array); });
    if (array.kind() == Kind::kText) {
      array.read_text();
    } else if (array.kind() == Kind::kCompound) {
      visit_fields(array);
    } else if (is_number(array.kind())) {
      visit_numbers(array);
    }
  }

  static void visit_fields(const Array& array) {
    for (const auto& field : array.fields()) {
      passing_over([&] {
        const Kind kind = array.field_kind(field);
        if (kind == Kind::kText) array.read_field_text(field);
        if (is_number(kind)) array.read_field(field);
      });
    }
  }

  void visit_numbers(const Array& array) {
    array.believable_size();
    const int64_t width = array.row_width();
    const int64_t rows = array.shape().empty() ? 1 : array.shape().front();
    if (width <= 0 || width > kWidestRow || rows <= 0) return;
    if (bulk_ == WalkBulk::kAll && array.size() <= kWhole) {
      const int64_t step = array.rows_at_once(kBlock);
      for (int64_t first = 0; first < rows; first += step) {
        read(array, first, std::min(step, rows - first) * width);
        step_(array.path());
      }
      return;
    }
    read(array, 0, width);
    read(array, rows - 1, width);
  }

  void read(const Array& array, int64_t first, int64_t entries) {
    block_.resize(at(entries));
    array.read_rows<float>(first, block_);
  }

  WalkBulk bulk_;
  const std::function<void(const std::string&)>& step_;
  std::set<uint64_t> met_;
  std::vector<float> block_;
};

}  // namespace

void walk(const Group& root, WalkBulk bulk, const std::function<void(const std::string&)>& step) {
  passing_over([&] { Walker(bulk, step).visit(root, 0); });
}

}  // namespace grids::core::store
