#include "report/markdown.hpp"

#include <cctype>

#include "report/html.hpp"

namespace grids::core {
namespace {

bool is_letter_or_digit(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

/// An underscore between letters is one; elsewhere it begins or ends emphasis.
bool inside_word(std::string_view text, size_t i) {
  return i > 0 && i + 1 < text.size() && is_letter_or_digit(text[i - 1]) &&
         is_letter_or_digit(text[i + 1]);
}

}  // namespace

std::string escape_markdown(std::string_view text) {
  // Tags go as HTML escapes them, so that a renderer without Markdown's escapes shows none either.
  const std::string plain = escape_html(text);
  std::string result;
  for (size_t i = 0; i < plain.size(); ++i) {
    const char c = plain[i];
    const bool special = std::string_view("\\`*_[]|~").find(c) != std::string_view::npos;
    if (special && !(c == '_' && inside_word(plain, i))) result += '\\';
    // A name that begins a line would be a heading or an item of a list.
    if (i == 0 && std::string_view("#+-=").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

}  // namespace grids::core
