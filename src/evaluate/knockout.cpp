#include "evaluate/knockout.hpp"

#include <algorithm>
#include <tuple>

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

  void add(std::span<const float> row) {
    block_.insert(block_.end(), row.begin(), row.end());
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

/// What every peak changes in the cells of one type, as the table's rows need it: by gene.
class TypeKnockout {
 public:
  TypeKnockout(size_t genes, size_t peaks)
      : peaks_(peaks), open_cells_(peaks), change_(genes * peaks), change_cp100k_(genes * peaks) {}

  void keep(const PeakKnockout& knockout) {
    open_cells_[at(knockout.peak)] = knockout.open_cells;
    for (size_t g = 0; g < knockout.change.size(); ++g) {
      change_[place(g, knockout.peak)] = static_cast<float>(knockout.change[g]);
      change_cp100k_[place(g, knockout.peak)] = static_cast<float>(knockout.change_cp100k[g]);
    }
  }

  std::vector<int32_t> strongest_first(size_t gene) const {
    auto order = indices_below(static_cast<int64_t>(peaks_));
    std::stable_sort(order.begin(), order.end(),
                     [&](int32_t a, int32_t b) { return change(gene, a) < change(gene, b); });
    return order;
  }

  int64_t open_cells(int32_t peak) const { return open_cells_[at(peak)]; }
  float change(size_t gene, int32_t peak) const { return change_[place(gene, peak)]; }
  float change_cp100k(size_t gene, int32_t peak) const { return change_cp100k_[place(gene, peak)]; }

 private:
  size_t place(size_t gene, int32_t peak) const { return gene * peaks_ + at(peak); }

  size_t peaks_;
  std::vector<int64_t> open_cells_;
  std::vector<float> change_, change_cp100k_;
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

void knock_out(const SurrogateModel& model, const KnockoutGenes& genes, const KnockoutSink& sink,
               const Context& context, const std::string& task) {
  if (!genes.maps.empty() && genes.maps.size() != genes.genes.size()) {
    throw internal_error("{} maps for {} genes", genes.maps.size(), genes.genes.size());
  }
  const KnockoutOfCells masked(model, genes);
  Progress progress(context, task, model.shape().features);
  masked.mask(indices_below(model.shape().features), sink, progress);
}

KnockoutOfCells::KnockoutOfCells(const SurrogateModel& model, const KnockoutGenes& genes)
    : model_(model), genes_(genes), state_(unmasked(model, genes.genes)) {}

KnockoutOfCells::~KnockoutOfCells() = default;

void KnockoutOfCells::mask(std::span<const int32_t> peaks, const KnockoutSink& sink,
                           Progress& progress) const {
  const size_t count = genes_.genes.size();
  const auto cells = static_cast<double>(model_.shape().cells);
  const Measure measure = knockout_measure(static_cast<int64_t>(count), genes_.maps);
  std::vector<double> means(at(measure.size()));
  state_->summed_changes(peaks, measure, [&](size_t i, int64_t, std::span<const double> changes) {
    for (size_t k = 0; k < means.size(); ++k) means[k] = changes[k] / cells;
    PeakKnockout knockout;
    knockout.peak = peaks[i];
    knockout.open_cells = static_cast<int64_t>(model_.cells_of_peaks().row(peaks[i]).size());
    knockout.change = std::span(means).first(count);
    knockout.change_cp100k = std::span(means).subspan(count);
    sink(knockout);
    progress.advance();
  });
}

std::vector<double> KnockoutOfCells::mean_predictions() const {
  return grids::core::mean_predictions(*state_, genes_.genes.size());
}

void write_knockout_table(const std::filesystem::path& path, const Study& study,
                          const StudySurrogate& surrogate, const KnockoutPlan& plan,
                          const std::map<int32_t, CountMap>& maps, const Context& context) {
  std::vector<const MonotoneMap*> map_of;
  for (const int32_t gene : plan.genes) map_of.push_back(&maps.at(gene).map);
  write_knockout_table(
      path, study, plan,
      [&](size_t place, const KnockoutSink& sink) {
        const auto& type = plan.types[place];
        const auto model = surrogate.model(study, type.cells, type.replacement, context.pool);
        knock_out(*model, {plan.genes, map_of}, sink, context, "knock-out in " + type.name);
      },
      context);
}

void write_knockout_table(const std::filesystem::path& path, const Study& study,
                          const KnockoutPlan& plan, const KnockoutSource& source,
                          const Context& context) {
  TypeKnockout knockout(plan.genes.size(), at(study.peaks.size()));
  knockout_columns().write(path, [&](const auto& add) {
    for (size_t place = 0; place < plan.types.size(); ++place) {
      source(place, [&](const PeakKnockout& peak) { knockout.keep(peak); });
      for (size_t g = 0; g < plan.genes.size(); ++g) {
        for (const int32_t peak : knockout.strongest_first(g)) {
          add({plan.types[place].name, study.genes.names[at(plan.genes[g])],
               study.peaks.names[at(peak)], knockout.open_cells(peak), knockout.change(g, peak),
               knockout.change_cp100k(g, peak)});
        }
        context.check_cancelled();
      }
    }
  });
}

void write_near_knockout(const std::filesystem::path& path, const Study& study,
                         const KnockoutPlan& plan,
                         const std::function<std::vector<NearKnockout>(size_t type)>& source,
                         const Context& context) {
  knockout_columns().write(path, [&](const auto& add) {
    for (size_t place = 0; place < plan.types.size(); ++place) {
      auto rows = source(place);
      std::sort(rows.begin(), rows.end(), [](const NearKnockout& a, const NearKnockout& b) {
        return std::tie(a.gene, a.change, a.peak) < std::tie(b.gene, b.change, b.peak);
      });
      for (const auto& row : rows) {
        add({plan.types[place].name, study.genes.names[at(plan.genes.at(row.gene))],
             study.peaks.names[at(row.peak)], row.open_cells, row.change, row.change_cp100k});
      }
      context.check_cancelled();
    }
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
  const KnockoutOfCells masked(model, {genes});
  KnockoutFrames frames;
  for (int32_t peak = 0; peak < model.shape().features; ++peak) {
    frames.open_cells.push_back(static_cast<double>(model.cells_of_peaks().row(peak).size()));
  }
  frames.mean_prediction = masked.mean_predictions();
  write_knockout_h5ad(path, genes, names, frames, [&](const auto& add) {
    std::vector<float> row(genes.size());
    Progress progress(context, "knock-out: " + path.filename().string(), model.shape().features);
    masked.mask(
        indices_below(model.shape().features),
        [&](const PeakKnockout& knockout) {
          std::transform(knockout.change.begin(), knockout.change.end(), row.begin(),
                         [](double value) { return static_cast<float>(value); });
          add(row);
        },
        progress);
  });
}

void write_knockout_h5ad(const std::filesystem::path& path, std::span<const int32_t> genes,
                         const KnockoutNames& names, const KnockoutFrames& frames,
                         const KnockoutRows& rows) {
  Frame obs;
  obs.index.assign(names.peaks.begin(), names.peaks.end());
  obs.columns = {{"open_cells", frames.open_cells}};
  Frame var;
  for (const int32_t gene : genes) var.index.push_back(names.genes[at(gene)]);
  var.columns = {{"mean_prediction", frames.mean_prediction}};
  write_h5ad(path, obs, var, [&](const store::GroupWriter& group) {
    for (const auto& [key, text] : names.notes) {
      write_text_element(group.group("uns"), key, text);
    }
    DenseRowsWriter writer(group, "X", std::ssize(genes), std::ssize(names.peaks));
    MatrixInBackground matrix(writer, genes.size());
    rows([&](std::span<const float> row) { matrix.add(row); });
    matrix.finish();
  });
}

void describe_cells(OptionSet& set, CellChoice& choice) {
  set.choice<CellChoice>("--cells", choice,
                         {{"test", CellChoice::kTest},
                          {"validation", CellChoice::kValidation},
                          {"train", CellChoice::kTrain},
                          {"all", CellChoice::kAll}},
                         "Cells over which the prediction is averaged");
}

std::vector<int32_t> chosen_cells(const Study& study, CellChoice choice, int32_t type) {
  switch (choice) {
    case CellChoice::kTest:
      return study.cells_of(Split::kTest, type);
    case CellChoice::kValidation:
      return study.cells_of(Split::kValidation, type);
    case CellChoice::kTrain:
      return study.cells_of(Split::kTrain, type);
    case CellChoice::kAll:
      break;
  }
  std::vector<int32_t> cells;
  for (int32_t cell = 0; cell < study.cells.size(); ++cell) {
    if (study.cells.type.codes[static_cast<size_t>(cell)] == type) cells.push_back(cell);
  }
  return cells;
}

}  // namespace grids::core
