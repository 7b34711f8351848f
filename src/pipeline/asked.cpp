#include "pipeline/asked.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <map>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "io/table.hpp"

namespace grids::core {
namespace {

constexpr const char* kEnding = ".asked";

/// The test cells by name: a study that was split otherwise is another one.
std::string key_of(const Study& study) {
  uint64_t key = 0;
  for (const int32_t cell : study.cells_of(Split::kTest)) {
    key = key * 0x100000001b3 + stream_key(study.cells.barcodes[at(cell)]);
  }
  return fmt::format("{:016x}", key);
}

/// A name that no other run takes.
std::string own_name() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  return fmt::format("{:x}-{:x}", nanoseconds, getpid());
}

/// Sets by run, of the files that speak of these cells. What is no such file is passed over.
std::map<std::string, int64_t> asked_in(const std::filesystem::path& folder,
                                        const std::string& key) {
  std::map<std::string, int64_t> runs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.path().filename().string().ends_with(kEnding)) continue;
    try {
      const Table table = read_table(entry.path());
      for (size_t row = 0; row < table.rows(); ++row) {
        if (table.text(row, "test_cells") != key) continue;
        runs[table.text(row, "run")] += static_cast<int64_t>(table.number(row, "sets"));
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
    }
  }
  return runs;
}

}  // namespace

std::filesystem::path asked_folder(const std::filesystem::path& study_file) {
  auto folder = study_file;
  folder += ".asked";
  return folder;
}

TimesAsked record_asking(const std::filesystem::path& study_file, const Study& study, int64_t sets,
                         const std::string& run, const Context& context) {
  const auto folder = asked_folder(study_file);
  const auto name = own_name();
  const auto key = key_of(study);
  TimesAsked asked;
  try {
    make_folder(folder);
    replace_file(folder / (name + kEnding), fmt::format("test_cells\trun\tsets\n{}\t{}\t{}\n", key,
                                                        run.empty() ? name : run, sets));
    for (const auto& [one, own_sets] : asked_in(folder, key)) {
      ++asked.runs;
      asked.sets += own_sets;
    }
  } catch (const std::exception& error) {
    context.reporter.warning(
        fmt::format("how often the test cells of this study are asked could not be recorded: {}",
                    error.what()));
  }
  return asked;
}

void tell_asking(const std::filesystem::path& study_file, const Study& study, int64_t sets,
                 const std::string& run, const Context& context) {
  const auto words = asked_words(record_asking(study_file, study, sets, run, context));
  if (!words.empty()) context.reporter.warning(words);
}

std::string asked_words(const TimesAsked& asked) {
  if (asked.runs < 2) return "";
  return fmt::format(
      "the test cells of this study were asked {} times, of {} sets in all: what is borne out by "
      "chance adds up over the times",
      asked.runs, asked.sets);
}

}  // namespace grids::core
