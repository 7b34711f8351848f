/// The progress of a stage told as a part of a larger task.
#pragma once

#include <string>
#include <utility>

#include "base/context.hpp"

namespace grids::core {

/// Passes on what is told; progress of the stage, whatever it counts, becomes that share of `size`
/// units of the task, after those that are `done` of its `total`.
class PartReporter : public Reporter {
 public:
  /// `name`: of the stage, beside the progress of the task.
  PartReporter(Reporter& inner, std::string task, std::string name, int64_t done, int64_t size,
               int64_t total)
      : inner_(inner),
        task_(std::move(task)),
        name_(std::move(name)),
        done_(done),
        size_(size),
        total_(total) {}

  void info(std::string_view message) override { inner_.info(message); }
  void warning(std::string_view message) override { inner_.warning(message); }
  void progress(std::string_view, int64_t done, int64_t total, std::string_view) override {
    inner_.progress(task_, done_ + (total > 0 ? size_ * done / total : 0), total_, name_);
  }
  void progress_end() override { inner_.progress_end(); }
  std::vector<std::string> words() const override { return inner_.words(); }

 private:
  Reporter& inner_;
  std::string task_;
  std::string name_;
  int64_t done_;
  int64_t size_;
  int64_t total_;
};

}  // namespace grids::core
