/// A maskable model that is a formula, for tests that must know the truth: one output, cells with
/// every feature open (1), masked to 0. The formula must be linear in each feature alone, so that
/// its gradient is a difference.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "search/maskable_model.hpp"

namespace grids::core::testing {

using Formula = std::function<double(const std::vector<double>& features)>;

class FormulaState : public MaskState {
 public:
  FormulaState(const Formula& formula, int32_t features, std::span<const Feature> subset,
               int64_t cells, std::span<const CellGates> gates = {})
      : formula_(formula),
        features_(features),
        subset_(subset.begin(), subset.end()),
        gates_(gates.begin(), gates.end()) {
    std::sort(subset_.begin(), subset_.end());
    outputs_.resize(static_cast<size_t>(cells));
    renew();
  }

  std::span<const Feature> subset() const override { return subset_; }
  std::span<const float> outputs() const override { return outputs_; }

  void outputs_after(std::span<const Edit> edits, const EditSink& sink) const override {
    std::vector<int32_t> positions;
    for (size_t i = 0; i < outputs_.size(); ++i) positions.push_back(static_cast<int32_t>(i));
    for (size_t e = 0; e < edits.size(); ++e) {
      FormulaState after(formula_, features_, subset_, static_cast<int64_t>(outputs_.size()));
      after.apply(edits[e]);
      std::vector<const float*> rows;
      for (const float& output : after.outputs_) rows.push_back(&output);
      sink(e, positions, {rows, 1});
    }
  }

  void apply(Edit edit) override {
    std::erase(subset_, edit.out);
    if (edit.in != kNoFeature) {
      subset_.insert(std::lower_bound(subset_.begin(), subset_.end(), edit.in), edit.in);
    }
    renew();
  }

  std::unique_ptr<MaskState> on(std::span<const int32_t> positions) const override {
    return std::make_unique<FormulaState>(formula_, features_, subset_,
                                          static_cast<int64_t>(positions.size()));
  }

  void cell_gains(std::span<const float> cotangent, const CellGainSink& sink) const override {
    std::vector<Feature> features;
    for (Feature j = 0; j < features_; ++j) features.push_back(j);
    for (size_t position = 0; position < cotangent.size(); ++position) {
      std::vector<double> own(features.size());
      add_gains(position, cotangent[position], own);
      sink(position, features, std::vector<float>(own.begin(), own.end()));
    }
  }

  void gains(std::span<const float> cotangent, std::span<double> gains) const override {
    std::fill(gains.begin(), gains.end(), 0.0);
    for (size_t i = 0; i < cotangent.size(); ++i) add_gains(i, cotangent[i], gains);
  }

 private:
  void add_gains(size_t position, double weight, std::span<double> gains) const {
    auto x = values(position);
    for (size_t j = 0; j < gains.size(); ++j) {
      const double kept = std::exchange(x[j], 0);
      const double closed = formula_(x);
      x[j] = 1;
      gains[j] += weight * (closed - formula_(x));
      x[j] = kept;
    }
  }
  std::vector<double> values(size_t position) const {
    std::vector<double> x(static_cast<size_t>(features_), 1.0);
    for (const Feature feature : subset_) x[static_cast<size_t>(feature)] = 0;
    if (gates_.empty()) return x;
    for (size_t i = 0; i < gates_[position].features.size(); ++i) {
      x[static_cast<size_t>(gates_[position].features[i])] -= gates_[position].gates[i];
    }
    return x;
  }
  void renew() {
    for (size_t i = 0; i < outputs_.size(); ++i) {
      outputs_[i] = static_cast<float>(formula_(values(i)));
    }
  }

  const Formula& formula_;
  int32_t features_;
  std::vector<Feature> subset_;
  std::vector<CellGates> gates_;
  std::vector<float> outputs_;
};

class FormulaModel : public MaskableModel {
 public:
  FormulaModel(int32_t features, Formula formula)
      : features_(features), formula_(std::move(formula)) {}

  ModelShape shape() const override { return {3, features_, 1}; }
  std::unique_ptr<MaskState> begin(std::span<const Feature> subset, std::span<const int32_t> cells,
                                   std::span<const int32_t>) const override {
    return std::make_unique<FormulaState>(formula_, features_, subset,
                                          static_cast<int64_t>(cells.size()));
  }
  /// Gates only.
  std::unique_ptr<GradientState> begin_relaxed(std::span<const int32_t> cells,
                                               std::span<const int32_t> outputs,
                                               const Relaxation& relaxation) const override {
    const auto* gates = std::get_if<std::span<const CellGates>>(&relaxation);
    if (gates == nullptr) return MaskableModel::begin_relaxed(cells, outputs, relaxation);
    return std::make_unique<FormulaState>(formula_, features_, std::span<const Feature>(),
                                          static_cast<int64_t>(cells.size()), *gates);
  }

 private:
  int32_t features_;
  Formula formula_;
};

/// Features 2 and 5 each suffice to hold the gene up (an OR); every other feature j adds a little,
/// a · (j + 1). Masking 2 or 5 alone changes nothing, and neither gradient says otherwise.
inline FormulaModel redundant_pair(double strength = 3, double a = 0.1) {
  return FormulaModel(8, [strength, a](const std::vector<double>& x) {
    double sum = strength * (1 - (1 - x[2]) * (1 - x[5]));
    for (size_t j = 0; j < x.size(); ++j) {
      if (j != 2 && j != 5) sum += a * static_cast<double>(j + 1) * x[j];
    }
    return sum;
  });
}

}  // namespace grids::core::testing
