/// Text files of tests, and how a reader refuses them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "support/temp_folder.hpp"

namespace grids::core::test {

/// A file of this name with this text.
inline std::filesystem::path put_text(const TempFolder& folder, std::string_view name,
                                      std::string_view text) {
  replace_file(folder / name, text);
  return folder / name;
}

/// What an input was refused with; "" where it was not.
inline std::string refusal(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.kind() == ErrorKind::kInput ? error.what() : "not of the input";
  }
  return "";
}

}  // namespace grids::core::test
