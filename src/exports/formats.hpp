/// The formats in which links leave grids, one file each. Text makers hand over whole lines; links
/// are in genome order (drawn_links.hpp). Those that draw arcs pass over links without one.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "exports/drawn_links.hpp"
#include "study/study.hpp"

namespace grids::core {

/// BED12 of one block and further columns, named in a comment: peaks, each as often as it is
/// linked.
std::string bed_text(std::span<const Link> links);

/// bedtools' BEDPE and further columns, `color` first, as IGV and igv.js read them: first the peak,
/// then the start of transcription (one base).
std::string bedpe_text(std::span<const Link> links);

/// UCSC's interact (bed5+13) behind a `track` line: from the peak to the start of transcription.
/// Peaks on another chromosome than the gene get two lines, one on each.
std::string interact_text(std::span<const Link> links);

/// WashU's longrange: each link from both of its ends, sorted. Empty without arcs.
std::string longrange_text(std::span<const Link> links);

/// bedGraph of the share of a type's cells (of all without one) in which each peak is open; where
/// peaks overlap, of the one that is open more often.
std::string openness_text(const Study& study, std::optional<int32_t> type);

/// A track of an IGV session: its file, as seen from the session's folder.
struct SessionTrack {
  std::string path;
  std::string name;
};

/// Which set a link is of.
struct SetName {
  std::string cell_type;
  std::string gene;
  std::string method;
  int64_t set_size = 0;  ///< L
};

/// Where a session begins: all of the set that stands best, with its gene. `standing`: found sets
/// in the order in which they stand (verdict.hpp); of those that it does not name, the one whose
/// verdict, then whose change as measured (slope × predicted change) stands best.
std::string best_locus(std::span<const Link> links, std::span<const SetName> standing = {});
/// `genome`: as IGV calls it; empty: unknown, and the one that is open stays.
std::string igv_session_text(std::span<const SessionTrack> tracks, const std::string& genome,
                             const std::string& locus);

/// Throws Error(kInput) where the study lacks a peak or gene of a link, or has that peak elsewhere.
void require_of_study(const Study& study, std::span<const Link> links);

/// MultiQC's custom content: how many sets of each cell type have which verdict and call.
std::string multiqc_text(std::span<const Link> links);

/// The study with the links inside: `varp["grids_links"]` (peaks × genes among all variables; the
/// predicted change of the strongest set that links the two), `uns["grids"]["sets"]`, a row a link
/// with the columns of links.tsv, and `uns["atac"]["peak_annotation"]` of the atac modality, as
/// muon reads it. Throws Error(kInput) when the study lacks a peak or gene of a link.
void write_study_with_links(const std::filesystem::path& path, const Study& study,
                            std::span<const Link> links);

}  // namespace grids::core
