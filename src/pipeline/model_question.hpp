/// What is asked of a model of the user's own, whatever rows and model are read from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "io/feature_matrix.hpp"
#include "methods/explainer.hpp"
#include "pipeline/model_results.hpp"
#include "search/maskable_model.hpp"

namespace grids::core {

struct ModelArguments {
  std::vector<std::string> classes;
  std::string target_class, from_class;
  std::optional<int64_t> output;
  Direction direction = Direction::kDown;
  std::string perturbation = "zero";  ///< mean, or the path of a .npy
  double learn_share = 0.8;
  std::string image;
  std::string method = "grids";
  ExplainerOptions options;

  void describe(OptionSet& set);
  bool replaces_by_file() const { return perturbation != "zero" && perturbation != "mean"; }
};

/// Rows to learn on and to judge on; `learn` and `test` are rows of `all`, ascending.
struct ModelRows {
  FeatureMatrix all;
  int64_t first_of_test_file = 0;  ///< 0: they are of one file
  std::vector<int32_t> learn, test;
};

/// Rows of a second matrix behind those of the first. Throws Error(kInput) where they do not go
/// together.
void append(FeatureMatrix& matrix, FeatureMatrix more);

/// Those from `first_of_test` on are judged on; where that is 0, a share drawn by the seed. Throws
/// Error(kInput) where either has none.
ModelRows choose_rows(const ModelArguments& arguments, FeatureMatrix all, int64_t first_of_test,
                      const Context& context);

/// What each feature becomes when it is masked: zero, its mean over the rows learned on, or the
/// numbers of a .npy.
std::vector<float> replacement_of(const ModelArguments& arguments, const ModelRows& rows);

/// Throws Error(kInput) where --image is not of as many pixels as the rows have features.
void require_image(const ModelArguments& arguments, const FeatureMatrix& rows);

/// Asks the model, which messages call `name`; the result refers to `rows`. Throws what
/// `explain_model` throws, and Error(kInput) for classes and outputs that it does not have.
ModelResults ask_model(const ModelArguments& arguments, const MaskableModel& model,
                       const std::string& name, const ModelRows& rows, const Context& context);

}  // namespace grids::core
