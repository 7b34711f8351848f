#include "train/partners.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "math/neighbours.hpp"
#include "math/pca.hpp"
#include "math/symmetric_eigen.hpp"
#include "train/nearby_openness.hpp"

namespace grids::core {
namespace {

/// More components than these follow noise rather than state.
constexpr int64_t kComponents = 20;
constexpr int64_t kPartners = 10;
/// Cells of the other modality whose types a cell's own is told by.
constexpr int64_t kVoters = 15;
/// Standard deviations beyond which a single cell says no more.
constexpr float kFarthest = 10;

/// Cells of one modality along the axes of some space.
struct Cloud {
  int64_t axes = 0;
  std::vector<float> places;   ///< cells × axes
  std::vector<int32_t> types;  ///< of each cell; empty: unknown

  int64_t size() const { return axes == 0 ? 0 : std::ssize(places) / axes; }
  std::span<const float> place(int64_t cell) const {
    return std::span(places).subspan(at(cell * axes), at(axes));
  }
};

/// Training and validation cells in the space that is fitted on the training cells.
struct Clouds {
  Cloud training, validation;
};

std::vector<int32_t> known_types(const Categorical& type, bool known,
                                 std::span<const int32_t> cells) {
  std::vector<int32_t> types;
  if (!known || type.empty()) return types;
  types.reserve(cells.size());
  for (const int32_t cell : cells) types.push_back(type.codes[at(cell)]);
  return types;
}

/// Scores of unit variance over the training cells.
Clouds principal_space(const CsrMatrix& training, const CsrMatrix& validation,
                       const Context& context) {
  const Pca fitted = pca(training, {.components = kComponents}, context);
  Clouds clouds;
  clouds.training = {fitted.components, fitted.scores, {}};
  clouds.validation.axes = fitted.components;
  if (validation.rows() > 0) clouds.validation.places = pca_project(fitted, validation, context);
  for (auto* cloud : {&clouds.training, &clouds.validation}) {
    for (size_t i = 0; i < cloud->places.size(); ++i) {
      const double variance = fitted.variance[i % at(fitted.components)];
      cloud->places[i] /= static_cast<float>(std::sqrt(std::max(variance, 1e-12)));
    }
  }
  return clouds;
}

/// Values of each gene in units of its standard deviation over the training cells, none above
/// kFarthest.
class Standardised {
 public:
  explicit Standardised(const CsrMatrix& training) : scale_(at(training.columns()), 0.0f) {
    std::vector<double> sum(scale_.size(), 0.0), squares(scale_.size(), 0.0);
    for (size_t k = 0; k < training.values.size(); ++k) {
      const auto gene = at(training.pattern.indices[k]);
      const double value = training.values[k];
      sum[gene] += value;
      squares[gene] += value * value;
    }
    const auto cells = static_cast<double>(training.rows());
    for (size_t gene = 0; gene < scale_.size(); ++gene) {
      const double mean = sum[gene] / cells;
      const double variance = squares[gene] / cells - mean * mean;
      if (variance > 0) scale_[gene] = static_cast<float>(1 / std::sqrt(variance));
    }
  }

  CsrMatrix of(CsrMatrix matrix) const {
    for (size_t k = 0; k < matrix.values.size(); ++k) {
      matrix.values[k] =
          std::min(kFarthest, matrix.values[k] * scale_[at(matrix.pattern.indices[k])]);
    }
    return matrix;
  }

 private:
  std::vector<float> scale_;
};

int32_t type_count(std::span<const int32_t> types) {
  return types.empty() ? 1 : *std::max_element(types.begin(), types.end()) + 1;
}

/// Types × axes: means over the training cells of each type, or one row over all.
std::vector<double> type_means(const Cloud& training) {
  std::vector<double> means(at(type_count(training.types) * training.axes), 0.0);
  std::vector<double> cells(at(type_count(training.types)), 0.0);
  for (int64_t cell = 0; cell < training.size(); ++cell) {
    const int64_t type = training.types.empty() ? 0 : training.types[at(cell)];
    const auto place = training.place(cell);
    for (int64_t k = 0; k < training.axes; ++k) means[at(type * training.axes + k)] += place[at(k)];
    cells[at(type)] += 1;
  }
  for (size_t i = 0; i < means.size(); ++i) means[i] /= std::max(1.0, cells[i / at(training.axes)]);
  return means;
}

/// Takes the mean of each type from its cells; a type without training cells has none.
void take_out_types(Clouds& clouds) {
  const auto means = type_means(clouds.training);
  for (auto* cloud : {&clouds.training, &clouds.validation}) {
    for (int64_t cell = 0; cell < cloud->size(); ++cell) {
      const int64_t type = cloud->types.empty() ? 0 : cloud->types[at(cell)];
      if (at(type * cloud->axes) >= means.size()) continue;
      for (int64_t k = 0; k < cloud->axes; ++k) {
        cloud->places[at(cell * cloud->axes + k)] -=
            static_cast<float>(means[at(type * cloud->axes + k)]);
      }
    }
  }
}

/// Axes × features: correlations over the cells, within types where the cloud is. `cloud` has mean
/// 0 in each type.
std::vector<double> loadings(const Cloud& cloud, const CsrMatrix& features) {
  const int64_t count = features.columns();
  const int32_t types = type_count(cloud.types);
  std::vector<double> products(at(cloud.axes * count), 0.0), squares(at(count), 0.0),
      sums(at(types * count), 0.0), cells(at(types), 0.0);
  for (int64_t cell = 0; cell < cloud.size(); ++cell) {
    const int64_t type = cloud.types.empty() ? 0 : cloud.types[at(cell)];
    const auto place = cloud.place(cell);
    const auto indices = features.row_indices(cell);
    const auto values = features.row_values(cell);
    cells[at(type)] += 1;
    for (size_t k = 0; k < indices.size(); ++k) {
      const auto feature = at(indices[k]);
      const double value = values[k];
      squares[feature] += value * value;
      sums[at(type * count) + feature] += value;
      for (size_t axis = 0; axis < place.size(); ++axis) {
        products[axis * at(count) + feature] += place[axis] * value;
      }
    }
  }
  for (int64_t feature = 0; feature < count; ++feature) {
    double rest = squares[at(feature)];
    for (int64_t type = 0; type < types; ++type) {
      const double sum = sums[at(type * count + feature)];
      if (cells[at(type)] > 0) rest -= sum * sum / cells[at(type)];
    }
    const bool varies = rest > 1e-9 * squares[at(feature)];
    const double scale = varies ? 1 / std::sqrt(rest * static_cast<double>(cloud.size())) : 0;
    for (int64_t axis = 0; axis < cloud.axes; ++axis) products[at(axis * count + feature)] *= scale;
  }
  return products;
}

/// What the two spaces share: columns are axes, the first those the genes agree about most, each
/// scaled by the root of how much.
struct SharedAxes {
  int64_t count = 0;
  std::vector<double> atac;  ///< components × count
  std::vector<double> rna;
};

/// Loadings are components × genes, of the same genes.
SharedAxes shared_axes(std::span<const double> atac, std::span<const double> rna, int64_t genes) {
  const int64_t rows = std::ssize(atac) / genes;
  const int64_t columns = std::ssize(rna) / genes;
  std::vector<double> product(at(rows * columns), 0.0);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      for (int64_t g = 0; g < genes; ++g) {
        product[at(i * columns + j)] += atac[at(i * genes + g)] * rna[at(j * genes + g)];
      }
    }
  }
  std::vector<double> square(at(rows * rows), 0.0);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t k = 0; k < rows; ++k) {
      for (int64_t j = 0; j < columns; ++j) {
        square[at(i * rows + k)] += product[at(i * columns + j)] * product[at(k * columns + j)];
      }
    }
  }
  const auto eigen = symmetric_eigen(std::move(square), rows);
  SharedAxes axes;
  const double largest = std::max(eigen.values.front(), 0.0);
  while (axes.count < std::min(rows, columns) && eigen.values[at(axes.count)] > 1e-12 * largest) {
    ++axes.count;
  }
  axes.atac.resize(at(rows * axes.count));
  axes.rna.assign(at(columns * axes.count), 0.0);
  for (int64_t s = 0; s < axes.count; ++s) {
    const double singular = std::sqrt(eigen.values[at(s)]);
    const double weight = std::sqrt(singular);
    for (int64_t i = 0; i < rows; ++i) {
      const double entry = eigen.vectors[at(i * rows + s)];
      axes.atac[at(i * axes.count + s)] = entry * weight;
      for (int64_t j = 0; j < columns; ++j) {
        axes.rna[at(j * axes.count + s)] +=
            product[at(i * columns + j)] * entry / singular * weight;
      }
    }
  }
  return axes;
}

Cloud turned(const Cloud& cloud, std::span<const double> axes, int64_t count) {
  Cloud result{count, std::vector<float>(at(cloud.size() * count)), cloud.types};
  for (int64_t cell = 0; cell < cloud.size(); ++cell) {
    const auto place = cloud.place(cell);
    for (int64_t s = 0; s < count; ++s) {
      double sum = 0;
      for (int64_t k = 0; k < cloud.axes; ++k) sum += place[at(k)] * axes[at(k * count + s)];
      result.places[at(cell * count + s)] = static_cast<float>(sum);
    }
  }
  return result;
}

/// Both modalities in their own spaces, and the genes that they are compared by.
class Matching {
 public:
  Matching(const TrainingCells& cells, const Halves& training, const Halves& validation,
           const Context& context)
      : context_(context) {
    const auto open = select_rows(cells.atac.open, training.atac);
    const auto weights = TfIdf::fit(open);
    atac_ = principal_space(weights.apply(open),
                            weights.apply(select_rows(cells.atac.open, validation.atac)), context);
    auto nearby = nearby_openness(cells.atac, open, context.pool);
    if (nearby.genes.empty()) {
      throw input_error(
          "no gene has a position and a peak near it, by which chromatin and RNA of different "
          "cells could be compared; give positions to prepare (--genes), or train with --guide "
          "off");
    }
    openness_ = std::move(nearby.values);
    const auto expression = select_rows(cells.rna.expression, training.rna);
    const Standardised standardised(expression);
    rna_ = principal_space(standardised.of(expression),
                           standardised.of(select_rows(cells.rna.expression, validation.rna)),
                           context);
    expression_ = select_columns(standardised.of(expression), nearby.genes);
    set_types(atac_, cells.atac.cells.type, cells.atac_labelled, training.atac, validation.atac);
    set_types(rna_, cells.rna.cells.type, cells.rna_labelled, training.rna, validation.rna);
  }

  MatchedHalves partners() {
    if (atac_.training.types.empty() != rna_.training.types.empty()) tell_types();
    context_.reporter.info(fmt::format(
        "chromatin and RNA of different cells are compared by {} genes with a peak near them{}",
        openness_.columns(),
        atac_.training.types.empty() ? "" : ", within the types of the cells"));
    const auto [atac, rna] = compared(atac_, rna_);
    return {nearest(atac.training, rna.training),
            nearest(atac.validation, rna.validation),
            {atac.training.types, rna.training.types}};
  }

 private:
  static void set_types(Clouds& clouds, const Categorical& type, bool known,
                        std::span<const int32_t> training, std::span<const int32_t> validation) {
    clouds.training.types = known_types(type, known, training);
    clouds.validation.types = known_types(type, known, validation);
  }

  struct Compared {
    Clouds atac, rna;
  };
  /// Along the axes that the spaces share, within types where both have them.
  Compared compared(Clouds atac, Clouds rna) const {
    take_out_types(atac);
    take_out_types(rna);
    const auto axes = shared_axes(loadings(atac.training, openness_),
                                  loadings(rna.training, expression_), openness_.columns());
    if (axes.count == 0) {
      throw input_error(
          "openness near genes and expression have nothing in common that varies between cells; "
          "train with --alignment published --guide off");
    }
    return {
        {turned(atac.training, axes.atac, axes.count),
         turned(atac.validation, axes.atac, axes.count)},
        {turned(rna.training, axes.rna, axes.count), turned(rna.validation, axes.rna, axes.count)}};
  }

  /// Types of the modality that has none, by those of the nearest training cells of the other.
  void tell_types() {
    Clouds atac = atac_, rna = rna_;
    for (auto* clouds : {&atac, &rna}) {
      clouds->training.types.clear();
      clouds->validation.types.clear();
    }
    const auto [a, r] = compared(std::move(atac), std::move(rna));
    const bool rna_knows = !rna_.training.types.empty();
    const Cloud& knowing = rna_knows ? r.training : a.training;
    const auto& types = rna_knows ? rna_.training.types : atac_.training.types;
    const Clouds& asking = rna_knows ? a : r;
    Clouds& told = rna_knows ? atac_ : rna_;
    told.training.types = votes(asking.training, knowing, types);
    told.validation.types = votes(asking.validation, knowing, types);
  }

  std::vector<int32_t> votes(const Cloud& asking, const Cloud& knowing,
                             std::span<const int32_t> types) const {
    const auto near = nearest_neighbours(asking.places, knowing.places, knowing.axes,
                                         {.count = kVoters}, context_);
    std::vector<int32_t> result;
    result.reserve(at(near.cells));
    for (int64_t cell = 0; cell < near.cells; ++cell) {
      std::vector<int32_t> count(at(type_count(types)), 0);
      for (const int32_t other : near.of(cell)) ++count[at(types[at(other)])];
      result.push_back(
          static_cast<int32_t>(std::max_element(count.begin(), count.end()) - count.begin()));
    }
    return result;
  }

  /// Partners of all cells of one cloud among those of the other, type by type.
  Partners nearest(const Cloud& atac, const Cloud& rna) const {
    Partners partners;
    partners.count = kPartners;
    partners.rna.assign(at(atac.size() * kPartners), 0);
    std::vector<std::vector<int32_t>> asking(at(type_count(atac.types)));
    for (int64_t cell = 0; cell < atac.size(); ++cell) {
      const int32_t type = atac.types.empty() ? 0 : atac.types[at(cell)];
      asking[at(type)].push_back(static_cast<int32_t>(cell));
    }
    for (size_t type = 0; type < asking.size(); ++type) {
      if (!asking[type].empty())
        fill(atac, rna, asking[type], static_cast<int32_t>(type), partners);
    }
    return partners;
  }

  void fill(const Cloud& atac, const Cloud& rna, std::span<const int32_t> asking, int32_t type,
            Partners& partners) const {
    std::vector<int32_t> asked;
    for (int64_t cell = 0; cell < rna.size(); ++cell) {
      if (rna.types.empty() || atac.types.empty() || rna.types[at(cell)] == type) {
        asked.push_back(static_cast<int32_t>(cell));
      }
    }
    if (asked.empty()) {
      for (int64_t cell = 0; cell < rna.size(); ++cell) asked.push_back(static_cast<int32_t>(cell));
    }
    const auto near =
        nearest_neighbours(places(atac, asking), places(rna, asked), atac.axes,
                           {.count = std::min<int64_t>(kPartners, std::ssize(asked))}, context_);
    for (size_t i = 0; i < asking.size(); ++i) {
      const auto of_cell = near.of(static_cast<int64_t>(i));
      for (int64_t k = 0; k < kPartners; ++k) {
        partners.rna[at(asking[i] * kPartners + k)] =
            asked[at(of_cell[at(k % std::ssize(of_cell))])];
      }
    }
  }

  static std::vector<float> places(const Cloud& cloud, std::span<const int32_t> cells) {
    std::vector<float> result;
    result.reserve(cells.size() * at(cloud.axes));
    for (const int32_t cell : cells) {
      const auto place = cloud.place(cell);
      result.insert(result.end(), place.begin(), place.end());
    }
    return result;
  }

  const Context& context_;
  Clouds atac_, rna_;
  CsrMatrix openness_;    ///< training cells × genes that can be compared
  CsrMatrix expression_;  ///< likewise
};

/// From places in lists of cells to the cells.
void name_cells(Partners& partners, std::span<const int32_t> atac, std::span<const int32_t> rna) {
  partners.atac.assign(atac.begin(), atac.end());
  for (int32_t& partner : partners.rna) partner = rna[at(partner)];
}

}  // namespace

std::vector<int32_t> Partners::draw(std::span<const int32_t> cells, uint64_t seed,
                                    uint64_t key) const {
  RandomStream random(seed, Purpose::kPartners, key);
  std::vector<int32_t> drawn;
  drawn.reserve(cells.size());
  for (const int32_t cell : cells) {
    const auto place = std::lower_bound(atac.begin(), atac.end(), cell) - atac.begin();
    drawn.push_back(rna[at(place * count + random.below(static_cast<uint32_t>(count)))]);
  }
  return drawn;
}

MatchedHalves find_partners(const TrainingCells& cells, const Halves& training,
                            const Halves& validation, const Context& context) {
  auto matched = Matching(cells, training, validation, context).partners();
  name_cells(matched.training, training.atac, training.rna);
  name_cells(matched.validation, validation.atac, validation.rna);
  return matched;
}

}  // namespace grids::core
