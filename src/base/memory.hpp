/// How much memory a program may use: what the user says (`--memory 8G`), or most of what is free.
///
/// It decides which arrays lie in memory and which in a file, and how large blocks of work are;
/// never what is computed.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace grids::core {

/// As much as there is: for callers who watch over memory themselves.
inline constexpr int64_t kAnyMemory = std::numeric_limits<int64_t>::max();

/// "8G", "1.5g", "800 MB", "500000": bytes, where K, M, G and T are powers of 1024, with or without
/// "B" or "iB" behind. Nothing where it is no such text, or less than one byte or more than any
/// machine has.
std::optional<int64_t> parse_bytes(std::string_view text);

/// "7.5 GB": of the same units.
std::string bytes_text(int64_t bytes);

/// What is free now: of the machine, or, where that is less, of the control groups (versions 1 and
/// 2) that hold the process, of which memory that the kernel can take back counts as free.
int64_t free_memory();

/// 80 % of what is free now.
int64_t usual_memory();

}  // namespace grids::core
