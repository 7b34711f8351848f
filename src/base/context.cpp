#include "base/context.hpp"

#include "base/error.hpp"

namespace grids::core {

void Context::check_cancelled() const {
  if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
    throw Error(ErrorKind::kCancelled, "stopped at the user's request");
  }
}

Progress::Progress(const Context& context, std::string task, int64_t total, int64_t done)
    : context_(context),
      task_(std::move(task)),
      total_(total),
      done_(done),
      next_(std::chrono::steady_clock::now()) {}

Progress::~Progress() {
  context_.reporter.progress_end();
}

void Progress::advance(int64_t units, std::string_view note) {
  context_.check_cancelled();
  done_ += units;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_ && done_ < total_) return;
  next_ = now + std::chrono::milliseconds(100);
  context_.reporter.progress(task_, done_, total_, note);
}

}  // namespace grids::core
