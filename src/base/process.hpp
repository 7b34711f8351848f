/// Which process it was, in words that another process understands: one that comes later, or runs
/// on another machine and sees the same files.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grids::core {

struct ProcessMark {
  std::string host;   ///< name of the machine, for people
  std::string place;  ///< machine and space of process ids, in hexadecimal
  std::string start;  ///< boot of the machine and tick of the process: ids are given out anew
  int64_t pid = 0;

  /// In one word, to be part of a file's name; without the host.
  std::string word() const;
  bool operator==(const ProcessMark&) const = default;
};

ProcessMark mark_of(pid_t pid);
ProcessMark this_process();

/// The mark that a word stands for; nothing for other words.
std::optional<ProcessMark> mark_from(std::string_view word);

/// kElsewhere: on another machine, or among other process ids; from here nobody can tell.
enum class Life : uint8_t { kAlive, kDead, kElsewhere };
Life life_of(const ProcessMark& mark);

}  // namespace grids::core
