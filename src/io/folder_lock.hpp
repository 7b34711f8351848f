/// That one program at a time works in a folder, or writes a file.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace grids::core {

/// Holds `.grids/lock` of a folder, or of a file in it one of its own, while it lives. The file
/// names machine, process, command and time. A lock whose process is dead is taken over; whether
/// one on another machine is alive nobody can tell from here, so the user is told who it is and how
/// to remove the lock. The file is made by a hard link, which is one step on network file systems,
/// too.
class FolderLock {
 public:
  /// Throws Error(kInput) naming who works there. `command`: for those who are told of this one.
  /// `file`: its name in the folder; empty: the whole folder.
  FolderLock(const std::filesystem::path& folder, const std::string& command,
             const std::string& file = "");
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// A program that works for this one: the lock outlives this process until that one has ended.
  void shared_with(int64_t pid);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether there is a lock of the folder, or of a file in it.
bool is_locked(const std::filesystem::path& folder);

}  // namespace grids::core
