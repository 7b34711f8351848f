/// Where a command writes: a folder of results, which it has for itself meanwhile, or single files.
/// What stands in the way, of the user or of another command or target, is told before any work.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/described.hpp"
#include "io/written_files.hpp"

namespace grids::core {

/// --overwrite.
void describe_overwrite(OptionSet& set, bool& overwrite);

/// "study ../study.h5mu": a file as it is seen from the folder, so that it is the same from
/// everywhere and after the whole was moved.
std::string seen_from(const std::filesystem::path& folder, const std::filesystem::path& file);

/// A folder of results. A file of it is either as grids wrote it for this author; or it stands in
/// the way: written for another command or target, or not as grids wrote it (the user's own, or
/// changed since). The former is replaced with `overwrite` only. The latter is never replaced: with
/// `overwrite` it is renamed and kept beside.
class OutputFolder {
 public:
  /// Makes the folder and takes its lock (folder_lock.hpp). Throws Error(kInput) when another
  /// program works there, the folder cannot be written, or one of `names`, or a file that was
  /// written for this author before, stands in the way. What was made is removed at the end where
  /// nothing was written.
  OutputFolder(std::filesystem::path folder, Author author, const std::vector<std::string>& names,
               bool overwrite);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  const std::filesystem::path& path() const { return folder_; }

  /// To be called before files of these names are written: they are this author's now. What is not
  /// as grids wrote it is renamed, with a warning: late, and computed already, it is better to keep
  /// both than to stop. With `overwrite` the files of this command's earlier target go with those
  /// that are replaced, once `drop_others` is called.
  void claim(const std::vector<std::string>& names, const Context& context);
  /// The same for a file that every command may replace: manifest.json, report.html.
  void claim_for_all(const std::string& name, const Context& context);
  /// Throws what the constructor throws of names that are known only now.
  void require_free(const std::vector<std::string>& names) const;

  /// Removes a file of an earlier run, unless it is not as grids wrote it.
  void drop(const std::string& name, const Context& context);
  /// Removes files that were written for this author before, and are not of `names`: a target's
  /// track that is no longer there. Those that are not as grids wrote them stay.
  void drop_others(const std::vector<std::string>& names, const Context& context);

  /// Whether the file is there and as grids wrote it.
  bool is_own(const std::string& name) const;
  /// SHA-256 of the file as it is; empty where there is none.
  std::string content_of(const std::string& name) const;

  /// A program that works for this one (folder_lock.hpp).
  void shared_with(int64_t pid);

 private:
  struct State;
  std::filesystem::path folder_;
  Author author_;
  bool overwrite_;
  std::unique_ptr<State> state_;
};

/// Single files that a command writes where it is told: the same law. It has these files for
/// itself, not their folder: others of it may be written at once.
class OutputFiles {
 public:
  /// Throws Error(kInput) where one stands in the way, or is being written.
  OutputFiles(std::vector<std::filesystem::path> files, Author author, bool overwrite);
  ~OutputFiles();
  OutputFiles(const OutputFiles&) = delete;
  OutputFiles& operator=(const OutputFiles&) = delete;

  /// To be called before they are written.
  void claim(const Context& context) const;

 private:
  struct State;
  std::vector<std::filesystem::path> files_;
  Author author_;
  bool overwrite_;
  std::unique_ptr<State> state_;
};

}  // namespace grids::core
