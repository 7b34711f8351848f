#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>

#include "stopwatch.hpp"
#include "timings.hpp"

namespace grids::core::bench {
namespace {

std::filesystem::path sibling(const std::string& name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

/// The largest resident set that a running program has had so far, MiB; 0 when it has ended.
double peak_so_far(pid_t process) {
  std::ifstream status(fmt::format("/proc/{}/status", process));
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes / 1024;
  }
  return 0;
}

struct Ended {
  double seconds = 0;
  double peak_mb = 0;  ///< largest resident set, MiB
};

/// Runs a program to its end; its messages go where ours go. Throws Error(kInternal) unless it ends
/// with exit code 0.
///
/// Its peak is read again and again while it runs: what the kernel reports at the end (ru_maxrss)
/// would count our own memory, which the child had until it became the program.
Ended run_program(const std::filesystem::path& program, std::vector<std::string> arguments) {
  std::string path = program.string();
  std::vector<char*> words = {path.data()};
  for (auto& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  Ended ended;
  const Stopwatch watch;
  pid_t child = 0;
  const int error = ::posix_spawn(&child, path.c_str(), nullptr, nullptr, words.data(), environ);
  if (error != 0) throw internal_error("cannot start {}: {}", path, std::strerror(error));
  int status = 0;
  for (;;) {
    ended.peak_mb = std::max(ended.peak_mb, peak_so_far(child));
    const pid_t found = ::waitpid(child, &status, WNOHANG);
    if (found == child) break;
    if (found < 0 && errno != EINTR) throw internal_error("lost track of {}", path);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  ended.seconds = watch.seconds();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw internal_error("{} {} failed", path, arguments.front());
  }
  return ended;
}

}  // namespace

void measure_memory(const Bench& bench) {
  const Cells& cells = bench.cells;
  const auto folder = cells.study_path.parent_path();
  const std::string threads = std::to_string(bench.context.pool.threads());
  const Ended explained =
      run_program(sibling("grids"),
                  {"explain", cells.study_path, cells.surrogate_path, "--cell-type", cells.type,
                   "--gene", cells.study.genes.names[static_cast<size_t>(cells.target)], "-L",
                   std::to_string(bench.sizes.set_size), "--force", "-o", folder / "explained",
                   "--quiet", "--overwrite", "--threads", threads});
  bench.figures.add({"explain_peak_mb",
                     explained.peak_mb,
                     "MiB",
                     {},
                     fmt::format("peak memory of grids explain, one gene, all training cells of a "
                                 "type ({:.1f} s)",
                                 explained.seconds)});
  const Ended trained =
      run_program(sibling("grids"),
                  {"train", cells.study_path, "--preset", "paper", "--max-steps", "5", "-o",
                   folder / "trained.safetensors", "--quiet", "--overwrite", "--threads", threads});
  bench.figures.add({"train_peak_mb",
                     trained.peak_mb,
                     "MiB",
                     {},
                     fmt::format("peak memory of grids train, 5 steps of each published stage "
                                 "({:.1f} s)",
                                 trained.seconds)});
}

}  // namespace grids::core::bench
