#include "io/folder.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/error.hpp"

namespace grids::core {

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error && std::filesystem::is_directory(folder)) return;
  throw input_error("cannot make the folder {}: {}", folder.string(),
                    error ? error.message() : "a file of that name exists");
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

namespace {

/// A link that points at nothing is no place for a folder, and in the way of one.
void require_no_dangling_link(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::exists(folder, error)) return;
  const auto link = folder.has_filename() ? folder : folder.parent_path();  // without a last slash
  const auto target = std::filesystem::read_symlink(link, error);
  if (error) return;
  throw input_error(
      "cannot make the folder {}: it is a link to {}, which is not there; make that, or remove the "
      "link",
      folder.string(), target.string());
}

}  // namespace

void require_folder(const std::filesystem::path& folder) {
  if (folder.empty()) throw usage_error("the output folder has no name");
  require_no_dangling_link(folder);
  std::error_code ignored;
  std::filesystem::path place = folder;
  while (!place.empty() && !std::filesystem::exists(place, ignored)) {
    place = place.has_relative_path() ? place.parent_path() : std::filesystem::path();
  }
  if (place.empty()) place = ".";
  if (!std::filesystem::is_directory(place, ignored)) {
    throw input_error("cannot make the folder {}: {} is a file", folder.string(), place.string());
  }
  if (::access(place.c_str(), W_OK) != 0) {
    throw input_error("cannot make the folder {}: {}: {}", folder.string(), place.string(),
                      std::strerror(errno));
  }
}

}  // namespace grids::core
