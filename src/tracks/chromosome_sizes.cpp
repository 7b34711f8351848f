#include "tracks/chromosome_sizes.hpp"

#include <fmt/core.h>

#include <limits>

#include "base/error.hpp"
#include "io/annotation.hpp"

namespace grids::core {

ChromosomeSizes sizes_by_name(const std::filesystem::path& path) {
  ChromosomeSizes sizes;
  for (const auto& [name, length] : read_chromosome_sizes(path)) {
    if (length > std::numeric_limits<uint32_t>::max()) {
      throw input_error(
          "reading {}: {} has {} bases, and a bigWig holds 4294967295 of a chromosome; is this the "
          "file of lengths?",
          path.string(), name, length);
    }
    const auto [entry, fresh] = sizes.emplace(name, static_cast<uint32_t>(length));
    if (!fresh && entry->second != length) {
      throw input_error("reading {}: {} has two lengths, {} and {}; keep one", path.string(), name,
                        entry->second, length);
    }
  }
  return sizes;
}

}  // namespace grids::core
