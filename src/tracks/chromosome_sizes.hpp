/// Lengths of chromosomes by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace grids::core {

/// Bases of each chromosome, in the order of names by bytes, which is the order of a bigWig's.
using ChromosomeSizes = std::map<std::string, uint32_t, std::less<>>;

/// Those of a table of names and lengths (io/annotation.hpp). Throws Error(kInput) what reading it
/// throws, and naming the file for lengths beyond 32 bits and a name with two lengths.
ChromosomeSizes sizes_by_name(const std::filesystem::path& path);

}  // namespace grids::core
