/// A store of groups and arrays that are in memory (grids/commands.hpp), for the readers of files.
#pragma once

#include <memory>
#include <string>

#include "grids/commands.hpp"
#include "io/store.hpp"

namespace grids {

/// `name` is what messages call it. Throws Error(kInput) for an array whose entries are not as many
/// as its shape says.
core::store::Group memory_store(std::shared_ptr<const StoredGroup> root, const std::string& name);

}  // namespace grids
