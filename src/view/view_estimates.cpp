#include "view/view_estimates.hpp"

#include <algorithm>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "base/nan.hpp"
#include "evaluate/contrast.hpp"
#include "redundancy/fit_rates.hpp"
#include "redundancy/measurement.hpp"
#include "study/chromatin.hpp"

namespace grids::core {
namespace {

std::vector<float> clamped_outputs(const SurrogateModel& model, std::span<const Feature> subset,
                                   int32_t gene) {
  const auto state = model.begin(subset, indices_below(model.shape().cells), {&gene, 1});
  std::vector<float> values(state->outputs().begin(), state->outputs().end());
  for (float& value : values) value = std::max(value, 0.0f);
  return values;
}

std::vector<Element> viewed_elements(const Study& study, int32_t gene,
                                     std::span<const int32_t> peaks) {
  std::vector<int32_t> sorted(peaks.begin(), peaks.end());
  std::sort(sorted.begin(), sorted.end());
  auto elements = elements_of(study, gene, sorted);
  if (elements.empty()) throw usage_error("peaks: name at least one");
  if (elements.size() > kMostJudged) {
    throw usage_error(
        "peaks: they are {} elements (peaks less than 1 kb apart are one), and a table of settings "
        "takes at most {}; choose fewer",
        elements.size(), kMostJudged);
  }
  return elements;
}

}  // namespace

ViewEstimates::ViewEstimates(const Study& study, const StudySurrogate& surrogate,
                             const Context& context)
    : study_(study), surrogate_(surrogate), context_(context) {}

std::vector<int32_t> ViewEstimates::cells_of(Cells which, std::optional<int32_t> type) const {
  if (which == Cells::kTest) return study_.cells_of(Split::kTest, type);
  std::vector<int32_t> cells = study_.cells_of(Split::kTrain, type);
  const auto validation = study_.cells_of(Split::kValidation, type);
  cells.insert(cells.end(), validation.begin(), validation.end());
  std::sort(cells.begin(), cells.end());
  return cells;
}

const StateCovariates& ViewEstimates::state() {
  if (!state_) {
    state_ = std::make_unique<const StateCovariates>(study_, surrogate_,
                                                     options_.contrast.components, context_);
  }
  return *state_;
}

std::shared_ptr<const JudgedCells> ViewEstimates::judged(Cells which, std::optional<int32_t> type) {
  const std::lock_guard lock(mutex_);
  auto& kept = judged_[{which, type}];
  if (!kept) {
    kept = std::make_shared<const JudgedCells>(
        judged_cells(study_, state(), cells_of(which, type), options_, context_));
  }
  return kept;
}

ViewedSettings ViewEstimates::settings(const ViewTarget& target, std::span<const int32_t> peaks) {
  const auto elements = viewed_elements(study_, target.gene, peaks);
  ViewedSettings view;
  for (const auto& element : elements) {
    view.elements.push_back({place_of(study_, element), element.peaks});
  }
  const auto cells = cells_of(Cells::kSeen, target.type);
  if (cells.empty()) throw usage_error("cell_type: no training or validation cells");
  const StudySurrogate asked = surrogate_.asked_for({&target.gene, 1});
  std::vector<double> fit, other(cells.size(), 0.0);
  if (asked.path_of(target.gene) != GenePath::kState) {
    const FitOfGene of_gene(study_, asked, target.gene, cells, context_.pool);
    fit = of_gene.rates(elements);
    other = of_gene.other_terms(elements);
  }
  SettingRates measured;
  if (study_.has_counts()) {
    const auto shared = judged(Cells::kSeen, target.type);
    const Measurement measurement(study_, target.gene, elements, *shared, other);
    measured = measured_rates(measurement.data, options_.rates);
    view.note = measured.problem;
  } else {
    view.note = study_.paired ? "counts: there are none" : kNeedsPairs;
    measured.cells.resize(size_t{1} << elements.size());
    for (const Setting setting : settings_of(study_, elements, cells)) {
      ++measured.cells[setting].cells;
    }
    for (auto& each : measured.cells) each.counts = kNaN;
  }
  for (Setting setting = 0; setting <= all_open(elements.size()); ++setting) {
    view.rows.push_back({setting, fit.empty() ? kNaN : fit[setting], rate_of(measured, setting),
                         measured.cells[setting].cells, measured.cells[setting].counts});
  }
  return view;
}

int64_t ViewEstimates::test_cells(const ViewTarget& target) const {
  return std::ssize(study_.cells_of(Split::kTest, target.type));
}

Contrast ViewEstimates::judge(const ViewTarget& target, std::span<const int32_t> peaks) {
  std::vector<Feature> closed(peaks.begin(), peaks.end());
  std::sort(closed.begin(), closed.end());
  const auto shared = judged(Cells::kTest, target.type);
  const StudySurrogate asked = surrogate_.asked_for({&target.gene, 1});
  const auto model =
      asked.model(study_, shared->cells, replace_by(study_.peaks.size(), 0), context_.pool);
  const auto before = clamped_outputs(*model, {}, target.gene);
  const auto after = clamped_outputs(*model, closed, target.gene);
  const ContrastOptions& options = options_.contrast;
  const auto change = shared->contrast.counted
                          ? predicted_log_change(before, after, options.rate_floor)
                          : predicted_value_change(before, after);
  const auto baseline = contrast_baseline(study_, target.gene, shared->contrast, options);
  return contrast(shared->contrast, baseline, change, options);
}

}  // namespace grids::core
