#include "compare/compare_runs.hpp"

#include <fmt/core.h>

#include <optional>

#include "base/error.hpp"
#include "base/part_reporter.hpp"
#include "base/random.hpp"
#include "compare/compare_timings.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "io/manifest.hpp"

namespace grids::core {
namespace {

/// A run's files: its rows, what it skipped, that both are whole, and how long it took, which is
/// apart because it differs each time.
struct RunFiles {
  std::filesystem::path sets, skipped, sums, times;

  explicit RunFiles(const std::filesystem::path& file)
      : sets(file),
        skipped(file.string() + ".skipped"),
        sums(file.string() + ".sha256"),
        times(std::filesystem::path(file).replace_extension(".timings.tsv")) {}

  std::string digest() const { return sha256_of(sets) + "\n" + sha256_of(skipped) + "\n"; }

  /// What was kept; nothing when a run was stopped in between, or files were changed since.
  std::optional<FinishedRun> read(Reporter& reporter) const {
    for (const auto& file : {sets, skipped, sums}) {
      if (!std::filesystem::exists(file)) return std::nullopt;
    }
    if (read_file(sums) != digest()) {
      reporter.warning(fmt::format("{}: changed since it was kept; what it held is learned again",
                                   sets.string()));
      return std::nullopt;
    }
    try {
      return FinishedRun{read_sets(), skipped_columns().read(read_table(skipped))};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
      reporter.warning(fmt::format(
          "{}; another version of grids seems to have kept it: what it held is learned again",
          error.what()));
      return std::nullopt;
    }
  }

  std::vector<ComparedSet> read_sets() const {
    auto found = read_kept_sets(read_table(sets));
    const auto timed = read_times();
    for (size_t i = 0; timed.size() == found.size() && i < found.size(); ++i) {
      found[i].seconds = timed[i].seconds;
    }
    return found;
  }

  /// None where there is no such file, or one that cannot be read: nothing rests on times.
  std::vector<ComparedTiming> read_times() const {
    if (!std::filesystem::exists(times)) return {};
    try {
      return compared_timing_columns().read(read_table(times));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
      return {};
    }
  }

  void write(const FinishedRun& finished, const std::string& objective) const {
    write_table(times, compared_timing_columns().table(timings_of(finished.sets, objective)));
    write_table(skipped, skipped_columns().table(finished.skipped));
    write_table(sets, kept_set_columns().table(finished.sets));
    replace_file(sums, digest());
  }
};

/// As tables spell their numbers: a run that was stopped ends with the same tables.
std::vector<ComparedSet> as_read(const std::vector<ComparedSet>& sets) {
  auto read = read_kept_sets(kept_set_columns().table(sets));
  for (size_t i = 0; i < sets.size(); ++i) read[i].seconds = sets[i].seconds;
  return read;
}

}  // namespace

CompareRuns::CompareRuns(std::filesystem::path folder, std::string settings, int64_t total,
                         const Context& context)
    : folder_(std::move(folder)),
      settings_(std::move(settings)),
      total_(total),
      context_(context) {}

std::filesystem::path CompareRuns::file_of(const std::string& objective,
                                           const std::vector<ExplainTarget>& targets,
                                           const CompareRun& run) const {
  std::string key = settings_;
  for (size_t i = 0; i < targets.size(); ++i) {
    key += fmt::format("{} {} {} {}; ", targets[i].type.value_or(-1), targets[i].gene,
                       targets[i].set_size, run.budgets.empty() ? 0 : run.budgets[i]);
  }
  const int64_t size = targets.empty() ? 0 : targets.front().set_size;
  return folder_ / fmt::format("{}-{}-L{}-seed{}-{}-{:08x}{:08x}.tsv", objective, run.method, size,
                               run.seed, allowance_name(run.allowance), stream_key(key),
                               stream_key("again: " + key));
}

FinishedRun CompareRuns::run(const std::string& objective,
                             const std::vector<ExplainTarget>& targets, const CompareRun& run,
                             const std::function<FinishedRun(const Context& context)>& work) {
  context_.check_cancelled();
  const RunFiles files(file_of(objective, targets, run));
  const auto size = static_cast<int64_t>(targets.size());
  FinishedRun finished;
  auto kept = folder_.empty() ? std::nullopt : files.read(context_.reporter);
  if (kept) {
    finished = std::move(*kept);
    reused_ += static_cast<int64_t>(finished.sets.size());
  } else {
    PartReporter reporter(
        context_.reporter, "compare",
        fmt::format("{} {}", run.method, run.allowance == Allowance::kEqual ? "" : "unlimited"),
        done_, size, total_);
    const Context context = context_.with_reporter(reporter);
    finished = work(context);
    if (!folder_.empty()) {
      make_folder(folder_);
      files.write(finished, objective);
    }
    finished.sets = as_read(finished.sets);
  }
  done_ += size;
  return finished;
}

}  // namespace grids::core
