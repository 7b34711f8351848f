#include "base/error.hpp"

#include <fmt/ranges.h>

namespace grids::core {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kInput:
      return 3;
    case ErrorKind::kCancelled:
      return 130;
    case ErrorKind::kInternal:
      break;
  }
  return 1;
}

void Problems::raise(ErrorKind kind, std::string_view headline) const {
  if (problems_.empty()) return;
  if (problems_.size() == 1) throw Error(kind, fmt::format("{}: {}", headline, problems_.front()));
  throw Error(kind, fmt::format("{}:\n  - {}", headline, fmt::join(problems_, "\n  - ")));
}

}  // namespace grids::core
