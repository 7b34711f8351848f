#include "cli/inputs.hpp"

#include <sstream>

#include "io/atomic_file.hpp"

namespace grids {

void StudyArguments::declare(OptionSet& options) {
  options.value("study", study, "Study written by prepare", OptionSet::Need::kRequired);
  options.value("surrogate", surrogate, "Surrogate written by train", OptionSet::Need::kRequired);
}

StudyAndSurrogate load(const StudyArguments& arguments) {
  // The surrogate first: a wrong one is told before the large file is read.
  SurrogateFile file = read_surrogate(arguments.surrogate);
  FoldedSurrogate surrogate(file);
  Study study = read_study(arguments.study);
  with_context(arguments.surrogate.string(), [&] { require_same_features(file, study); });
  return {std::move(study), std::move(file), std::move(surrogate)};
}

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  std::istringstream content(read_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(content, line);) {
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    lines.push_back(line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1));
  }
  return lines;
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error && std::filesystem::is_directory(folder)) return;
  throw input_error("cannot make the folder {}: {}", folder.string(),
                    error ? error.message() : "a file of that name exists");
}

}  // namespace grids
