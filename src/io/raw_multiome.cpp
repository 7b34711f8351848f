#include "io/raw_multiome.hpp"

namespace grids::core {

const FrameColumn* Frame::find(std::string_view name) const {
  for (const auto& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

}  // namespace grids::core
