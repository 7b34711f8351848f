#include "base/goes_with_program.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <climits>
#include <cstring>

namespace grids::core {
namespace {

enum class Slot : uint8_t { kFree, kTaken, kNoted };

struct Noted {
  std::atomic<Slot> slot = Slot::kFree;
  std::array<char, PATH_MAX> name = {};
};

std::array<Noted, 16> noted;

}  // namespace

GoesWithProgram::GoesWithProgram(const std::filesystem::path& file) {
  std::error_code error;
  const std::string name = std::filesystem::absolute(file, error).string();
  if (error || name.size() >= PATH_MAX) return;
  for (size_t i = 0; i < noted.size(); ++i) {
    Slot expected = Slot::kFree;
    if (!noted[i].slot.compare_exchange_strong(expected, Slot::kTaken)) continue;
    std::memcpy(noted[i].name.data(), name.c_str(), name.size() + 1);
    noted[i].slot = Slot::kNoted;
    slot_ = static_cast<int>(i);
    return;
  }
}

GoesWithProgram::~GoesWithProgram() {
  if (slot_ >= 0) noted[static_cast<size_t>(slot_)].slot = Slot::kFree;
}

void remove_what_goes() noexcept {
  for (auto& each : noted) {
    if (each.slot == Slot::kNoted) ::unlink(each.name.data());
  }
}

}  // namespace grids::core
