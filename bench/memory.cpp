#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "stopwatch.hpp"
#include "timings.hpp"

namespace grids::bench {
namespace {

std::filesystem::path sibling(const std::string& name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

struct Ended {
  double seconds = 0;
  double peak_mb = 0;  ///< largest resident set of the program or of one that it ran, MiB
};

/// Runs a program to its end; its messages go where ours go. Throws Error(kInternal) unless it ends
/// with exit code 0.
Ended run_program(const std::filesystem::path& program, std::vector<std::string> arguments) {
  std::string path = program.string();
  std::vector<char*> words = {path.data()};
  for (auto& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  const Stopwatch watch;
  const pid_t child = ::fork();
  if (child < 0) throw internal_error("cannot start {}: {}", path, std::strerror(errno));
  if (child == 0) {
    ::execv(path.c_str(), words.data());
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) throw internal_error("lost track of {}", path);
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw internal_error("{} {} failed", path, arguments.front());
  }
  return {watch.seconds(), static_cast<double>(usage.ru_maxrss) / 1024};
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
                   "--quiet", "--threads", threads});
  bench.figures.add({"explain_peak_mb",
                     explained.peak_mb,
                     "MiB",
                     {},
                     fmt::format("peak memory of grids explain, one gene, all training cells of a "
                                 "type ({:.1f} s)",
                                 explained.seconds)});
  const Ended trained = run_program(
      sibling("grids"), {"train", cells.study_path, "--preset", "paper", "--max-steps", "5", "-o",
                         folder / "trained.safetensors", "--quiet", "--threads", threads});
  bench.figures.add({"train_peak_mb",
                     trained.peak_mb,
                     "MiB",
                     {},
                     fmt::format("peak memory of grids train, 5 steps of each published stage "
                                 "({:.1f} s)",
                                 trained.seconds)});
}

}  // namespace grids::bench
