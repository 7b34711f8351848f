/// CXPlain (Schwab & Karlen 2019, "CXPlain: Causal explanations for model interpretation under
/// uncertainty", NeurIPS): a network that is shown a cell predicts which share of the effect of all
/// masks each block of features has.
///
/// *Targets*: blocks of 4 neighbouring features are masked one at a time in each cell; a block's
/// share is how far that moves the objective towards the goal (CellChanges, at least 0), divided by
/// the sum over the blocks. (The published scripts for peaks reward masks that move it away; here
/// importance is what the mask does for the search.) Cells in which no block moves it towards the
/// goal teach nothing.
///
/// *Network*: a U-Net, 1 unit wide (unet.hpp), over the features in their order, a softmax over the
/// blocks at the end, trained for the Kullback–Leibler divergence of its shares from the targets by
/// Adam in batches of cells, until held-out cells have not gained for some epochs; the best epoch
/// is kept. Four departures:
/// - Between U-Net and softmax the authors' program has a dense layer from every feature to every
///   block: 4·10⁹ weights at 127,219 features. Here it has rank 16.
/// - The network sees which features differ from their perturbation value, 0 or 1, not x itself.
/// - A block of which no feature differs has share 0: known, not learnt.
/// - Less than 0.0001 nats is no gain: where few blocks matter the divergence would fall for
///   thousands of epochs by what no share shows.
///
/// A block's share in a cell is divided equally among its features that differ there; a feature's
/// importance is the mean over all cells.
///
/// *Uncertainty*: networks trained on bootstrap samples of the cells; their median and an interval.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "search/objective.hpp"

namespace grids::core {

struct CxplainOptions {
  /// Features of a block, neighbours in the order of the allowed features; in an image blocks are
  /// 2 × 2 pixels whatever this says. Larger values cost fewer evaluations and tell less apart.
  int64_t block = 4;
  /// Most passes over the cells.
  int64_t epochs = 2000;
  /// Epochs without gain on held-out cells that end the training.
  int64_t patience = 10;
  /// Cells of a step.
  int64_t batch = 64;
  /// Of Adam.
  double rate = 1e-3;
  /// Networks on bootstrap samples of the cells; 1 = one network on the cells themselves. Costs
  /// time in proportion and no evaluations.
  int64_t networks = 1;
  /// Of the interval: from (1 − level)/2 to (1 + level)/2 of the networks.
  double level = 0.95;
  /// Of the image that the features are, row by row; 0 = they are a line.
  int64_t image_height = 0;
  int64_t image_width = 0;

  void describe(OptionSet& set);
};

/// Which features are masked together.
struct FeatureBlocks {
  int64_t height = 1, width = 0;    ///< of what the network sees
  std::vector<Feature> feature_at;  ///< height × width; kNoFeature where none is allowed
  std::vector<int32_t> block_of;    ///< likewise; −1 where none is allowed
  std::vector<int32_t> place_of;    ///< of each feature of the model; −1: not allowed
  int64_t blocks = 0;
};

/// Throws Error(kUsage) when an image does not have as many pixels as the model has features.
FeatureBlocks feature_blocks(const Objective& objective, const CxplainOptions& options);

/// What is known of one cell.
struct BlockShares {
  int32_t position = 0;         ///< in the objective's cells
  std::vector<int32_t> places;  ///< where features differ, ascending
  std::vector<int32_t> blocks;  ///< of those, ascending, each once
  std::vector<int32_t> differ;  ///< features that differ, of each of these blocks
  std::vector<float> shares;    ///< of these blocks, sum 1; empty where nothing moves to the goal

  /// Where one of its blocks stands among them.
  size_t index_of(int32_t block) const;
};

/// The targets of the cells at these positions; one evaluation a cell and block, those of blocks
/// without a feature that differs counted and not computed.
std::vector<BlockShares> block_shares(Objective& objective, const FeatureBlocks& blocks,
                                      std::span<const int32_t> positions, const Context& context);

struct CxplainImportance {
  /// Of each feature of the model: median over the networks of its mean share over the cells.
  std::vector<double> importance;
  std::vector<double> low, high;  ///< interval over the networks
  int64_t cells = 0;              ///< with a target
  int64_t epochs = 0;             ///< of the network that was trained longest
  bool reduced = false;           ///< fewer cells, by the budget
};

/// Within a budget targets are computed for fewer cells, drawn at random; without one that is
/// affordable all importances are 0. Keeps the value of one subset in the budget.
CxplainImportance cxplain_importance(Objective& objective, const CxplainOptions& options,
                                     uint64_t stream, const Context& context);

}  // namespace grids::core
