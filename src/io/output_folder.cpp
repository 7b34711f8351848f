#include "io/output_folder.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "io/folder.hpp"
#include "io/folder_lock.hpp"
#include "io/manifest.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

/// A link that points at nothing is written through, and is not in the way.
bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored);
}

/// Digests of files, made again where size or time of a file has changed.
class Digests {
 public:
  /// Empty for what is no file.
  const std::string& of(const fs::path& file) {
    std::error_code error;
    const bool regular = fs::is_regular_file(file, error);
    const auto bytes = regular ? fs::file_size(file, error) : 0;
    const auto time = regular ? fs::last_write_time(file, error) : fs::file_time_type();
    Known& known = known_[file.string()];
    if (!regular) known = {};
    if (!regular || (!known.sha256.empty() && known.bytes == bytes && known.time == time)) {
      return known.sha256;
    }
    known = {bytes, time, sha256_of(file)};
    return known.sha256;
  }

 private:
  struct Known {
    uintmax_t bytes = 0;
    fs::file_time_type time;
    std::string sha256;
  };
  std::map<std::string, Known> known_;
};

/// Why a file stands in the way.
enum class InTheWay : uint8_t { kNot, kOfAnother, kForeign, kNoFile };

InTheWay in_the_way(const WrittenFiles& written, const std::string& name, const Author& author,
                    Digests& digests) {
  const fs::path file = written.folder() / name;
  if (!is_there(file)) return InTheWay::kNot;
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return InTheWay::kNoFile;
  if (!written.wrote(name, digests.of(file))) return InTheWay::kForeign;
  const auto other = written.author_of(name);
  const bool free = !other || *other == author || *other == kEveryCommand;
  return free ? InTheWay::kNot : InTheWay::kOfAnother;
}

std::string words_of(const Author& author) {
  const std::string command =
      author.command.empty() ? "another command" : "grids " + author.command;
  return author.target.empty() ? command : command + " (" + author.target + ")";
}

/// Adds what the user is to be told of a file in the way; with `overwrite` only of what cannot be
/// put aside.
void complain(const WrittenFiles& written, const std::string& name, InTheWay why, bool overwrite,
              Problems& problems) {
  const auto file = (written.folder() / name).string();
  if (why == InTheWay::kNoFile) problems.add("{}: it is a folder, or no regular file", file);
  if (overwrite) return;
  if (why == InTheWay::kForeign) {
    problems.add("{} was not written by grids, or has changed since", file);
  } else if (why == InTheWay::kOfAnother) {
    problems.add("{} was written by {}", file, words_of(*written.author_of(name)));
  }
}

/// Only what is a file can be replaced: of a folder in the way --overwrite is no remedy.
void raise_in_the_way(const Problems& problems, bool overwrite_helps) {
  problems.raise(
      ErrorKind::kInput,
      overwrite_helps
          ? "files are in the way; choose another place (-o), or give --overwrite (what grids did "
            "not write is then kept under another name)"
          : "what is no file is in the way; choose another place (-o), or move it away");
}

bool can_be_replaced(InTheWay why) {
  return why == InTheWay::kForeign || why == InTheWay::kOfAnother;
}

/// Of which contents, by name, it was said that they are kept: a run claims names stage by stage.
using Told = std::set<std::pair<std::string, std::string>>;

/// Says once that a file of the user's is renamed, and to what.
void tell_kept(const fs::path& file, const std::string& sha256, Told& told,
               const Context& context) {
  if (!told.emplace(file.string(), sha256).second) return;
  std::error_code ignored;
  const fs::path beside = name_beside(fs::weakly_canonical(file, ignored));  // of a link, there
  context.reporter.warning(fmt::format(
      "{} is not as grids wrote it; unless the result is the same, it is kept as {}", file.string(),
      fs::is_symlink(file, ignored) ? beside.string() : beside.filename().string()));
}

/// Clears the way for one name, and says whose it is now.
void claim_name(WrittenFiles& written, const std::string& name, const Author& author,
                bool overwrite, Digests& digests, Told& told, const Context& context) {
  const InTheWay why = in_the_way(written, name, author, digests);
  Problems problems;
  // It is late to stop for the user's own file: it is put aside.
  complain(written, name, why, overwrite || why == InTheWay::kForeign, problems);
  raise_in_the_way(problems, !overwrite && can_be_replaced(why));
  if (why == InTheWay::kForeign) {
    const fs::path file = written.folder() / name;
    note_aside(written.folder(), name, digests.of(file));
    tell_kept(file, digests.of(file), told, context);
  }
  if (why == InTheWay::kOfAnother) {
    const Author other = *written.author_of(name);
    // With the target that is replaced go its other files: they are claimed, and dropped later.
    if (other.command == author.command) {
      for (const auto& each : written.names_of(other)) written.note_claimed(each, author);
    }
  }
  written.note_claimed(name, author);
}

/// A lock in a folder, and the folders that were made for it: they go again, as far as they are
/// empty, where nothing was written.
class HeldPlace {
 public:
  HeldPlace(fs::path folder, const std::string& command, const std::string& file)
      : folder_(std::move(folder)) {
    std::error_code ignored;
    for (fs::path each = folder_ / kStateFolder; !each.empty() && !fs::exists(each, ignored);
         each = each.parent_path()) {
      if (each.has_filename()) made_.push_back(each);
    }
    lock_.emplace(folder_, command, file);
  }
  ~HeldPlace() {
    lock_.reset();
    const WrittenFiles written(folder_);
    if (!written.empty() || is_locked(folder_)) return;
    const fs::path state = folder_ / kStateFolder;
    std::error_code ignored;
    for (const auto& each : {written.record(), state / "lock.guard", state / "parts"}) {
      fs::remove(each, ignored);
    }
    for (const auto& each : made_) fs::remove(each, ignored);
  }
  HeldPlace(const HeldPlace&) = delete;
  HeldPlace& operator=(const HeldPlace&) = delete;

  FolderLock& lock() { return *lock_; }

 private:
  fs::path folder_;
  std::vector<fs::path> made_;  ///< the innermost first
  std::optional<FolderLock> lock_;
};

}  // namespace

void describe_overwrite(OptionSet& set, bool& overwrite) {
  set.flag("--overwrite", overwrite,
           "Replace what another command, or the same for another target, wrote there; what grids "
           "did not write is kept under another name");
}

std::string seen_from(const fs::path& folder, const fs::path& file) {
  std::error_code error;
  const fs::path from = fs::weakly_canonical(fs::absolute(folder, error), error);
  const fs::path whole = fs::weakly_canonical(fs::absolute(file, error), error);
  const fs::path seen = whole.lexically_relative(from);
  return seen.empty() ? whole.string() : seen.string();
}

struct OutputFolder::State {
  HeldPlace place;
  WrittenFiles written;
  mutable Digests digests;
  Told told;

  State(const fs::path& folder, const std::string& command)
      : place(folder, command, ""), written(folder) {}
};

OutputFolder::OutputFolder(fs::path folder, Author author, const std::vector<std::string>& names,
                           bool overwrite)
    : folder_(std::move(folder)), author_(std::move(author)), overwrite_(overwrite) {
  require_folder(folder_);
  state_ = std::make_unique<State>(folder_, author_.command);
  remove_dead_parts(folder_);
  auto wanted = state_->written.names_of(author_);
  wanted.insert(names.begin(), names.end());
  require_free({wanted.begin(), wanted.end()});
}

OutputFolder::~OutputFolder() = default;

void OutputFolder::require_free(const std::vector<std::string>& names) const {
  Problems problems;
  bool overwrite_helps = false;
  for (const auto& name : names) {
    const InTheWay why = in_the_way(state_->written, name, author_, state_->digests);
    complain(state_->written, name, why, overwrite_, problems);
    overwrite_helps = overwrite_helps || (!overwrite_ && can_be_replaced(why));
  }
  raise_in_the_way(problems, overwrite_helps);
}

void OutputFolder::claim(const std::vector<std::string>& names, const Context& context) {
  state_->written = WrittenFiles(folder_);  // replace_file has added to it
  for (const auto& name : names) {
    claim_name(state_->written, name, author_, overwrite_, state_->digests, state_->told, context);
  }
}

void OutputFolder::claim_for_all(const std::string& name, const Context& context) {
  state_->written = WrittenFiles(folder_);
  claim_name(state_->written, name, kEveryCommand, true, state_->digests, state_->told, context);
}

void OutputFolder::drop_others(const std::vector<std::string>& names, const Context& context) {
  state_->written = WrittenFiles(folder_);
  for (const auto& name : state_->written.names_of(author_)) {
    if (std::find(names.begin(), names.end(), name) == names.end()) drop(name, context);
  }
}

void OutputFolder::drop(const std::string& name, const Context& context) {
  const fs::path file = folder_ / name;
  if (!is_there(file)) return;
  if (WrittenFiles(folder_).wrote(name, state_->digests.of(file))) {
    std::error_code ignored;
    fs::remove(file, ignored);
  } else {
    context.reporter.warning(
        fmt::format("{} is of an earlier run, but has changed since: it stays", file.string()));
  }
}

bool OutputFolder::is_own(const std::string& name) const {
  return WrittenFiles(folder_).wrote(name, content_of(name));
}

std::string OutputFolder::content_of(const std::string& name) const {
  return state_->digests.of(folder_ / name);
}

void OutputFolder::shared_with(int64_t pid) {
  state_->place.lock().shared_with(pid);
}

struct OutputFiles::State {
  std::vector<std::unique_ptr<HeldPlace>> places;

  ~State() {
    while (!places.empty()) places.pop_back();  // the first made what the others found
  }
};

OutputFiles::OutputFiles(std::vector<fs::path> files, Author author, bool overwrite)
    : files_(std::move(files)),
      author_(std::move(author)),
      overwrite_(overwrite),
      state_(std::make_unique<State>()) {
  Problems problems;
  Digests digests;
  bool overwrite_helps = false;
  for (const auto& file : files_) {
    const auto name = file.filename().string();
    state_->places.push_back(std::make_unique<HeldPlace>(folder_of(file), author_.command, name));
    const WrittenFiles written(folder_of(file));
    const InTheWay why = in_the_way(written, name, author_, digests);
    complain(written, name, why, overwrite_, problems);
    overwrite_helps = overwrite_helps || (!overwrite_ && can_be_replaced(why));
  }
  raise_in_the_way(problems, overwrite_helps);
}

OutputFiles::~OutputFiles() = default;

void OutputFiles::claim(const Context& context) const {
  Digests digests;
  Told told;
  for (const auto& file : files_) {
    WrittenFiles written(folder_of(file));
    remove_dead_parts(folder_of(file));
    claim_name(written, file.filename().string(), author_, overwrite_, digests, told, context);
  }
}

}  // namespace grids::core
