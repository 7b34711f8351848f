#include "view/view_search.hpp"

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "base/signals.hpp"
#include "explain/targets.hpp"
#include "search/coordinate_descent.hpp"

namespace grids::core {
namespace {

constexpr const char* kStopped = "stopped";

std::vector<int32_t> sorted_distinct(std::span<const Feature> coordinates) {
  std::vector<int32_t> peaks(coordinates.begin(), coordinates.end());
  std::sort(peaks.begin(), peaks.end());
  peaks.erase(std::unique(peaks.begin(), peaks.end()), peaks.end());
  return peaks;
}

}  // namespace

void QuickFirst::wait() {
  std::unique_lock lock(mutex_);
  none_.wait_for(lock, std::chrono::seconds(1), [this] { return asked_ == 0; });
}

ViewSearch::ViewSearch(WhatIf& what_if, QuickFirst& quick, const Study& study,
                       const Context& context)
    : what_if_(what_if), quick_(quick), study_(study), context_(context) {}

ViewSearch::~ViewSearch() {
  stopped_ = true;
  const std::lock_guard starting(starting_);
  end();
}

void ViewSearch::end() {
  if (thread_.joinable()) thread_.join();
}

std::optional<int64_t> ViewSearch::start(const ViewSearchQuestion& question) {
  const std::lock_guard starting(starting_);
  {
    const std::lock_guard lock(mutex_);
    if (running_) return std::nullopt;
  }
  what_if_.search(question);  // what cannot be searched is told here
  end();
  const std::lock_guard lock(mutex_);
  stopped_ = false;
  running_ = true;
  latest_ = {};
  const SignalsBlocked blocked;
  thread_ = std::thread([this, question] { search(question); });
  return ++id_;
}

void ViewSearch::search(const ViewSearchQuestion& question) {
  const Context context{context_.seed, context_.pool, context_.reporter, &stopped_,
                        context_.memory};
  ViewSearchState result;
  try {
    auto what = what_if_.search(question);
    SearchOptions options;
    options.set_size = what.set_size;
    options.stream = stream_of(study_, question.target.sized(what.set_size));
    options.informed_start = true;
    options.on_step = [&](const SearchStep&, std::span<const Feature> coordinates) {
      quick_.wait();
      auto peaks = sorted_distinct(coordinates);
      {
        const std::lock_guard lock(mutex_);
        if (!latest_.steps.empty() && latest_.steps.back().peaks == peaks) return;
      }
      const double change = what_if_.rate_change(question.target, peaks);
      const std::lock_guard lock(mutex_);
      latest_.steps.push_back({std::move(peaks), change, what.objective.evaluations});
    };
    const auto found = coordinate_descent(what.objective, options, context);
    result.peaks = found.subset;
    result.rate_change = what_if_.rate_change(question.target, found.subset);
  } catch (const Error& error) {
    result.error = error.kind() == ErrorKind::kCancelled ? kStopped : error.what();
  } catch (const std::exception& error) {
    result.error = error.what();
  }
  const std::lock_guard lock(mutex_);
  latest_.done = true;
  latest_.error = std::move(result.error);
  latest_.peaks = std::move(result.peaks);
  latest_.rate_change = result.rate_change;
  running_ = false;
}

std::optional<ViewSearchState> ViewSearch::state(int64_t id) const {
  const std::lock_guard lock(mutex_);
  if (id != id_ || id == 0) return std::nullopt;
  return latest_;
}

bool ViewSearch::stop(int64_t id) {
  const std::lock_guard lock(mutex_);
  if (id != id_ || id == 0) return false;
  stopped_ = true;
  return true;
}

}  // namespace grids::core
