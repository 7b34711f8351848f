#include "base/memory.hpp"

#include <fmt/core.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace grids::core {
namespace {

constexpr double kUnit = 1024;
constexpr std::string_view kUnits = "KMGT";
constexpr double kShareOfFree = 0.8;

std::string small_letters(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != ' ') result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

/// What stands behind a number: "", "b", "k", "kb", "kib"; nothing for other texts.
std::optional<double> unit_of(std::string_view text) {
  if (text.empty() || text == "b") return 1;
  const auto found = small_letters(kUnits).find(text.front());
  text.remove_prefix(1);
  if (found == std::string::npos || !(text.empty() || text == "b" || text == "ib")) return {};
  return std::pow(kUnit, static_cast<double>(found) + 1);
}

/// The number behind a word of a file of "word number" lines ("MemAvailable: 123 kB").
std::optional<int64_t> entry_of(const std::filesystem::path& path, std::string_view word) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    int64_t value = 0;
    if (words >> name >> value && name == word) return value;
  }
  return {};
}

/// The number that a file holds; nothing where it is not there, or "max".
std::optional<int64_t> number_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  int64_t value = 0;
  if (file >> value) return value;
  return {};
}

/// Files of a version of control groups.
struct GroupFiles {
  const char* limit;
  const char* used;
  const char* cache;  ///< in memory.stat: what the kernel can take back
};

/// What is left of a group's limit and of those of the groups around it.
int64_t free_of_group(const std::filesystem::path& root, const std::filesystem::path& group,
                      const GroupFiles& files) {
  int64_t least = kAnyMemory;
  for (auto at = group.relative_path();; at = at.parent_path()) {
    const auto folder = at.empty() ? root : root / at;
    const auto limit = number_in(folder / files.limit), used = number_in(folder / files.used);
    if (limit && used) {
      const auto cache = entry_of(folder / "memory.stat", files.cache).value_or(0);
      least = std::min(least, std::max<int64_t>(0, *limit - *used + cache));
    }
    if (at.empty()) return least;
  }
}

int64_t free_of_groups() {
  constexpr GroupFiles kFirst = {"memory.limit_in_bytes", "memory.usage_in_bytes",
                                 "total_inactive_file"};
  constexpr GroupFiles kSecond = {"memory.max", "memory.current", "inactive_file"};
  int64_t least = kAnyMemory;
  std::ifstream file("/proc/self/cgroup");  // "0::/path", "4:memory:/path"
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const auto group = line.substr(second + 1);
    if (controllers == ",,") {
      least = std::min(least, free_of_group("/sys/fs/cgroup", group, kSecond));
    } else if (controllers.find(",memory,") != std::string::npos) {
      least = std::min(least, free_of_group("/sys/fs/cgroup/memory", group, kFirst));
    }
  }
  return least;
}

int64_t free_of_machine() {
  constexpr int64_t kKilo = 1024;
  if (const auto free = entry_of("/proc/meminfo", "MemAvailable:")) return *free * kKilo;
  struct sysinfo machine = {};
  if (::sysinfo(&machine) != 0) return kAnyMemory;
  return static_cast<int64_t>(machine.freeram) * machine.mem_unit;
}

}  // namespace

std::optional<int64_t> parse_bytes(std::string_view text) {
  const auto plain = small_letters(text);
  const char* end = plain.data() + plain.size();
  double number = 0;
  const auto parsed = std::from_chars(plain.data(), end, number, std::chars_format::fixed);
  if (parsed.ec != std::errc()) return {};
  const auto unit = unit_of({parsed.ptr, end});
  if (!unit) return {};
  constexpr double kMost = 1e18;
  const double bytes = std::floor(number * *unit);
  if (!(bytes >= 1 && bytes <= kMost)) return {};
  return static_cast<int64_t>(bytes);
}

std::string bytes_text(int64_t bytes) {
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= kUnit && unit < kUnits.size(); ++unit) value /= kUnit;
  if (unit == 0) return fmt::format("{} bytes", bytes);
  return fmt::format("{:.{}f} {}B", value, value < 10 ? 1 : 0, kUnits[unit - 1]);
}

int64_t free_memory() {
  return std::min(free_of_machine(), free_of_groups());
}

int64_t usual_memory() {
  return static_cast<int64_t>(kShareOfFree * static_cast<double>(free_memory()));
}

}  // namespace grids::core
