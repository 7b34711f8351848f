#include "view/what_if.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "base/nan.hpp"
#include "evaluate/changes.hpp"
#include "explain/explain_stage.hpp"
#include "explain/search_domain.hpp"
#include "links/loci.hpp"
#include "math/exponential.hpp"

namespace grids::core {
namespace {

/// Genes of which models are kept: a viewer goes back and forth.
constexpr size_t kKeptGenes = 3;
/// Other genes that are told.
constexpr size_t kToldGenes = 20;
/// Cells of which all genes are predicted at once: bounds the memory.
constexpr size_t kCellsOfAllGenes = 256;
/// Cells of which rates are added up by one thread at a time: sums do not depend on the threads.
constexpr int64_t kCellsOfRates = 16;
/// Predictions of all genes that are kept, unmasked: 256 MB.
constexpr size_t kMostKept = size_t{1} << 26;

std::vector<float> clamped(std::span<const float> outputs, std::span<const int32_t> positions) {
  std::vector<float> values;
  values.reserve(positions.size());
  for (const int32_t i : positions) values.push_back(std::max(outputs[at(i)], 0.0f));
  return values;
}

double mean_rate(std::span<const float> predictions) {
  double sum = 0;
  for (const float value : predictions) sum += std::expm1(double{value});
  return sum / static_cast<double>(predictions.size());
}

/// Adds sign · rate of every gene in each row of `outputs` (rows × genes) to its sum.
void add_rates(ThreadPool& pool, std::span<const float> outputs, double sign,
               std::vector<double>& sums) {
  const auto genes = std::ssize(sums);
  const int64_t rows = std::ssize(outputs) / genes;
  const int64_t blocks = (rows + kCellsOfRates - 1) / kCellsOfRates;
  std::vector<std::vector<double>> of_blocks(at(blocks));
  pool.for_blocks(rows, kCellsOfRates, [&](int64_t begin, int64_t end, int64_t block) {
    auto& own = of_blocks[at(block)];
    own.assign(at(genes), 0.0);
    std::vector<double> rates(at(genes));
    for (int64_t row = begin; row < end; ++row) {
      expm1_of_positive(genes, outputs.data() + row * genes, rates.data());
      for (size_t g = 0; g < rates.size(); ++g) own[g] += rates[g];
    }
  });
  for (const auto& own : of_blocks) {
    for (size_t g = 0; g < own.size(); ++g) sums[g] += sign * own[g];
  }
}

double median_of_positive(const std::vector<double>& values) {
  std::vector<double> positive;
  std::copy_if(values.begin(), values.end(), std::back_inserter(positive),
               [](double value) { return value > 0; });
  if (positive.empty()) return 0;
  const auto middle = positive.begin() + static_cast<std::ptrdiff_t>(positive.size() / 2);
  std::nth_element(positive.begin(), middle, positive.end());
  return *middle;
}

std::vector<Feature> together(const PeakSwitches& switches) {
  std::vector<Feature> subset = switches.close;
  subset.insert(subset.end(), switches.open.begin(), switches.open.end());
  std::sort(subset.begin(), subset.end());
  return subset;
}

void require_apart(const Study& study, const PeakSwitches& switches) {
  for (const int32_t peak : switches.open) {
    if (std::find(switches.close.begin(), switches.close.end(), peak) != switches.close.end()) {
      throw usage_error("close and open: both name {}; a peak is one or the other",
                        study.peaks.names[at(peak)]);
    }
  }
}

/// Which cells of the model the switches change: 1.
std::vector<uint8_t> touched_cells(const SurrogateModel& model, const PeakSwitches& switches) {
  std::vector<uint8_t> touched(at(model.shape().cells), 0);
  for (const int32_t peak : switches.close) {
    for (const int32_t cell : model.cells_of_peaks().row(peak)) touched[at(cell)] = 1;
  }
  for (const int32_t peak : switches.open) {
    std::vector<uint8_t> closed(touched.size(), 1);
    for (const int32_t cell : model.cells_of_peaks().row(peak)) closed[at(cell)] = 0;
    for (size_t i = 0; i < touched.size(); ++i) touched[i] |= closed[i];
  }
  return touched;
}

std::vector<int32_t> among(std::span<const int32_t> positions, std::span<const uint8_t> marked) {
  std::vector<int32_t> chosen;
  std::copy_if(positions.begin(), positions.end(), std::back_inserter(chosen),
               [&](int32_t i) { return marked[at(i)] != 0; });
  return chosen;
}

/// A gene in every cell under a mask, not clamped, from what it is without: only the touched cells
/// are predicted.
std::vector<float> switched_outputs(const SurrogateModel& model, int32_t gene,
                                    const std::vector<float>& before,
                                    std::span<const Feature> subset,
                                    std::span<const int32_t> touched) {
  auto after = before;
  if (touched.empty()) return after;
  const auto state = model.begin(subset, touched, {&gene, 1});
  for (size_t i = 0; i < touched.size(); ++i) after[at(touched[i])] = state->outputs()[i];
  return after;
}

/// Unmasked predictions of all genes in the cells of a type.
struct GenesOfType {
  std::optional<int32_t> type;
  std::vector<float> outputs;  ///< cells × genes; empty where that would be too much
  std::vector<double> rates;   ///< summed over the cells
  double median = 0;           ///< of those above 0
};

}  // namespace

struct WhatIf::GeneModel {
  int32_t gene = 0;
  StudySurrogate surrogate;
  std::unique_ptr<const SurrogateModel> model;  ///< masks close
  std::vector<float> before;                    ///< the gene in every cell, unmasked, not clamped
  std::mutex mutex;
  std::shared_ptr<const GenesOfType> all_genes;  ///< of the type that was asked last
  /// The last layer for all genes, which takes longer to make than to use: kept, for models that
  /// open peaks as well.
  std::shared_ptr<const ModelOutputs> layer;

  GeneModel(int32_t asked, StudySurrogate of, std::unique_ptr<const SurrogateModel> made)
      : gene(asked), surrogate(std::move(of)), model(std::move(made)) {
    const auto state = model->begin({}, indices_below(model->shape().cells), {&gene, 1});
    before.assign(state->outputs().begin(), state->outputs().end());
  }

  std::shared_ptr<const GenesOfType> genes_of(std::optional<int32_t> type,
                                              std::span<const int32_t> positions,
                                              ThreadPool& pool) {
    const std::lock_guard lock(mutex);
    if (all_genes && all_genes->type == type) return all_genes;
    auto made = std::make_shared<GenesOfType>();
    made->type = type;
    const auto genes = indices_below(model->shape().outputs);
    if (!layer) layer = model->model_outputs(genes);
    const bool keeps = positions.size() * genes.size() <= kMostKept;
    made->rates.assign(genes.size(), 0.0);
    for (size_t first = 0; first < positions.size(); first += kCellsOfAllGenes) {
      const auto block =
          positions.subspan(first, std::min(kCellsOfAllGenes, positions.size() - first));
      const auto state = model->begin({}, block, genes);
      add_rates(pool, state->outputs(), 1, made->rates);
      if (!keeps) continue;
      made->outputs.insert(made->outputs.end(), state->outputs().begin(), state->outputs().end());
    }
    made->median = median_of_positive(made->rates);
    return all_genes = std::move(made);
  }
};

WhatIf::WhatIf(const Study& study, const StudySurrogate& surrogate, ThreadPool& pool)
    : study_(study), surrogate_(surrogate), pool_(pool), openness_(open_shares(study)) {
  for (int32_t cell = 0; cell < study.cells.size(); ++cell) {
    if (study.cells.split[at(cell)] != Split::kTest) cells_.push_back(cell);
  }
  of_types_.resize(study.cells.type.names.size());
  for (size_t i = 0; i < cells_.size(); ++i) {
    of_types_[at(study.cells.type.codes[at(cells_[i])])].push_back(static_cast<int32_t>(i));
  }
  everywhere_ = indices_below(std::ssize(cells_));
  base_ = surrogate.model(study, cells_, replace_by(study.peaks.size(), 0), pool);
}

WhatIf::~WhatIf() = default;

std::shared_ptr<WhatIf::GeneModel> WhatIf::model_of(int32_t gene) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(latest_.begin(), latest_.end(),
                                  [&](const auto& kept) { return kept->gene == gene; });
  if (found != latest_.end()) {
    std::rotate(found, found + 1, latest_.end());
    return latest_.back();
  }
  const auto asked = surrogate_.asked_for({&gene, 1});
  auto made = std::make_shared<GeneModel>(
      gene, asked, asked.model_like(*base_, study_, cells_, replace_by(study_.peaks.size(), 0)));
  if (latest_.size() == kKeptGenes) latest_.erase(latest_.begin());
  latest_.push_back(made);
  return made;
}

const WhatIf::Positions& WhatIf::positions_of(std::optional<int32_t> type) const {
  return type ? of_types_[at(*type)] : everywhere_;
}

std::unique_ptr<SurrogateModel> WhatIf::model_with_open(int32_t gene,
                                                        std::span<const int32_t> opened) const {
  auto replacement = replace_by(study_.peaks.size(), 0);
  for (const int32_t peak : opened) replacement[at(peak)] = 1;
  return surrogate_.asked_for({&gene, 1})
      .model_like(*base_, study_, cells_, std::move(replacement));
}

std::vector<double> WhatIf::changes_alone(const GeneModel& model, const ViewTarget& target,
                                          std::span<const int32_t> peaks) const {
  const auto& positions = positions_of(target.type);
  std::vector<double> changes(peaks.size(), positions.empty() ? kNaN : 0.0);
  if (positions.empty()) return changes;
  std::vector<Edit> edits;
  edits.reserve(peaks.size());
  for (const int32_t peak : peaks) edits.push_back({kNoFeature, peak});
  const auto before = clamped(model.before, positions);
  double rate = 0;
  for (const float x : before) rate += std::expm1(double{x});
  const auto state = model.model->begin({}, positions, {&target.gene, 1});
  // One edit is told once, by one thread: each writes its own number.
  state->outputs_after(
      edits, [&](size_t edit, std::span<const int32_t> touched, const OutputRows& outputs) {
        double sum = 0;
        for (size_t i = 0; i < touched.size(); ++i) {
          const double x = before[at(touched[i])];
          sum += std::exp(x) * std::expm1(std::max(double{outputs[i][0]}, 0.0) - x);
        }
        changes[edit] = rate > 0 ? sum / rate : kNaN;
      });
  return changes;
}

GeneView WhatIf::gene(const ViewTarget& target) {
  const auto model = model_of(target.gene);
  GeneView view;
  const auto peaks = peaks_within_reach(study_, {&target.gene, 1});
  const auto alone = changes_alone(*model, target, peaks);
  const size_t types = of_types_.size();
  const int64_t window = ExplainStageOptions().domain_window;
  view.peaks.reserve(peaks.size());
  for (size_t i = 0; i < peaks.size(); ++i) {
    const auto distance = distance_to_tss(study_, target.gene, peaks[i]);
    const auto shares = openness_.begin() + static_cast<std::ptrdiff_t>(at(peaks[i]) * types);
    view.peaks.push_back({peaks[i], distance, distance && std::abs(*distance) <= window,
                          std::vector<double>(shares, shares + static_cast<std::ptrdiff_t>(types)),
                          alone[i]});
  }
  view.genes = genes_within_reach(study_, {&target.gene, 1});
  for (size_t type = 0; type < types; ++type) {
    const auto& positions = of_types_[type];
    view.baseline.push_back(
        {study_.cells.type.names[type], std::ssize(positions),
         positions.empty() ? kNaN : mean_rate(clamped(model->before, positions))});
  }
  return view;
}

SwitchedView WhatIf::change(const ViewTarget& target, const PeakSwitches& switches) {
  require_apart(study_, switches);
  const auto gene = model_of(target.gene);
  const auto opens = switches.open.empty() ? nullptr : model_with_open(target.gene, switches.open);
  const SurrogateModel& model = opens ? *opens : *gene->model;
  const auto subset = together(switches);
  const auto marked = touched_cells(model, switches);
  const auto after =
      switched_outputs(model, target.gene, gene->before, subset, among(everywhere_, marked));
  SwitchedView view;
  const auto tell = [&](const std::string& name, const Positions& positions) {
    if (positions.empty()) return;
    const auto x = clamped(gene->before, positions), y = clamped(after, positions);
    view.types.push_back({name, std::ssize(positions), mean_rate(x), mean_rate(y),
                          predicted_change(x, y).rate_change});
  };
  if (!target.type) tell(kAllTypes, everywhere_);
  for (size_t type = 0; type < of_types_.size(); ++type) {
    tell(study_.cells.type.names[type], of_types_[type]);
  }
  view.others = other_genes(*gene, model, subset, marked, target);
  return view;
}

std::vector<SwitchedGene> WhatIf::other_genes(GeneModel& gene, const SurrogateModel& switched,
                                              std::span<const Feature> subset,
                                              std::span<const uint8_t> marked,
                                              const ViewTarget& target) const {
  const auto& positions = positions_of(target.type);
  const auto touched = among(positions, marked);
  if (touched.empty()) return {};
  const auto unmasked = gene.genes_of(target.type, positions, pool_);
  const auto genes = indices_below(switched.shape().outputs);
  const size_t width = genes.size();
  std::vector<double> changes(width, 0.0);
  // Both sums run over the same cells, so that a gene which nothing touches changes by exactly 0.
  std::vector<float> before;
  std::vector<int32_t> row_of(at(switched.shape().cells), -1);
  for (size_t i = 0; i < positions.size(); ++i) row_of[at(positions[i])] = static_cast<int32_t>(i);
  for (size_t first = 0; first < touched.size(); first += kCellsOfAllGenes) {
    const auto block =
        std::span(touched).subspan(first, std::min(kCellsOfAllGenes, touched.size() - first));
    if (unmasked->outputs.empty()) {
      const auto state = gene.model->begin({}, block, genes);
      before.assign(state->outputs().begin(), state->outputs().end());
    } else {
      before.clear();
      for (const int32_t cell : block) {
        const float* row = unmasked->outputs.data() + at(row_of[at(cell)]) * width;
        before.insert(before.end(), row, row + width);
      }
    }
    add_rates(pool_, before, -1, changes);
    add_rates(pool_, switched.begin(subset, block, genes)->outputs(), 1, changes);
  }
  std::vector<SwitchedGene> told;
  for (const int32_t other : genes) {
    const double rate = unmasked->rates[at(other)];
    if (other == target.gene || !(rate > 0) || rate < unmasked->median) continue;
    if (changes[at(other)] != 0) told.push_back({other, changes[at(other)] / rate});
  }
  std::stable_sort(told.begin(), told.end(), [](const SwitchedGene& a, const SwitchedGene& b) {
    return std::abs(a.rate_change) > std::abs(b.rate_change);
  });
  if (told.size() > kToldGenes) told.resize(kToldGenes);
  return told;
}

double WhatIf::rate_change(const ViewTarget& target, std::span<const int32_t> closed) {
  const auto gene = model_of(target.gene);
  const PeakSwitches switches{{closed.begin(), closed.end()}, {}};
  const auto subset = together(switches);
  const auto& positions = positions_of(target.type);
  const auto after = switched_outputs(*gene->model, target.gene, gene->before, subset,
                                      among(positions, touched_cells(*gene->model, switches)));
  return predicted_change(clamped(gene->before, positions), clamped(after, positions)).rate_change;
}

WhatIf::Search WhatIf::search(const ViewSearchQuestion& question) {
  const ViewTarget& target = question.target;
  const auto gene = model_of(target.gene);
  ObjectiveInput input;
  for (const int32_t i : positions_of(target.type)) {
    if (study_.cells.split[at(cells_[at(i)])] == Split::kTrain) input.cells.push_back(i);
  }
  if (input.cells.empty()) throw usage_error("cell_type: no training cells to search in");
  input.target = target.gene;
  Search search;
  search.set_size = std::min(question.set_size, study_.peaks.size());
  if (question.cis) {
    input.allowed =
        domain_peaks(study_, target.gene, SearchDomain::kCis, ExplainStageOptions().domain_window);
    if (input.allowed.empty()) {
      throw usage_error("domain: no peak lies in the window of the gene; search in all");
    }
    search.set_size = std::min(question.set_size, std::ssize(input.allowed));
  }
  LossOptions loss;
  loss.direction = question.direction;
  try {
    search.objective = make_objective(*gene->model, input, loss);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
    throw usage_error("gene: {}", error.what());
  }
  search.keeps = gene;
  return search;
}

}  // namespace grids::core
