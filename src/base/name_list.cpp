#include "base/name_list.hpp"

#include <algorithm>

namespace grids::core {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Where the longest name ends that begins at `begin`: at a comma or the end; npos for none.
size_t end_of_name(std::string_view word, size_t begin,
                   const std::function<bool(std::string_view)>& is_name) {
  for (size_t end = word.size();;) {
    const auto piece = word.substr(begin, end - begin);
    if (is_name(piece) || is_name(trimmed(piece))) return end;
    if (end == begin) return std::string_view::npos;
    end = word.rfind(',', end - 1);
    if (end == std::string_view::npos || end < begin) return std::string_view::npos;
  }
}

}  // namespace

std::vector<std::string> split_names(const std::vector<std::string>& words,
                                     const std::function<bool(std::string_view)>& is_name) {
  std::vector<std::string> names;
  for (const std::string_view word : words) {
    for (size_t begin = 0; begin <= word.size();) {
      size_t end = end_of_name(word, begin, is_name);
      if (end == std::string_view::npos) end = std::min(word.find(',', begin), word.size());
      const auto piece = word.substr(begin, end - begin);
      const auto name = is_name(piece) ? piece : trimmed(piece);
      if (!name.empty()) names.emplace_back(name);
      begin = end + 1;
    }
  }
  return names;
}

}  // namespace grids::core
