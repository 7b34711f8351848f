/// What was found of redundancy, as the report reads it back from redundancy.tsv, members.tsv and
/// settings.tsv.
#pragma once

#include <string>
#include <vector>

#include "redundancy/redundancy_words.hpp"
#include "report/results.hpp"

namespace grids::core {

/// One element of a set, of members.tsv. Numbers that are not known are NaN.
struct ElementView {
  std::string place;
  std::string kind;  ///< "distal", "intronic", "promoter"
  bool judged = false;
  std::string why_not;
  double alone = 0;  ///< predicted relative change when it alone is masked, cells as they are
  double loss = 0;   ///< m, measured
  double gain = 0;   ///< g, measured
  double shapley = 0;
};

/// One setting of the judged elements, of settings.tsv; rates in counts per 100,000.
struct SettingView {
  std::vector<std::string> open;  ///< places
  double rate_fit = 0;
  double rate = 0, low = 0, high = 0;  ///< measured
  double cells = 0, counts = 0;
};

/// One row of redundancy.tsv, with its elements (judged ones first) and settings (fewest open
/// first).
struct RedundancyView {
  std::string cell_type;
  std::string gene;
  std::string set;
  RedundancyFacts facts;
  std::vector<ElementView> elements;
  std::vector<SettingView> settings;
  double hidden_log = 0, hidden_fit = 0, hidden_as_cells = 0;
  double change = 0, change_low = 0, change_high = 0;  ///< log of all open ÷ none, measured
  double core_share = 0;
  double bound = 0, capture = 0, kappa_break = 0;
  std::string capture_source;
  double cells = 0;
  std::string cells_from;
  double folds = 0;
  double power_redundant = 0, power_cooperative = 0, detectable = 0;
  double p_redundant = 0, p_cooperative = 0, q = 0;
  std::string note;
  bool contradicted = false;  ///< measured expression contradicts its set as a whole (verdict.hpp)

  /// Whether it may be shown as a finding: called, and not contradicted.
  bool stands() const { return is_called(facts.call) && !contradicted; }
  /// Whether shares of its joint change mean something: this is called, or far enough from 0.
  bool has_shares() const;
};

/// Why a set was not called, for readers of a page: "cells: 3 with 1 of 4 elements open, of at
/// least 8" counts the cells of one choice of elements, not of any one. Other reasons as they are.
std::string reason_words(const std::string& reason);

/// The rows of redundancy.tsv as they stand, without elements and settings. Throws as below.
std::vector<RedundancyView> redundancy_calls(const Table& table);

/// Those of a folder: first what stands, by call and hidden share; then the others, likewise. Empty
/// where the run, of an earlier version or one that did not ask, has no redundancy.tsv. Throws
/// Error(kInput) for a call that there is not.
std::vector<RedundancyView> redundancy_views(const Results& results);

}  // namespace grids::core
