#include "base/background.hpp"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "base/signals.hpp"

namespace grids::core {

struct Background::State {
  size_t most_waiting = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> waiting;
  bool running = false;
  bool stopping = false;
  std::exception_ptr failure;
  std::thread thread;

  void serve() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return stopping || !waiting.empty(); });
      if (stopping) return;
      auto task = std::move(waiting.front());
      waiting.pop_front();
      running = true;
      lock.unlock();
      std::exception_ptr thrown;
      try {
        task();
      } catch (...) {
        thrown = std::current_exception();
      }
      task = nullptr;  // what it holds goes before anyone is told that it is done
      lock.lock();
      running = false;
      if (thrown) {
        failure = thrown;
        waiting.clear();
      }
      changed.notify_all();
    }
  }

  void wait_until(std::unique_lock<std::mutex>& lock, const std::function<bool()>& ready) {
    changed.wait(lock, [&] { return failure || ready(); });
    if (failure) std::rethrow_exception(failure);
  }
};

Background::Background(size_t waiting) : state_(std::make_unique<State>()) {
  state_->most_waiting = waiting;
  const SignalsBlocked blocked;
  state_->thread = std::thread([state = state_.get()] { state->serve(); });
}

Background::~Background() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
}

void Background::push(std::function<void()> task) {
  std::unique_lock lock(state_->mutex);
  state_->wait_until(lock, [&] { return state_->waiting.size() < state_->most_waiting; });
  state_->waiting.push_back(std::move(task));
  state_->changed.notify_all();
}

void Background::finish() {
  std::unique_lock lock(state_->mutex);
  state_->wait_until(lock, [&] { return state_->waiting.empty() && !state_->running; });
}

}  // namespace grids::core
