// The side of io/probe.hpp that may die.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "io/hdf5.hpp"
#include "io/probe.hpp"
#include "io/probe_codes.hpp"
#include "io/store_walk.hpp"

namespace grids::core {
namespace {

void limit(__rlimit_resource resource, uint64_t most) {
  const rlimit value = {most, most};
  ::setrlimit(resource, &value);
}

/// A line of /proc/self/status in kB, as bytes: "VmSize", "VmPeak".
uint64_t status_bytes(std::string_view what) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(what)) continue;
    return std::strtoull(line.c_str() + what.size() + 1, nullptr, 10) << 10;
  }
  return 0;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLimited = false;  // the shadows of sanitizers are larger than any limit
#else
constexpr bool kLimited = true;
#endif

/// No core file in the user's folder; no more memory than the texts of an honest file of this size;
/// an end when the program that asks ends. Returns the most address space that there is.
uint64_t be_expendable(uint64_t file_bytes) {
  limit(RLIMIT_CORE, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const uint64_t most = status_bytes("VmSize") + kProbeMemory + kProbeMemoryPerByte * file_bytes;
  if (kLimited) limit(RLIMIT_AS, most);
  return most;
}

/// Whether memory ran out, or nearly: the library then returns errors as for what it cannot read,
/// where the reader would go on.
bool ran_out(uint64_t most) {
  constexpr uint64_t kNearly = kProbeMemory / 4;
  return kLimited && status_bytes("VmPeak") + kNearly > most;
}

void say(int out, std::string line) {
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  line += '\n';
  // Nobody listens any more: the program that asked has gone.
  if (::write(out, line.data(), line.size()) < 0) ::_exit(0);
}

int walk_through(const std::filesystem::path& path, int out) {
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(path, error);
  if (error) return 0;  // the reader will say so
  const uint64_t most = be_expendable(bytes);
  try {
    const auto bulk = bytes <= kProbeWhole ? store::WalkBulk::kAll : store::WalkBulk::kEnds;
    store::walk(hdf5::open(path, nullptr), bulk, [&](const std::string& place) {
      if (ran_out(most)) throw std::bad_alloc();
      say(out, place);
    });
  } catch (const Error&) {
    // The reader will say the same.
  } catch (const std::bad_alloc&) {
    return kProbeOutOfMemory;
  }
  return ran_out(most) ? kProbeOutOfMemory : 0;
}

}  // namespace

int probe_main(const std::filesystem::path& path, int out) {
  const int code = walk_through(path, out);
  if (code == 0) say(out, kProbeSurvived);
  return code;
}

}  // namespace grids::core
