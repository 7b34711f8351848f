// The side of io/probe.hpp that may die.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <new>

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

/// No core file in the user's folder; no more memory than the texts of an honest file of this size;
/// an end when the program that asks ends.
void be_expendable(uint64_t file_bytes) {
  limit(RLIMIT_CORE, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // whose shadows are larger
  limit(RLIMIT_AS, kProbeMemory + kProbeMemoryPerByte * file_bytes);
#else
  static_cast<void>(file_bytes);
#endif
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
  be_expendable(bytes);
  try {
    const auto bulk = bytes <= kProbeWhole ? store::WalkBulk::kAll : store::WalkBulk::kEnds;
    store::walk(hdf5::open(path), bulk, [out](const std::string& place) { say(out, place); });
  } catch (const Error&) {
    return 0;  // the reader will say the same
  } catch (const std::bad_alloc&) {
    return kProbeOutOfMemory;
  }
  return 0;
}

}  // namespace

int probe_main(const std::filesystem::path& path, int out) {
  const int code = walk_through(path, out);
  if (code == 0) say(out, kProbeSurvived);
  return code;
}

}  // namespace grids::core
