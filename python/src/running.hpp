/// Stages of libgrids, run for Python: on a thread of their own, so that the thread that called can
/// hear Ctrl-C, hand messages on and let other Python threads work.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "grids/grids.hpp"

namespace scgrids {

namespace nb = nanobind;

/// What a stage is run with.
struct Run {
  uint64_t seed = 1;
  int threads = 0;
  std::string trainer;
  nb::object reporter;  ///< methods info(text), warning(text), progress(task, done, total); or None
};

/// What a stage says, in order, until it has ended. Written by its thread, read by the caller's.
class Said {
 public:
  enum class Kind : uint8_t { kInfo, kWarning, kProgress };
  struct One {
    Kind kind;
    std::string text;
    int64_t done = 0;
    int64_t total = 0;
  };

  void say(One one) {
    const std::lock_guard lock(mutex_);
    // Of progress the newest counts.
    const bool newer = one.kind == Kind::kProgress && !waiting_.empty() &&
                       waiting_.back().kind == Kind::kProgress && waiting_.back().text == one.text;
    if (newer) waiting_.pop_back();
    waiting_.push_back(std::move(one));
    changed_.notify_one();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_one();
  }

  /// The next; nothing where none came within `most`. `ended`: nothing more will come.
  std::optional<One> next(std::chrono::milliseconds most, bool& ended) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, most, [this] { return ended_ || !waiting_.empty(); });
    ended = ended_ && waiting_.empty();
    if (waiting_.empty()) return std::nullopt;
    One one = std::move(waiting_.front());
    waiting_.pop_front();
    return one;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<One> waiting_;
  bool ended_ = false;
};

/// Hands one on. Throws what Python's function throws.
void hand_on(const nb::object& reporter, const Said::One& one);

/// Runs `work(session)` and returns what it returns. To be called with the interpreter's lock,
/// which is free while the work is done. Throws KeyboardInterrupt after Ctrl-C, within a second of
/// the stage's next look at the request to stop.
template <typename Work>
auto run(const Run& with, const Work& work) {
  using Result = decltype(work(std::declval<grids::Session&>()));
  constexpr std::chrono::milliseconds kLooks{50};
  Said said;
  grids::SessionSettings settings;
  settings.seed = with.seed;
  settings.threads = with.threads;
  settings.trainer = with.trainer;
  settings.on_info = [&](std::string_view text) {
    said.say({Said::Kind::kInfo, std::string(text)});
  };
  settings.on_warning = [&](std::string_view text) {
    said.say({Said::Kind::kWarning, std::string(text)});
  };
  settings.on_progress = [&](std::string_view task, int64_t done, int64_t total) {
    said.say({Said::Kind::kProgress, std::string(task), done, total});
  };
  grids::Session session(std::move(settings));
  std::optional<Result> result;
  std::exception_ptr failure;
  std::thread worker([&] {
    try {
      result.emplace(work(session));
    } catch (...) {
      failure = std::current_exception();
    }
    said.end();
  });
  std::optional<nb::python_error> from_python;
  for (bool ended = false; !ended;) {
    std::optional<Said::One> one;
    {
      const nb::gil_scoped_release free;
      one = said.next(kLooks, ended);
    }
    if (from_python) continue;
    try {
      if (PyErr_CheckSignals() != 0) nb::raise_python_error();
      if (one) hand_on(with.reporter, *one);
    } catch (nb::python_error& error) {
      from_python.emplace(std::move(error));
      session.stop();
    }
  }
  {
    const nb::gil_scoped_release free;
    worker.join();
  }
  if (from_python) throw nb::python_error(std::move(*from_python));
  if (failure) std::rethrow_exception(failure);
  return std::move(*result);
}

}  // namespace scgrids
