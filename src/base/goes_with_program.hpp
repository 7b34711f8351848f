/// Files that are gone when the program is, also where it is ended at once by a signal:
/// half-written ones and locks. (What SIGKILL leaves is recognised by the mark of its process,
/// base/process.hpp.)
#pragma once

#include <filesystem>

namespace grids::core {

/// While it lives, `remove_what_goes` removes the file. A signal handler reaches no object, so the
/// names lie in a table of the process; where that is full, or the name too long, nothing is noted.
class GoesWithProgram {
 public:
  explicit GoesWithProgram(const std::filesystem::path& file);
  ~GoesWithProgram();
  GoesWithProgram(const GoesWithProgram&) = delete;
  GoesWithProgram& operator=(const GoesWithProgram&) = delete;

 private:
  int slot_ = -1;
};

/// Removes every file that is noted. May be called by a signal handler.
void remove_what_goes() noexcept;

}  // namespace grids::core
