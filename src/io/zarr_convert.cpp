#include "io/zarr_convert.hpp"

#include <algorithm>

#include "base/at.hpp"

namespace grids::core::zarr {
namespace {

void append_utf8(uint32_t point, std::string& text) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | (point >> shift & 0x3f)); };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xc0 | point >> 6);
    tail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xe0 | point >> 12);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0 | point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_character(uint32_t point) {
  return point < 0x110000 && (point < 0xd800 || point > 0xdfff);
}

}  // namespace

void swap_bytes(std::string& bytes, int64_t width) {
  for (auto entry = bytes.begin(); bytes.end() - entry >= width; entry += width) {
    std::reverse(entry, entry + width);
  }
}

std::string widened(const std::string& halves) {
  const size_t count = halves.size() / sizeof(uint16_t);
  std::string floats(count * sizeof(float), '\0');
  for (size_t i = 0; i < count; ++i) {
    uint16_t half = 0;
    std::memcpy(&half, halves.data() + i * sizeof half, sizeof half);
    const float value = from_half(half);
    std::memcpy(floats.data() + i * sizeof value, &value, sizeof value);
  }
  return floats;
}

bool text_of(EntryKind type, const char* from, int64_t bytes, std::string& text) {
  text.clear();
  if (type == EntryKind::kChars) {
    text.assign(from, at(bytes));
    text.resize(text.find_last_not_of('\0') + 1);
    return true;
  }
  size_t kept = 0;
  for (size_t i = 0; i < at(bytes); i += sizeof(uint32_t)) {
    uint32_t point = 0;
    std::memcpy(&point, from + i, sizeof point);
    if (!is_character(point)) return false;
    append_utf8(point, text);
    if (point != 0) kept = text.size();
  }
  text.resize(kept);
  return true;
}

}  // namespace grids::core::zarr
