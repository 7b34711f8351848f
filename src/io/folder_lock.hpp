/// That one program at a time works in a folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace grids::core {

/// Holds `.grids/lock` of a folder while it lives. The file names machine, process, command and
/// time. A lock whose process is dead is taken over; whether one on another machine is alive nobody
/// can tell from here, so the user is told who it is and how to remove the lock. The file is made
/// by a hard link, which is one step on network file systems, too.
class FolderLock {
 public:
  /// Throws Error(kInput) naming who works there. `command`: for those who are told of this one.
  FolderLock(const std::filesystem::path& folder, const std::string& command);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// A program that works for this one: the lock outlives this process until that one has ended.
  void shared_with(int64_t pid);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace grids::core
