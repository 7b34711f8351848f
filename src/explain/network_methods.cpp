#include "explain/network_methods.hpp"

#include <array>

namespace grids {

std::span<const std::string_view> network_methods() {
  static constexpr std::array<std::string_view, 0> kNames = {};
  return kNames;
}

}  // namespace grids
