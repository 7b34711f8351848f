#include "io/written_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "base/error.hpp"
#include "base/process.hpp"
#include "io/folder.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecord = "written.tsv";
constexpr const char* kParts = "parts";
/// Ends each line: what a kill cut off has none.
constexpr const char* kLineEnd = "\t.\n";

/// Names and targets may hold what separates fields and lines.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\')
      result += "\\\\";
    else if (c == '\t')
      result += "\\t";
    else if (c == '\n')
      result += "\\n";
    else
      result += c;
  }
  return result;
}

std::string unescaped(const std::string& text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    ++i;
    result += text[i] == 't' ? '\t' : text[i] == 'n' ? '\n' : text[i];
  }
  return result;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  for (size_t begin = 0;;) {
    const size_t end = line.find('\t', begin);
    fields.push_back(unescaped(line.substr(begin, end - begin)));
    if (end == std::string::npos) return fields;
    begin = end + 1;
  }
}

/// One call of write: lines of several programs do not mix. The line end before it parts it from
/// what a kill may have cut off.
void add_line(const fs::path& folder, const std::string& line) {
  make_folder(folder / kStateFolder);
  const fs::path path = folder / kStateFolder / kRecord;
  const std::string text = "\n" + line + kLineEnd;
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  const ssize_t written = file < 0 ? -1 : ::write(file, text.data(), text.size());
  const int error = written < 0 ? errno : ENOSPC;
  if (file >= 0) ::close(file);
  if (written != static_cast<ssize_t>(text.size())) {
    throw input_error("cannot write {}: {}", path.string(), std::strerror(error));
  }
}

}  // namespace

WrittenFiles::WrittenFiles(fs::path folder) : folder_(std::move(folder)) {
  std::ifstream file(record(), std::ios::binary);
  for (std::string line; std::getline(file, line);) take(fields_of(line));
}

fs::path WrittenFiles::record() const {
  return folder_ / kStateFolder / kRecord;
}

void WrittenFiles::take(const std::vector<std::string>& fields) {
  if (fields.back() != ".") return;
  if (fields.size() == 4 && fields[0] == "wrote") contents_.emplace(fields[2], fields[1]);
  if (fields.size() == 4 && fields[0] == "aside") aside_.emplace(fields[2], fields[1]);
  if (fields.size() == 5 && fields[0] == "claimed") authors_[fields[3]] = {fields[1], fields[2]};
}

bool WrittenFiles::wrote(const std::string& name, const std::string& sha256) const {
  return contents_.contains({name, sha256});
}

bool WrittenFiles::may_put_aside(const std::string& name, const std::string& sha256) const {
  return aside_.contains({name, sha256});
}

std::optional<Author> WrittenFiles::author_of(const std::string& name) const {
  const auto found = authors_.find(name);
  if (found == authors_.end()) return std::nullopt;
  return found->second;
}

std::set<std::string> WrittenFiles::names_of(const Author& author) const {
  std::set<std::string> names;
  for (const auto& [name, claimed] : authors_) {
    if (claimed == author) names.insert(name);
  }
  return names;
}

void WrittenFiles::note_claimed(const std::string& name, const Author& author) {
  if (author_of(name) == author) return;
  add_line(folder_, "claimed\t" + escaped(author.command) + "\t" + escaped(author.target) + "\t" +
                        escaped(name));
  take({"claimed", author.command, author.target, name, "."});
}

void note_written(const fs::path& folder, const std::string& name, const std::string& sha256) {
  add_line(folder, "wrote\t" + sha256 + "\t" + escaped(name));
}

void note_aside(const fs::path& folder, const std::string& name, const std::string& sha256) {
  add_line(folder, "aside\t" + sha256 + "\t" + escaped(name));
}

fs::path name_beside(const fs::path& file) {
  for (int i = 1;; ++i) {
    fs::path beside = file;
    beside += i == 1 ? std::string(".kept") : fmt::format(".kept-{}", i);
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(beside, ignored))) return beside;
  }
}

std::optional<RecordedPlace> recorded_place(const fs::path& file) {
  std::error_code ignored;
  const fs::path parent = folder_of(file);
  if (parent.filename() == kStateFolder) return std::nullopt;
  const auto has_record = [&](const fs::path& folder) {
    return fs::is_directory(folder / kStateFolder, ignored);
  };
  const std::string name = file.filename().string();
  if (has_record(parent)) return RecordedPlace{parent, name};
  if (parent.filename() != kTracksFolder) return std::nullopt;
  const fs::path above = folder_of(parent);
  if (!has_record(above)) return std::nullopt;
  return RecordedPlace{above, std::string(kTracksFolder) + "/" + name};
}

fs::path parts_folder(const fs::path& folder) {
  fs::path parts = folder / kStateFolder / kParts;
  make_folder(parts);
  return parts;
}

std::optional<fs::path> parts_of_state(const fs::path& file) {
  for (fs::path folder = folder_of(file); folder.has_filename(); folder = folder.parent_path()) {
    if (folder.filename() == kStateFolder) return parts_folder(folder_of(folder));
  }
  return std::nullopt;
}

void remove_dead_parts(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder / kStateFolder / kParts, ignored)) {
    const std::string name = entry.path().filename().string();
    const auto mark = mark_from(name.substr(0, name.rfind('-')));
    if (mark && life_of(*mark) == Life::kDead) fs::remove(entry.path(), ignored);
  }
}

}  // namespace grids::core
