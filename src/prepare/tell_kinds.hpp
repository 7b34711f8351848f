/// What the values of a file were recognised as (normalise.hpp), told to the user.
#pragma once

#include "io/raw_multiome.hpp"
#include "prepare/diary.hpp"
#include "prepare/normalise.hpp"

namespace grids::core {

/// How the RNA is taken: a warning where it is no counts.
void say_how_rna_is_taken(RnaKind kind, const PackedModality& rna, Diary& diary);

/// Throws Error(kInput) for ATAC of which it cannot be told what is open, and what to give instead;
/// warns of weights.
void require_open_and_closed(const PackedModality& atac, Diary& diary);

}  // namespace grids::core
