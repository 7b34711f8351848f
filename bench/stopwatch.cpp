#include "stopwatch.hpp"

#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <utility>

namespace grids::core::bench {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

double wall_seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

double cpu_of(int who) {
  rusage usage{};
  getrusage(who, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

/// CPU time that was not idle, over all cores.
double machine_seconds() {
  std::ifstream stat("/proc/stat");
  std::string label;
  double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0;
  if (!(stat >> label >> user >> nice >> system >> idle >> wait >> irq >> soft >> steal)) return -1;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  return (user + nice + system + irq + soft + steal) / ticks;
}

constexpr double kShortest = 0.5;        // seconds; /proc/stat counts hundredths
constexpr double kOthersShare = 0.05;    // of the machine
constexpr double kSwitchesASecond = 50;  // a thread alone on its core has a few

}  // namespace

Stopwatch::Moment Stopwatch::now() {
  Moment moment;
  moment.wall = wall_seconds();
  moment.machine = machine_seconds();
  moment.process = cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  moment.switches = usage.ru_nivcsw;
  return moment;
}

Stopwatch::Stopwatch() : start_(now()), lap_start_(wall_seconds()) {}

double Stopwatch::seconds() const {
  return wall_seconds() - start_.wall;
}

double Stopwatch::lap() {
  const double end = wall_seconds();
  return end - std::exchange(lap_start_, end);
}

std::string Stopwatch::complaint() const {
  const Moment end = now();
  const double wall = end.wall - start_.wall;
  if (wall < kShortest) return {};
  const double cores = std::max(1u, std::thread::hardware_concurrency());
  if (start_.machine >= 0 && end.machine >= 0) {
    const double others = end.machine - start_.machine - (end.process - start_.process);
    const double share = others / (wall * cores);
    if (share > kOthersShare) {
      return fmt::format("other programs used {:.0f} % of the machine", 100 * share);
    }
  }
  const double switches = static_cast<double>(end.switches - start_.switches) / wall;
  if (switches > kSwitchesASecond) {
    return fmt::format("the measuring thread was interrupted {:.0f} times a second", switches);
  }
  return {};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<double> time_each(int64_t count, const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int64_t i = 0; i < count; ++i) {
    const Stopwatch watch;
    work();
    seconds.push_back(watch.seconds());
  }
  return seconds;
}

double load_average() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : -1;
}

}  // namespace grids::core::bench
