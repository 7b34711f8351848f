/// What is to be explained: genes in cell types.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "study/study.hpp"

namespace grids::core {

struct ExplainTarget {
  std::optional<int32_t> type;  ///< nothing = the cells of all types together
  int32_t gene = 0;
  int64_t set_size = 10;  ///< L

  bool operator==(const ExplainTarget&) const = default;
};

/// The type's name, or "all".
std::string type_name(const Study& study, const ExplainTarget& target);

/// Keys the random streams of a target: by what its type is in the study, not by its name.
uint64_t stream_of(const Study& study, const ExplainTarget& target);

/// A target as a user spells it.
struct TargetRequest {
  std::string cell_type;  ///< a type, "all" (together) or "each" (in turn)
  std::string gene;       ///< symbol or id
  int64_t set_size = 10;
};

/// The types that a name stands for: one; for "all" nothing, which is all of them together; for
/// "each" every one of the study. "type:NAME" is a type called NAME whatever that means otherwise.
/// A name that the study does not have becomes a problem, told once, with the names that come
/// closest.
std::vector<std::optional<int32_t>> find_types(const Study& study, const std::string& name,
                                               Problems& problems);
/// Whether `find_types` knows it.
bool names_types(const Study& study, std::string_view name);
/// The gene of that symbol or id, likewise; nothing when there is none.
std::optional<int32_t> find_gene(const Study& study, const std::string& name, Problems& problems);

/// In the order of the requests, "each" in that of the study's types, repeated ones once. Throws
/// Error(kInput) that lists every name that the study does not have, each with the names that come
/// closest, and every L that is not between 1 and the number of peaks.
std::vector<ExplainTarget> find_targets(const Study& study,
                                        const std::vector<TargetRequest>& requests);

/// A table with the columns cell_type (a type, `all` or `each`), gene and L; a table without L gets
/// `default_set_size`. Throws Error(kInput) as find_targets does, or for a missing column, an L
/// that is not a whole number, or no rows.
std::vector<TargetRequest> read_targets(const std::filesystem::path& path,
                                        int64_t default_set_size);

}  // namespace grids::core
