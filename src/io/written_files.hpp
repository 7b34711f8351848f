/// What grids wrote into a folder, so that nothing else is ever replaced or removed there.
///
/// A folder of results holds a folder `.grids` for all that is not a result: this record
/// (written.tsv), the lock of the run that works there, half-written files, what is kept for
/// resuming. The record is a list to which lines are added, never changed, so that a kill at any
/// moment leaves it right, and several programs may add to it:
///
///     claimed  COMMAND  TARGET  NAME   the command is about to write a file of this name
///     wrote    SHA256           NAME   this content goes under this name (before it does)
///     aside    SHA256           NAME   this content, not of grids, may be put aside for a result
///
/// A file is as grids wrote it when the record has its content under its name. `replace_file`
/// (atomic_file.hpp) adds the second kind of line, and replaces no other file in such a folder: it
/// stops, or where the user allowed that, renames it once the result is whole.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace grids::core {

inline constexpr const char* kStateFolder = ".grids";
/// The one folder in a folder of results that holds results, too.
inline constexpr const char* kTracksFolder = "tracks";

/// On whose behalf a file is written: a command, and what it was asked ("gene A; study
/// study.h5mu").
struct Author {
  std::string command;
  std::string target;
  bool operator==(const Author&) const = default;
};

/// Of every command: manifest.json, which has a section for each, and report.html.
inline const Author kEveryCommand = {"", ""};

class WrittenFiles {
 public:
  /// Reads the record; empty where there is none. What a kill cut off is passed over.
  explicit WrittenFiles(std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }
  /// The file of the record.
  std::filesystem::path record() const;
  /// Whether nothing was written.
  bool empty() const { return contents_.empty(); }
  bool wrote(const std::string& name, const std::string& sha256) const;
  bool may_put_aside(const std::string& name, const std::string& sha256) const;
  std::optional<Author> author_of(const std::string& name) const;
  /// Names that were last claimed for this author.
  std::set<std::string> names_of(const Author& author) const;

  /// Adds a line. Throws what `note_written` throws.
  void note_claimed(const std::string& name, const Author& author);

 private:
  void take(const std::vector<std::string>& fields);

  std::filesystem::path folder_;
  using Contents = std::set<std::pair<std::string, std::string>>;  ///< name, digest
  Contents contents_;
  Contents aside_;
  std::map<std::string, Author> authors_;
};

/// Adds a line to the record of a folder, without reading it; makes its folder. Throws
/// Error(kInput) when that cannot be written.
void note_written(const std::filesystem::path& folder, const std::string& name,
                  const std::string& sha256);

/// The same of a content that may be put aside.
void note_aside(const std::filesystem::path& folder, const std::string& name,
                const std::string& sha256);
/// FILE.kept, or where that is taken FILE.kept-2, …
std::filesystem::path name_beside(const std::filesystem::path& file);

/// A file in a folder with a record.
struct RecordedPlace {
  std::filesystem::path folder;
  std::string name;  ///< relative to it
};

/// Nothing where neither the folder of the file nor, for tracks, the one above has a record.
std::optional<RecordedPlace> recorded_place(const std::filesystem::path& file);

/// A folder for half-written files in the state folder, made where it is missing.
std::filesystem::path parts_folder(const std::filesystem::path& folder);
/// That of the state folder which the file itself lies in; nothing for other files.
std::optional<std::filesystem::path> parts_of_state(const std::filesystem::path& file);
/// Removes half-written files of programs that are dead.
void remove_dead_parts(const std::filesystem::path& folder);

}  // namespace grids::core
