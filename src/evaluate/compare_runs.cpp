#include "evaluate/compare_runs.hpp"

#include <fmt/format.h>

#include "base/random.hpp"
#include "io/folder.hpp"

namespace grids {
namespace {

/// Shows the progress of a stage as a part of the whole.
class PartReporter : public Reporter {
 public:
  PartReporter(Reporter& inner, std::string name, int64_t done, int64_t size, int64_t total)
      : inner_(inner), name_(std::move(name)), done_(done), size_(size), total_(total) {}

  void info(std::string_view message) override { inner_.info(message); }
  void warning(std::string_view message) override { inner_.warning(message); }
  void progress(std::string_view, int64_t done, int64_t total, std::string_view) override {
    inner_.progress("compare", done_ + (total > 0 ? size_ * done / total : 0), total_, name_);
  }
  void progress_end() override { inner_.progress_end(); }

 private:
  Reporter& inner_;
  std::string name_;
  int64_t done_;
  int64_t size_;
  int64_t total_;
};

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
  const auto file = file_of(objective, targets, run);
  const auto skipped = std::filesystem::path(file.string() + ".skipped");
  const auto size = static_cast<int64_t>(targets.size());
  FinishedRun finished;
  if (std::filesystem::exists(file) && std::filesystem::exists(skipped)) {
    finished = {parse_compared(read_table(file)), read_table(skipped)};
    reused_ += static_cast<int64_t>(finished.sets.size());
  } else {
    PartReporter reporter(
        context_.reporter,
        fmt::format("{} {}", run.method, run.allowance == Allowance::kEqual ? "" : "unlimited"),
        done_, size, total_);
    const Context context{context_.seed, context_.pool, reporter, context_.cancelled};
    finished = work(context);
    make_folder(folder_);
    write_table(skipped, finished.skipped);
    write_table(file, compared_table(finished.sets));
    // As it will be read: a run that was stopped ends with the same tables.
    finished.sets = parse_compared(read_table(file));
  }
  done_ += size;
  return finished;
}

}  // namespace grids
