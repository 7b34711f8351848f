/// What `--licences` prints: the libraries that a program is linked with, and their licences.
#pragma once

#include <cstdint>
#include <string>

namespace grids::core {

enum class Program : uint8_t {
  kGrids,  ///< may be passed on under the MIT licence: links nothing under the GPL alone
  kTorch,  ///< `grids-torch`: with LibTorch, and what that loads
};

/// A line for each library: name and version, licence, and as which files it is loaded.
std::string licences_page(Program program);

}  // namespace grids::core
