/// How often the test cells of a study were asked. A contrast is valid after any search, because
/// its cells took part in none; asked again and again, with other options each time, the same cells
/// answer what was asked of them by chance.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/context.hpp"
#include "study/study.hpp"

namespace grids::core {

/// How often, this time included.
struct TimesAsked {
  int64_t runs = 0;
  int64_t sets = 0;  ///< of all of them
};

/// The folder of these records: "STUDY.asked".
std::filesystem::path asked_folder(const std::filesystem::path& study_file);

/// Records that so many sets are held against the test cells, as one small file in the folder
/// beside the study, and counts the files there that speak of the same test cells. Without a lock:
/// each run writes a file of its own name. `run`: what the parts of one run share (they count
/// once); empty: a run of its own. A folder that cannot be written is a warning, and nothing is
/// counted then.
TimesAsked record_asking(const std::filesystem::path& study_file, const Study& study, int64_t sets,
                         const std::string& run, const Context& context);

/// Records that so many sets are asked, and warns from the second run on; `run` as above.
void tell_asking(const std::filesystem::path& study_file, const Study& study, int64_t sets,
                 const std::string& run, const Context& context);

/// "the test cells of this study were asked 3 times, of 24 sets", where it is more than once.
std::string asked_words(const TimesAsked& asked);

}  // namespace grids::core
