/// A study with more inside.
#pragma once

#include <filesystem>
#include <functional>

#include "io/store_writer.hpp"
#include "study/study.hpp"

namespace grids::core {

/// `write_study`; `more` then adds to the root what readers of studies pass over. Throws what that
/// throws.
void write_study_and(const std::filesystem::path& path, const Study& study,
                     const std::function<void(const store::GroupWriter& root)>& more,
                     ThreadPool* pool = nullptr);

}  // namespace grids::core
