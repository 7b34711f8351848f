#include "evaluate/knockout.hpp"

#include <algorithm>
#include <numeric>

#include "base/at.hpp"
#include "base/background.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "evaluate/set_columns.hpp"
#include "io/anndata.hpp"

namespace grids::core {
namespace {

/// Rows of the matrix that the writing thread is handed at once, in bytes, and how many such blocks
/// may wait: what is in memory at most, twice.
constexpr size_t kBlockBytes = size_t{1} << 25;
constexpr size_t kWaitingBlocks = 2;

/// The clamped outputs of the genes and, with maps, behind them what the maps make of them.
Measure knockout_measure(int64_t genes, std::span<const MonotoneMap* const> maps) {
  Measure measure{MeasureKind::kClamped, genes, {}};
  if (maps.empty()) return measure;
  measure.kind = MeasureKind::kMapped;
  for (const MonotoneMap* map : maps) measure.maps.push_back(*map);
  return measure;
}

void knock_out(const SurrogateModel& model, const MaskState& state, int64_t genes,
               std::span<const MonotoneMap* const> maps, const KnockoutSink& sink,
               const Context& context, const std::string& task) {
  const auto peaks = indices_below(model.shape().features);
  const auto cells = static_cast<double>(model.shape().cells);
  const Measure measure = knockout_measure(genes, maps);
  std::vector<double> means(at(measure.size()));
  Progress progress(context, task, model.shape().features);
  state.summed_changes(peaks, measure, [&](size_t i, int64_t, std::span<const double> changes) {
    for (size_t k = 0; k < means.size(); ++k) means[k] = changes[k] / cells;
    PeakKnockout knockout;
    knockout.peak = peaks[i];
    knockout.open_cells = static_cast<int64_t>(model.cells_of_peaks().row(peaks[i]).size());
    knockout.change = std::span(means).first(at(genes));
    knockout.change_cp100k = std::span(means).subspan(at(genes));
    sink(knockout);
    progress.advance();
  });
}

/// The state before any mask.
std::unique_ptr<MaskState> unmasked(const SurrogateModel& model, std::span<const int32_t> genes) {
  if (model.shape().cells == 0) throw input_error("knock-out: there are no cells");
  return model.begin({}, indices_below(model.shape().cells), genes);
}

/// Each gene's mean prediction, clamped.
std::vector<double> mean_predictions(const MaskState& state, size_t genes) {
  std::vector<double> means(genes, 0.0);
  const auto outputs = state.outputs();
  for (size_t i = 0; i < outputs.size(); ++i) means[i % genes] += std::max(outputs[i], 0.0f);
  const size_t cells = outputs.size() / genes;
  for (double& mean : means) mean /= static_cast<double>(cells);
  return means;
}

/// Hands rows to a matrix in blocks, on a thread of its own.
class MatrixInBackground {
 public:
  MatrixInBackground(DenseRowsWriter& writer, size_t columns)
      : writer_(writer), rows_(std::max<size_t>(1, kBlockBytes / (columns * sizeof(float)))) {
    block_.reserve(rows_ * columns);
  }

  void add(std::span<const double> row) {
    const size_t begin = block_.size();
    block_.resize(begin + row.size());
    std::transform(row.begin(), row.end(), block_.data() + begin,
                   [](double value) { return static_cast<float>(value); });
    if (++filled_ == rows_) hand_over();
  }

  void finish() {
    hand_over();
    background_.finish();
  }

 private:
  void hand_over() {
    std::vector<float> next;
    next.reserve(block_.capacity());
    std::swap(next, block_);
    filled_ = 0;
    background_.push([this, block = std::move(next)] { writer_.append(block); });
  }

  DenseRowsWriter& writer_;
  size_t rows_;
  size_t filled_ = 0;
  std::vector<float> block_;
  Background background_{kWaitingBlocks};  // the last member: its thread ends first
};

struct KnockoutRow {
  std::string_view cell_type;
  std::string_view gene;
  std::string_view peak;
  int64_t open_cells = 0;
  float change = 0;
  float change_cp100k = 0;
};

Columns<KnockoutRow> knockout_columns() {
  return {"knockout.tsv",
          "a row for each type, gene and peak; types as in the study, genes as given, then the "
          "strongest decrease first, equal ones in the order of the study",
          {{column::kCellType, &KnockoutRow::cell_type},
           {column::kGene, &KnockoutRow::gene},
           {column::kPeak, &KnockoutRow::peak},
           {"open_cells",
            "the type's cells in which the peak is open; where it is 0, closing the peak changes "
            "nothing and both changes are 0",
            &KnockoutRow::open_cells},
           {"change", "of the mean prediction, clamped at 0 in each cell: expression",
            &KnockoutRow::change},
           {column::kChangeCp100k, &KnockoutRow::change_cp100k}}};
}

}  // namespace

void knock_out(const SurrogateModel& model, std::span<const int32_t> genes,
               std::span<const MonotoneMap* const> maps, const KnockoutSink& sink,
               const Context& context, const std::string& task) {
  if (!maps.empty() && maps.size() != genes.size()) {
    throw internal_error("{} maps for {} genes", maps.size(), genes.size());
  }
  const auto state = unmasked(model, genes);
  knock_out(model, *state, static_cast<int64_t>(genes.size()), maps, sink, context, task);
}

void write_knockout_table(const std::filesystem::path& path, const Study& study,
                          const StudySurrogate& surrogate, std::span<const KnockoutCells> types,
                          std::span<const int32_t> genes, const std::map<int32_t, CountMap>& maps,
                          const Context& context) {
  std::vector<const MonotoneMap*> map_of;
  for (const int32_t gene : genes) map_of.push_back(&maps.at(gene).map);
  const auto peaks = at(study.peaks.size());
  std::vector<float> change(genes.size() * peaks);
  std::vector<float> change_cp100k(genes.size() * peaks);
  std::vector<int64_t> open_cells(peaks);
  const auto add_type = [&](const KnockoutCells& type, const auto& add) {
    const auto model = surrogate.model(study, type.cells, type.replacement, context.pool);
    const KnockoutSink keep = [&](const PeakKnockout& knockout) {
      const auto peak = at(knockout.peak);
      open_cells[peak] = knockout.open_cells;
      for (size_t g = 0; g < genes.size(); ++g) {
        change[g * peaks + peak] = static_cast<float>(knockout.change[g]);
        change_cp100k[g * peaks + peak] = static_cast<float>(knockout.change_cp100k[g]);
      }
    };
    knock_out(*model, genes, map_of, keep, context, "knock-out in " + type.name);
    auto order = indices_below(study.peaks.size());
    for (size_t g = 0; g < genes.size(); ++g) {
      const float* changes = change.data() + g * peaks;
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(),
                       [&](int32_t a, int32_t b) { return changes[a] < changes[b]; });
      for (const int32_t peak : order) {
        add({type.name, study.genes.names[at(genes[g])], study.peaks.names[at(peak)],
             open_cells[at(peak)], changes[peak], change_cp100k[g * peaks + at(peak)]});
      }
      context.check_cancelled();
    }
  };
  knockout_columns().write(path, [&](const auto& add) {
    for (const auto& type : types) add_type(type, add);
  });
}

TableText describe_knockout() {
  return knockout_columns().describe();
}

void write_knockout_h5ad(const std::filesystem::path& path, const SurrogateModel& model,
                         std::span<const int32_t> genes, const KnockoutNames& names,
                         const Context& context) {
  if (genes.empty() || names.peaks.size() != at(model.shape().features) ||
      names.genes.size() != at(model.shape().outputs)) {
    throw internal_error("knock-out of {} genes; names of {} of {} peaks and {} of {} genes",
                         genes.size(), names.peaks.size(), model.shape().features,
                         names.genes.size(), model.shape().outputs);
  }
  const auto state = unmasked(model, genes);
  Frame obs;
  obs.index.assign(names.peaks.begin(), names.peaks.end());
  std::vector<double> open_cells;
  for (int32_t peak = 0; peak < model.shape().features; ++peak) {
    open_cells.push_back(static_cast<double>(model.cells_of_peaks().row(peak).size()));
  }
  obs.columns = {{"open_cells", std::move(open_cells)}};
  Frame var;
  for (const int32_t gene : genes) var.index.push_back(names.genes[at(gene)]);
  var.columns = {{"mean_prediction", mean_predictions(*state, genes.size())}};
  write_h5ad(path, obs, var, [&](const store::GroupWriter& group) {
    for (const auto& [key, text] : names.notes) {
      write_text_element(group.group("uns"), key, text);
    }
    DenseRowsWriter writer(group, "X", static_cast<int64_t>(genes.size()), model.shape().features);
    MatrixInBackground matrix(writer, genes.size());
    knock_out(
        model, *state, static_cast<int64_t>(genes.size()), {},
        [&](const PeakKnockout& knockout) { matrix.add(knockout.change); }, context,
        "knock-out: " + path.filename().string());
    matrix.finish();
  });
}

}  // namespace grids::core
