#include "io/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace grids::core {
namespace {

/// What the bytes 0x80 to 0x9F mean in Windows-1252; 0: nothing. Those above are Latin-1's.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

bool follows(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80u;
}

/// Bytes of the character that begins there; 0 where none does.
size_t length_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(text, at + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!follows(text, at + 1) || !follows(text, at + 2)) return 0;
    const bool longer_than_needed = first == 0xE0 && byte(at + 1) < 0xA0;
    const bool surrogate = first == 0xED && byte(at + 1) > 0x9F;
    return longer_than_needed || surrogate ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!follows(text, at + 1) || !follows(text, at + 2) || !follows(text, at + 3)) return 0;
    const bool longer_than_needed = first == 0xF0 && byte(at + 1) < 0x90;
    const bool beyond = first == 0xF4 && byte(at + 1) > 0x8F;
    return longer_than_needed || beyond ? 0 : 4;
  }
  return 0;
}

void append(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0u | (code >> 6u));
    out += static_cast<char>(0x80u | (code & 0x3Fu));
  } else {
    out += static_cast<char>(0xE0u | (code >> 12u));
    out += static_cast<char>(0x80u | ((code >> 6u) & 0x3Fu));
    out += static_cast<char>(0x80u | (code & 0x3Fu));
  }
}

}  // namespace

bool is_utf8(std::string_view text) {
  const bool ascii = std::all_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) return true;
  for (size_t at = 0; at < text.size();) {
    const size_t length = length_at(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::optional<std::string> from_windows_1252(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const unsigned byte = static_cast<unsigned char>(c);
    const unsigned code = byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80] : byte;
    if (code == 0 && byte != 0) return std::nullopt;
    append(result, code);
  }
  return result;
}

std::optional<std::string> as_utf8(std::string text) {
  if (is_utf8(text)) return text;
  return from_windows_1252(text);
}

}  // namespace grids::core
