#include "prepare/peaks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <tuple>
#include <unordered_set>

#include "prepare/match_cells.hpp"

namespace grids::core {
namespace {

bool all_of(std::string_view text, auto&& test) {
  return std::all_of(text.begin(), text.end(), test);
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

/// An accession of an unplaced sequence such as GL000194.1, KI270713v1 or AABR07024031.1.
/// Accessions of whole chromosomes (CM…, CP…, LR…, OX…) are not meant, so those of two letters are
/// listed.
bool is_unplaced_accession(std::string_view name) {
  size_t letters = 0;
  while (letters < name.size() && is_upper(name[letters])) ++letters;
  constexpr std::string_view kUnplaced = "GL KI JH KB KE KK KL KN KQ KV KZ ML MU";
  const bool known = letters == 2 && kUnplaced.find(name.substr(0, 2)) != std::string_view::npos;
  if (!known && (letters < 4 || letters > 6)) return false;
  size_t end = letters;
  while (end < name.size() && is_digit(name[end])) ++end;
  if (end - letters < 5) return false;
  const auto version = name.substr(end);
  return version.empty() || (version.size() > 1 && (version[0] == '.' || version[0] == 'v') &&
                             all_of(version.substr(1), is_digit));
}

std::string_view without_chr(std::string_view name) {
  for (const std::string_view prefix : {"chr", "Chr", "CHR"}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

bool before(const Interval& a, const Interval& b) {
  return std::tie(a.chromosome, a.start, a.end) < std::tie(b.chromosome, b.start, b.end);
}

}  // namespace

std::vector<Interval> checked_peaks(const PackedModality& atac) {
  auto peaks = peak_intervals(atac.var, atac.source);
  std::vector<int32_t> order(peaks.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return before(peaks[static_cast<size_t>(a)], peaks[static_cast<size_t>(b)]);
  });
  for (size_t k = 1; k < order.size(); ++k) {
    const auto a = static_cast<size_t>(order[k - 1]);
    const auto b = static_cast<size_t>(order[k]);
    if (before(peaks[a], peaks[b])) continue;
    throw input_error("{}: two peaks are the same interval {}:{}-{}: '{}' and '{}'; keep one",
                      atac.source, peaks[a].chromosome, peaks[a].start, peaks[a].end,
                      atac.var.index[std::min(a, b)], atac.var.index[std::max(a, b)]);
  }
  std::unordered_set<std::string_view> names;
  for (const auto& name : atac.var.index) {
    if (!names.insert(name).second) {
      throw input_error("{}: two peaks are called '{}'; make the names unique", atac.source, name);
    }
  }
  return peaks;
}

bool is_scaffold(std::string_view chromosome) {
  if (chromosome.starts_with("NC_")) return false;  // RefSeq's names of assembled chromosomes
  const auto name = without_chr(chromosome);
  for (const std::string_view start :
       {"Un_", "UN_", "NW_", "NT_", "scaffold", "Scaffold", "contig", "Contig", "hs37d5", "EBV"}) {
    if (name.starts_with(start)) return true;
  }
  if (name == "Un" || name == "U" || name == "Uextra") return true;
  for (const std::string_view end : {"_random", "_alt", "_fix", "_decoy", "_patch", "Het"}) {
    if (name.ends_with(end)) return true;
  }
  if (name.find("_hap") != std::string_view::npos) return true;
  return is_unplaced_accession(name);
}

bool is_mitochondrial_chromosome(std::string_view chromosome) {
  const auto name = without_chr(chromosome);
  return name == "M" || name == "MT" || name == "Mt" || name == "mt" || name == "MtDNA" ||
         name == "mtDNA" || chromosome.starts_with("NC_012920");
}

void PeakOptions::describe(OptionSet& set) {
  set.value("--min-peak-share", min_peak_share,
            "A peak is open in at least this share of the training cells", at_least(0).at_most(1));
  set.value("--min-peak-cells", min_peak_cells, "... and in at least this many", at_least(0));
}

PeakSelection select_peaks(std::span<const Interval> peaks, std::span<const int64_t> open_in,
                           int64_t training_cells, const PeakOptions& options, bool keep_all) {
  PeakSelection result;
  if (!keep_all) {
    result.required_cells = std::max(
        options.min_peak_cells,
        static_cast<int64_t>(
            std::ceil(options.min_peak_share * static_cast<double>(training_cells) - 1e-9)));
  }
  std::set<std::string> scaffolds;
  int64_t most_open = 0;
  for (size_t j = 0; j < peaks.size(); ++j) {
    if (!keep_all && is_mitochondrial_chromosome(peaks[j].chromosome)) {
      ++result.mitochondrial;
    } else if (!keep_all && is_scaffold(peaks[j].chromosome)) {
      ++result.scaffold;
      scaffolds.insert(peaks[j].chromosome);
    } else if (open_in[j] < result.required_cells) {
      ++result.rare;
      most_open = std::max(most_open, open_in[j]);
    } else {
      result.columns.push_back(static_cast<int32_t>(j));
    }
  }
  result.scaffolds.assign(scaffolds.begin(), scaffolds.end());
  if (result.columns.empty()) {
    throw input_error(
        "no peak of {} is left: {} on scaffolds ({}), {} mitochondrial, {} open in fewer than {} "
        "of "
        "the {} training cells (the most in {}); see --min-peak-cells, --min-peak-share",
        peaks.size(), result.scaffold, examples(result.scaffolds), result.mitochondrial,
        result.rare, result.required_cells, training_cells, most_open);
  }
  std::sort(result.columns.begin(), result.columns.end(), [&](int32_t a, int32_t b) {
    return before(peaks[static_cast<size_t>(a)], peaks[static_cast<size_t>(b)]);
  });
  return result;
}

PeakTable peak_table(std::span<const Interval> peaks, std::span<const std::string> names,
                     std::span<const int32_t> columns) {
  PeakTable table;
  for (size_t k = 0; k < columns.size(); ++k) {
    const auto j = static_cast<size_t>(columns[k]);
    if (table.chromosomes.empty() || table.chromosomes.back() != peaks[j].chromosome) {
      table.chromosomes.push_back(peaks[j].chromosome);
      table.chromosome_offsets.push_back(static_cast<int64_t>(k));
    }
    table.names.push_back(names[j]);
    table.start.push_back(peaks[j].start);
    table.end.push_back(peaks[j].end);
  }
  table.chromosome_offsets.push_back(table.size());
  return table;
}

}  // namespace grids::core
