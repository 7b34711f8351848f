#include "base/file_name.hpp"

#include <fmt/core.h>

#include <cstdint>

namespace grids::core {
namespace {

constexpr size_t kLongest = 100;
constexpr size_t kKept = 80;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("+-._=").find(c) != std::string_view::npos;
}

uint64_t fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

}  // namespace

std::string safe_file_name(std::string_view name, std::string_view also_escape) {
  if (name.empty()) return "~";
  std::string result;
  for (const char c : name) {
    const bool leading = result.empty() && (c == '-' || c == '.');
    if (is_plain(c) && !leading && also_escape.find(c) == std::string_view::npos) {
      result.push_back(c);
    } else {
      result += fmt::format("~{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (result.size() <= kLongest) return result;
  // A cut never leaves half an escape: the tilde and what follows it go.
  std::string kept = result.substr(0, kKept);
  const size_t tilde = kept.find('~', kKept - 2);
  if (tilde != std::string::npos) kept.resize(tilde);
  return fmt::format("{}~~{:016x}", kept, fnv1a(name));
}

}  // namespace grids::core
