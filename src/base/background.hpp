/// A thread that does tasks one after the other, so that (say) writing overlaps with computing.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace grids::core {

class Background {
 public:
  /// At most `waiting` tasks wait for their turn: bounds the memory that they hold.
  explicit Background(size_t waiting);
  /// Waits for the task that runs; those that wait are dropped.
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// Returns once there is room for the task. Throws what an earlier task threw; no task runs after
  /// one that threw.
  void push(std::function<void()> task);

  /// Returns when all tasks are done. Throws what one of them threw.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace grids::core
