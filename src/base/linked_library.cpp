#include "base/linked_library.hpp"

#include <fmt/core.h>

namespace grids::core {

std::string licence_lines(const std::string& program, const std::vector<LinkedLibrary>& libraries) {
  std::string page =
      fmt::format("{} {}: MIT licence. It is linked with:\n\n", program, GRIDS_VERSION);
  for (const auto& library : libraries) {
    const std::string name =
        library.version.empty() ? library.name : library.name + " " + library.version;
    page += fmt::format(
        "  {:<27} {}\n", name,
        fmt::format("{} ({})", library.licence, library.files.empty() ? "headers" : library.files));
  }
  return page;
}

}  // namespace grids::core
