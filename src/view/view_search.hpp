/// A search that a viewer watches: one at a time, step by step, to be stopped at any of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/context.hpp"
#include "view/quick_first.hpp"
#include "view/what_if.hpp"

namespace grids::core {

struct ViewSearchStep {
  std::vector<int32_t> peaks;  ///< ascending
  double rate_change = 0;      ///< in the asked type, training and validation cells
  int64_t evaluations = 0;     ///< of the model so far
};

struct ViewSearchState {
  std::vector<ViewSearchStep> steps;  ///< those that changed the set
  bool done = false;
  std::string error;           ///< why it ended without a set, or empty
  std::vector<int32_t> peaks;  ///< once it is done: by rank, as `explain` has them
  double rate_change = 0;
};

/// Thread-safe. All that it is given must outlive it.
class ViewSearch {
 public:
  ViewSearch(WhatIf& what_if, QuickFirst& quick, const Study& study, const Context& context);
  /// Stops what is on.
  ~ViewSearch();
  ViewSearch(const ViewSearch&) = delete;
  ViewSearch& operator=(const ViewSearch&) = delete;

  /// Begins one; nothing while another is on. Throws Error(kUsage) where there is nothing to
  /// search.
  std::optional<int64_t> start(const ViewSearchQuestion& question);
  /// Of the latest search; nothing for another id.
  std::optional<ViewSearchState> state(int64_t id) const;
  /// Asks it to stop, and does not wait; whether it is the latest one.
  bool stop(int64_t id);

 private:
  void search(const ViewSearchQuestion& question);
  void end();

  WhatIf& what_if_;
  QuickFirst& quick_;
  const Study& study_;
  const Context& context_;
  std::mutex starting_;  ///< held by those who begin or end a thread
  std::thread thread_;
  std::atomic<bool> stopped_ = false;
  mutable std::mutex mutex_;  ///< of what follows
  int64_t id_ = 0;
  bool running_ = false;
  ViewSearchState latest_;
};

}  // namespace grids::core
