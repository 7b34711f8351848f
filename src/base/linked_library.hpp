/// What `--licences` of a program prints: the libraries that it is linked with.
#pragma once

#include <string>
#include <vector>

namespace grids::core {

struct LinkedLibrary {
  std::string name;
  std::string version;  ///< that it was built with; empty where nobody says
  std::string licence;
  std::string files;  ///< shared objects, as the linker names them; none: headers
};

/// "PROGRAM VERSION: MIT licence. …" and a line for each library.
std::string licence_lines(const std::string& program, const std::vector<LinkedLibrary>& libraries);

}  // namespace grids::core
