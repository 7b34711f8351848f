/// Passes everything on and keeps the warnings, for manifests and reports.
#pragma once

#include <string>
#include <vector>

#include "base/context.hpp"

namespace grids::core {

class RecordingReporter : public Reporter {
 public:
  explicit RecordingReporter(Reporter& inner) : inner_(inner) {}

  void info(std::string_view message) override { inner_.info(message); }
  void warning(std::string_view message) override {
    warnings_.emplace_back(message);
    inner_.warning(message);
  }
  void progress(std::string_view task, int64_t done, int64_t total,
                std::string_view note) override {
    inner_.progress(task, done, total, note);
  }
  void progress_end() override { inner_.progress_end(); }
  std::vector<std::string> words() const override { return inner_.words(); }

  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  Reporter& inner_;
  std::vector<std::string> warnings_;
};

}  // namespace grids::core
