#include "simulate/true_regulation_model.hpp"

#include <algorithm>
#include <cmath>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/random.hpp"

namespace grids::core {
namespace {

/// P(m of the causes are open), m = 0 … n, when each is open with its own probability.
std::vector<double> open_counts(std::span<const double> probabilities) {
  std::vector<double> counts = {1};
  for (const double p : probabilities) {
    counts.push_back(0);
    for (size_t m = counts.size(); m-- > 1;) counts[m] = counts[m] * (1 - p) + counts[m - 1] * p;
    counts[0] *= 1 - p;
  }
  return counts;
}

}  // namespace

/// Some cells under one subset.
class TrueRegulationState : public MaskState {
 public:
  TrueRegulationState(const TrueRegulationModel& model, std::span<const Feature> subset,
                      std::span<const int32_t> cells, std::span<const int32_t> outputs,
                      const Relaxation& relaxation = Noise())
      : model_(model),
        subset_(subset.begin(), subset.end()),
        cells_(cells.begin(), cells.end()),
        genes_(outputs.begin(), outputs.end()) {
    if (const auto* noise = std::get_if<Noise>(&relaxation)) {
      noise_ = *noise;
    } else {
      const auto gates = std::get<std::span<const CellGates>>(relaxation);
      gates_.assign(gates.begin(), gates.end());
    }
    std::sort(subset_.begin(), subset_.end());
    for (size_t i = 0; i < cells_.size(); ++i) {
      position_.emplace_back(cells_[i], static_cast<int32_t>(i));
    }
    std::sort(position_.begin(), position_.end());
    outputs_.resize(cells_.size() * genes_.size());
    for (size_t i = 0; i < cells_.size(); ++i) compute(i, {}, outputs_.data() + i * genes_.size());
  }

  std::span<const Feature> subset() const override { return subset_; }
  std::span<const float> outputs() const override { return outputs_; }

  void outputs_after(std::span<const Edit> edits, const EditSink& sink) const override {
    std::vector<float> values;
    std::vector<const float*> rows;
    for (size_t e = 0; e < edits.size(); ++e) {
      const auto touched = positions_of(edits[e]);
      values.resize(touched.size() * genes_.size());
      rows.clear();
      for (size_t i = 0; i < touched.size(); ++i) {
        float* row = values.data() + i * genes_.size();
        compute(at(touched[i]), edits[e], row);
        rows.push_back(row);
      }
      sink(e, touched, {rows, genes_.size()});
    }
  }

  void apply(Edit edit) override {
    const auto touched = positions_of(edit);
    for (const int32_t position : touched) {
      compute(at(position), edit, outputs_.data() + at(position) * genes_.size());
    }
    std::erase(subset_, edit.out);
    if (edit.in != kNoFeature) {
      subset_.insert(std::lower_bound(subset_.begin(), subset_.end(), edit.in), edit.in);
    }
  }

  std::unique_ptr<MaskState> on(std::span<const int32_t> positions) const override {
    std::vector<int32_t> cells;
    for (const int32_t position : positions) cells.push_back(cells_[at(position)]);
    return std::make_unique<TrueRegulationState>(model_, subset_, cells, genes_, noise_);
  }

  void cell_gains(std::span<const float> cotangent, const CellGainSink& sink) const override {
    std::vector<float> dense(at(model_.shape().features), 0.0f);
    std::vector<float> gains;
    for (size_t i = 0; i < cells_.size(); ++i) {
      const auto add = [&](Feature j, double gain) { dense[at(j)] += static_cast<float>(gain); };
      add_gains(i, cotangent.subspan(i * genes_.size(), genes_.size()), add);
      const auto features = changeable(i);
      gains.clear();
      for (const Feature feature : features) gains.push_back(dense[at(feature)]);
      sink(i, features, gains);
      for (const int32_t gene : genes_) {
        for (const Feature cause : causes(gene)) dense[at(cause)] = 0;
      }
    }
  }

  void gains(std::span<const float> cotangent, std::span<double> gains) const override {
    std::fill(gains.begin(), gains.end(), 0.0);
    const auto add = [&](Feature j, double gain) { gains[at(j)] += gain; };
    for (size_t i = 0; i < cells_.size(); ++i) {
      add_gains(i, cotangent.subspan(i * genes_.size(), genes_.size()), add);
    }
  }

 private:
  std::span<const Feature> causes(int32_t output) const {
    return model_.regulation_.causes(model_.input_.genes[at(output)]);
  }
  float replacement(Feature j) const { return model_.input_.replacement[at(j)]; }
  bool is_open(size_t position, Feature j) const {
    return model_.input_.open.contains(cells_[position], j);
  }
  bool is_masked(Feature j, Edit edit) const {
    if (j == edit.in) return true;
    return j != edit.out && std::binary_search(subset_.begin(), subset_.end(), j);
  }

  double gate(size_t position, Feature j) const {
    if (gates_.empty()) return 0;
    const auto& features = gates_[position].features;
    const auto place = std::lower_bound(features.begin(), features.end(), j);
    if (place == features.end() || *place != j) return 0;
    return gates_[position].gates[static_cast<size_t>(place - features.begin())];
  }

  /// x_j before any mask of the subset.
  double unmasked(size_t position, Feature j) const {
    const double x = is_open(position, j) ? 1 : 0;
    const double g = gate(position, j);
    if (g == 1) return replacement(j);
    if (g != 0) return x + g * (double{replacement(j)} - x);
    if (noise_.deviation == 0) return x;
    const uint64_t step = noise_.copy << 32 | static_cast<uint32_t>(cells_[position]);
    RandomStream random(noise_.seed, Purpose::kNoise, step, static_cast<uint32_t>(j));
    return x + noise_.deviation * random.normal();
  }

  /// The features with x ≠ p.
  std::vector<Feature> changeable(size_t position) const {
    const auto open = model_.input_.open.row(cells_[position]);
    if (model_.masks_only_open_) return {open.begin(), open.end()};
    std::vector<Feature> features;
    for (Feature j = 0; j < model_.shape().features; ++j) {
      if (replacement(j) != (is_open(position, j) ? 1.0f : 0.0f)) features.push_back(j);
    }
    return features;
  }

  /// Positions at which an edit puts another value in, ascending.
  std::vector<int32_t> positions_of(Edit edit) const {
    std::vector<int32_t> positions;
    for (const Feature j : {edit.out, edit.in}) {
      if (j == kNoFeature) continue;
      if (replacement(j) == 0) {
        for (const int32_t cell : model_.cells_of_peak_.row(j)) {
          const std::pair<int32_t, int32_t> first{cell, 0};
          for (auto at_cell = std::lower_bound(position_.begin(), position_.end(), first);
               at_cell != position_.end() && at_cell->first == cell; ++at_cell) {
            positions.push_back(at_cell->second);
          }
        }
      } else {
        for (size_t i = 0; i < cells_.size(); ++i) {
          if (replacement(j) != (is_open(i, j) ? 1.0f : 0.0f)) {
            positions.push_back(static_cast<int32_t>(i));
          }
        }
      }
    }
    std::sort(positions.begin(), positions.end());
    positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
    return positions;
  }

  double state_rate(size_t position, int32_t output) const {
    const auto& input = model_.input_;
    return input.state_rates[at(cells_[position]) * input.genes.size() + at(output)];
  }

  /// E[cis] were each cause open with probability x_j.
  double expected_cis(size_t position, int32_t output, std::span<const double> x) const {
    const auto counts = open_counts(x);
    double expected = 0;
    for (size_t m = 0; m < counts.size(); ++m) {
      expected += counts[m] * model_.regulation_.cis(model_.input_.genes[at(output)],
                                                     model_.input_.types[at(cells_[position])],
                                                     static_cast<int>(m));
    }
    return expected;
  }

  std::vector<double> cause_values(size_t position, int32_t output, Edit edit) const {
    std::vector<double> x;
    for (const Feature j : causes(output)) {
      x.push_back(is_masked(j, edit) ? double{replacement(j)} : unmasked(position, j));
    }
    return x;
  }

  /// The outputs of one cell after the edit. Noise can make the extension negative, rates not.
  void compute(size_t position, Edit edit, float* row) const {
    for (size_t o = 0; o < genes_.size(); ++o) {
      const auto x = cause_values(position, genes_[o], edit);
      const double rate = state_rate(position, genes_[o]) * expected_cis(position, genes_[o], x);
      row[o] = static_cast<float>(std::log1p(std::max(rate, 0.0)));
    }
  }

  template <typename Add>
  void add_gains(size_t position, std::span<const float> cotangent, const Add& add) const {
    for (size_t o = 0; o < genes_.size(); ++o) {
      const auto own = causes(genes_[o]);
      auto x = cause_values(position, genes_[o], {});
      const double state = state_rate(position, genes_[o]);
      const double rate = std::max(state * expected_cis(position, genes_[o], x), 0.0);
      for (size_t k = 0; k < own.size(); ++k) {
        const double step = double{replacement(own[k])} - (is_open(position, own[k]) ? 1 : 0);
        if (step == 0) continue;
        const double kept = x[k];
        x[k] = 1;
        const double with = expected_cis(position, genes_[o], x);
        x[k] = 0;
        const double without = expected_cis(position, genes_[o], x);
        x[k] = kept;
        add(own[k], double{cotangent[o]} * state * (with - without) / (1 + rate) * step);
      }
    }
  }

  const TrueRegulationModel& model_;
  Noise noise_;
  std::vector<CellGates> gates_;  ///< a cell; empty without gates
  std::vector<Feature> subset_;
  std::vector<int32_t> cells_;
  std::vector<std::pair<int32_t, int32_t>> position_;  ///< cell, position; sorted
  std::vector<int32_t> genes_;                         ///< outputs of the model
  std::vector<float> outputs_;
};

TrueRegulationModel::TrueRegulationModel(const TrueRegulation& regulation,
                                         TrueRegulationInput input)
    : regulation_(regulation), input_(std::move(input)), cells_of_peak_(transpose(input_.open)) {
  const size_t cells = at(input_.open.rows);
  if (input_.types.size() != cells || input_.state_rates.size() != cells * input_.genes.size() ||
      input_.replacement.size() != at(input_.open.columns)) {
    throw internal_error("{} cells and {} peaks, but {} types, {} state rates, {} replacements",
                         cells, input_.open.columns, input_.types.size(), input_.state_rates.size(),
                         input_.replacement.size());
  }
  masks_only_open_ = std::all_of(input_.replacement.begin(), input_.replacement.end(),
                                 [](float p) { return p == 0; });
}

ModelShape TrueRegulationModel::shape() const {
  return {static_cast<int32_t>(input_.open.rows), static_cast<int32_t>(input_.open.columns),
          static_cast<int32_t>(input_.genes.size())};
}

std::unique_ptr<MaskState> TrueRegulationModel::begin(std::span<const Feature> subset,
                                                      std::span<const int32_t> cells,
                                                      std::span<const int32_t> outputs) const {
  return std::make_unique<TrueRegulationState>(*this, subset, cells, outputs);
}

std::unique_ptr<GradientState> TrueRegulationModel::begin_relaxed(
    std::span<const int32_t> cells, std::span<const int32_t> outputs,
    const Relaxation& relaxation) const {
  const auto* gates = std::get_if<std::span<const CellGates>>(&relaxation);
  if (gates != nullptr && gates->size() != cells.size()) {
    throw internal_error("gates of {} cells for {}", gates->size(), cells.size());
  }
  return std::make_unique<TrueRegulationState>(*this, std::span<const Feature>(), cells, outputs,
                                               relaxation);
}

}  // namespace grids::core
