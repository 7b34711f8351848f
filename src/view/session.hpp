/// What `grids view` answers, without the server: a study and its surrogate in memory, asked from
/// many threads. See what_if.hpp, view_estimates.hpp, view_search.hpp for what the numbers are.
///
/// Test cells are not spent by looking: only `judge` reads them, and each set of a gene that it is
/// asked about counts, on the disk, for all that come after.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "io/output_folder.hpp"
#include "view/looks.hpp"
#include "view/saved_sets.hpp"
#include "view/view_estimates.hpp"
#include "view/view_search.hpp"
#include "view/view_target.hpp"
#include "view/what_if.hpp"

namespace grids::core {

/// A note of a kept set holds so many characters.
inline constexpr size_t kMostNote = 200;
inline constexpr const char* kExploratory = "exploratory";

struct ViewedJudgement {
  Contrast contrast;
  int64_t looks = 0;
  double p_adjusted = 0;
  std::string sentence;
};

class ViewSession {
 public:
  /// Works in `results`: keeps view_sets.tsv and, in its state folder, the looks. Throws
  /// Error(kInput) where another view of these results is on, or a file of these cannot be read or
  /// is not as grids wrote it. `on_look` is called for each new look before it is answered. Study
  /// and surrogate, and what the context points to, must outlive it.
  ViewSession(std::filesystem::path results, const Study& study, const StudySurrogate& surrogate,
              const Context& context, std::function<void()> on_look = {});
  ViewSession(const ViewSession&) = delete;
  ViewSession& operator=(const ViewSession&) = delete;

  const Study& study() const { return study_; }
  const ViewNames& names() const { return names_; }

  GeneView gene(const ViewTarget& target);
  SwitchedView change(const ViewTarget& target, const PeakSwitches& switches);
  ViewedSettings settings(const ViewTarget& target, std::span<const int32_t> peaks);
  ViewSearch& search() { return search_; }

  /// Sets of the gene that test cells were asked about.
  int64_t looks(int32_t gene) const;
  /// These sets; asking about them again is no new look.
  std::vector<Look> judged_sets(int32_t gene) const;
  /// Throws Error(kUsage) where there is nothing to judge; then no look is spent.
  ViewedJudgement judge(const ViewTarget& target, std::span<const int32_t> peaks);

  /// Adds a row to view_sets.tsv; returns how many there are. Throws Error(kUsage) for no peaks or
  /// a note that is too long or no text, Error(kInput) where the file cannot be written.
  int64_t save(const ViewTarget& target, std::span<const int32_t> peaks, const std::string& note);
  std::vector<SavedSet> saved() const;

 private:
  Look look_at(const ViewTarget& target, std::span<const int32_t> peaks) const;
  void take_judgement(const Look& look, const ViewedJudgement& judged);
  void write_sets(const std::vector<SavedSet>& sets) const;

  const std::filesystem::path results_;
  const Study& study_;
  const Context context_;  ///< of the program, without its Ctrl-C: that ends the server
  const std::function<void()> on_look_;
  const OutputFiles files_;
  const ViewNames names_;
  WhatIf what_if_;
  ViewEstimates estimates_;
  QuickFirst quick_;
  ViewSearch search_;
  mutable std::mutex mutex_;  ///< of what follows
  LookBook looks_;
  std::vector<std::pair<Look, ViewedJudgement>> judged_;
  std::vector<SavedSet> saved_;
};

}  // namespace grids::core
