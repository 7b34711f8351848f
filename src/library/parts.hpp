/// What the objects of grids.hpp hold.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "grids/grids.hpp"
#include "io/raw_multiome.hpp"
#include "model/study_surrogate.hpp"
#include "model/surrogate_file.hpp"
#include "study/study.hpp"

namespace grids {

/// Hands on to the functions that the user gave.
class SessionReporter : public core::Reporter {
 public:
  explicit SessionReporter(const SessionSettings& settings) : settings_(settings) {}

  void info(std::string_view message) override;
  void warning(std::string_view message) override;
  void progress(std::string_view task, int64_t done, int64_t total, std::string_view) override;

 private:
  const SessionSettings& settings_;
};

struct GRIDS_INNER Session::Parts {
  explicit Parts(SessionSettings given);

  core::Context context() { return {settings.seed, pool, reporter, &stopped}; }

  const SessionSettings settings;
  core::ThreadPool pool;
  SessionReporter reporter;
  std::atomic<bool> stopped = false;
};

struct GRIDS_INNER Cells::Parts {
  core::PackedMultiome raw;
  std::string label_column = {};  ///< where labels came with the cells
  std::string donor_column = {};
  std::string batch_column = {};
  std::vector<core::GenePosition> positions = {};
};

struct GRIDS_INNER Study::Parts {
  core::Study study;
};

struct GRIDS_INNER Surrogate::Parts {
  explicit Parts(core::SurrogateFile content, bool with_cis = true);

  core::StudySurrogate view() const { return {folded, cis ? &*cis : nullptr}; }
  /// The same; throws Error(kInput) where it is the surrogate of other peaks, genes or cells.
  core::StudySurrogate view_on(const core::Study& study) const;

  core::SurrogateFile file;
  core::FoldedSurrogate folded;
  std::optional<core::CisPath> cis;
};

}  // namespace grids
