#include "pipeline/export_into.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/at.hpp"
#include "base/file_name.hpp"
#include "base/name_list.hpp"
#include "exports/formats.hpp"
#include "io/annotation.hpp"
#include "io/atomic_file.hpp"
#include "io/folder.hpp"
#include "pipeline/find_study.hpp"
#include "pipeline/inputs.hpp"
#include "pipeline/sibling.hpp"
#include "prepare/builds.hpp"
#include "report/results.hpp"
#include "study/build.hpp"

namespace grids::core {
namespace {

constexpr const char* kBed = "links.bed";
constexpr const char* kBedpe = "links.bedpe";
constexpr const char* kInteract = "links.interact";
constexpr const char* kLongrange = "links.longrange";
constexpr const char* kPacked = "links.longrange.gz";
constexpr const char* kSession = "grids_igv.xml";
constexpr const char* kMuon = "links.h5mu";
constexpr const char* kMultiqc = "grids_sets_mqc.tsv";
constexpr const char* kTracksProgram = "grids-tracks";

/// What all formats are made from.
struct ToExport {
  std::filesystem::path links_file;
  std::vector<Link> links;
  /// With those of contradicted sets, for what counts and draws nothing.
  std::vector<Link> counted;
  std::filesystem::path study_file;  ///< empty: none is needed
  std::optional<Study> study;
};

bool needs_study(const ExportArguments& arguments) {
  return arguments.wants("bigwig") || arguments.wants("igv") || arguments.wants("muon");
}

void require_tracks_program() {
  require_program(program_beside(kTracksProgram), "packing (--format longrange, bigwig)");
}

std::vector<std::string> types_of(const std::vector<Link>& links) {
  std::set<std::string> types;
  for (const auto& link : links) types.insert(link.cell_type);
  return {types.begin(), types.end()};
}

std::string bed_of_type(const std::string& type) {
  return fmt::format("links_{}.bed", safe_file_name(type));
}

std::string openness_of_type(const std::string& type) {
  return fmt::format("openness_{}.bw", safe_file_name(type));
}

/// A session shows what lies beside it.
bool writes_bed(const ExportArguments& arguments) {
  return arguments.wants("bed") || arguments.wants("igv");
}

bool writes_bedpe(const ExportArguments& arguments) {
  return arguments.wants("bedpe") || arguments.wants("igv");
}

/// Types whose openness is written, nothing among them for all cells together: those that were
/// asked for, whether they have links or not.
std::vector<std::optional<int32_t>> opened_types(const Study& study, const LinkFilter& filter) {
  const auto& types_known = study.cells.type.names;
  const auto asked = split_names(filter.cell_types, [&](std::string_view name) {
    return name == kAllTypes ||
           std::find(types_known.begin(), types_known.end(), name) != types_known.end();
  });
  const auto is_drawn = [&](const std::string& type) {
    return asked.empty() || std::find(asked.begin(), asked.end(), type) != asked.end();
  };
  std::vector<std::optional<int32_t>> types;
  if (is_drawn(kAllTypes)) types.emplace_back();
  for (size_t type = 0; type < study.cells.type.names.size(); ++type) {
    if (is_drawn(study.cells.type.names[type])) types.emplace_back(static_cast<int32_t>(type));
  }
  return types;
}

std::string name_of_type(const Study& study, std::optional<int32_t> type) {
  return type ? study.cells.type.names[at(*type)] : kAllTypes;
}

/// An index needs a line.
bool has_arcs(const std::vector<Link>& links) {
  return std::any_of(links.begin(), links.end(), has_arc);
}

std::string packed_index() {
  return std::string(kPacked) + ".tbi";
}

std::vector<std::string> file_names(const ExportArguments& arguments, const ToExport& data) {
  std::vector<std::string> names;
  if (writes_bed(arguments)) names.emplace_back(kBed);
  if (arguments.wants("bed")) {
    for (const auto& type : types_of(data.links)) names.push_back(bed_of_type(type));
  }
  if (writes_bedpe(arguments)) names.emplace_back(kBedpe);
  if (arguments.wants("interact")) names.emplace_back(kInteract);
  if (arguments.wants("longrange")) {
    names.emplace_back(kLongrange);
    if (has_arcs(data.links)) names.insert(names.end(), {kPacked, packed_index()});
  }
  if (arguments.wants("bigwig")) {
    for (const auto type : opened_types(*data.study, arguments.filter)) {
      names.push_back(openness_of_type(name_of_type(*data.study, type)));
    }
  }
  if (arguments.wants("igv")) names.emplace_back(kSession);
  if (arguments.wants("muon")) names.emplace_back(kMuon);
  if (arguments.wants("multiqc")) names.emplace_back(kMultiqc);
  return names;
}

void tell_left_out(const DrawnLinks& drawn, const ExportArguments& arguments,
                   const Context& context) {
  if (drawn.contradicted_left_out > 0) {
    context.reporter.warning(fmt::format(
        "{} set{} that measured expression contradicts {} left out, which {} no finding{}; "
        "--contradicted draws them",
        drawn.contradicted_left_out, drawn.contradicted_left_out == 1 ? "" : "s",
        drawn.contradicted_left_out == 1 ? "is" : "are",
        drawn.contradicted_left_out == 1 ? "is" : "are",
        drawn.contradicted_left_out == 1 ? "" : "s"));
  }
  const int64_t bare = count_without_arc(drawn.links);
  const bool draws_arcs =
      writes_bedpe(arguments) || arguments.wants("interact") || arguments.wants("longrange");
  if (draws_arcs && bare > 0) {
    context.reporter.warning(
        fmt::format("{} of {} links have no arc: their gene has no position in the study", bare,
                    drawn.links.size()));
  }
  if (draws_arcs && arguments.wants("longrange") && !has_arcs(drawn.links)) {
    context.reporter.warning(
        fmt::format("{} is empty, and not packed: an index needs a line", kLongrange));
  }
}

/// Why there is nothing to draw, and what to do.
void tell_empty(const ToExport& data, size_t all, const Context& context) {
  if (!data.links.empty()) return;
  if (all > 0) {
    context.reporter.warning(fmt::format(
        "no link is left to be drawn: of the {} in {} none passes what was asked (--cell-type, "
        "--gene, --verdict, --call, --minimal; --contradicted draws what cells contradict)",
        all, data.links_file.string()));
    return;
  }
  const auto skipped = data.links_file.parent_path() / "skipped.tsv";
  std::error_code ignored;
  context.reporter.warning(fmt::format(
      "{} has no links: no set was found{}; grids explain or run with other targets finds some",
      data.links_file.string(),
      std::filesystem::exists(skipped, ignored)
          ? fmt::format(" ({} says why of each target)", skipped.string())
          : ""));
}

/// Of cells with chromatin types are known where they have labels themselves.
void tell_no_types(const Study& study, const ExportArguments& arguments, const Context& context) {
  if (!arguments.wants("bigwig") || !study.cells.type.empty()) return;
  context.reporter.warning(
      "the cells with chromatin have no labels of their own: bigwig is of all of them together");
}

LinkFilter with_contradicted(LinkFilter filter) {
  filter.contradicted = true;
  return filter;
}

ToExport read_all(const ExportArguments& arguments, const Context& context) {
  ToExport data;
  data.links_file = links_of_results(arguments.results);
  if (arguments.wants("longrange") || arguments.wants("bigwig")) require_tracks_program();
  if (!arguments.chrom_sizes.empty()) read_chromosome_sizes(arguments.chrom_sizes);
  const auto all = read_links(data.links_file);
  data.counted = choose_links(all, with_contradicted(arguments.filter)).links;
  auto drawn = choose_links(all, arguments.filter);
  tell_left_out(drawn, arguments, context);
  data.links = std::move(drawn.links);
  tell_empty(data, all.size(), context);
  if (!needs_study(arguments)) return data;
  if (arguments.study.empty()) {
    data.study_file = study_of_results(data.links_file);
  } else {
    data.study_file = arguments.study;
    compare_with_manifest(data.links_file, data.study_file, context);
  }
  if (arguments.wants("muon")) {
    require_pairs(data.study_file, "--format muon, a MuData of the study with its links,",
                  "leave it out: links.tsv names peaks and genes as the study does");
  }
  data.study = read_chromatin(data.study_file, context);
  tell_no_types(*data.study, arguments, context);
  require_of_study(*data.study, all);
  return data;
}

// ---- what grids-tracks does ----

void run_tracks(OutputFolder& out, const std::vector<std::string>& words, const Context& context) {
  Sibling sibling;
  sibling.program = program_beside(kTracksProgram);
  sibling.work = kTracksProgram;
  // Its last line is the reason where it fails; else what it says is said here.
  sibling.on_line = [](std::string_view) {};
  sibling.on_start = [&](pid_t pid) { out.shared_with(pid); };
  run_sibling(sibling, words, context);
}

std::map<std::string, int64_t> ends_of_peaks(const Study& study) {
  std::map<std::string, int64_t> ends;
  for (size_t c = 0; c < study.peaks.chromosomes.size(); ++c) {
    int64_t& end = ends[one_word(study.peaks.chromosomes[c])];
    for (auto peak = at(study.peaks.chromosome_offsets[c]);
         peak < at(study.peaks.chromosome_offsets[c + 1]); ++peak) {
      end = std::max(end, study.peaks.end[peak]);
    }
  }
  return ends;
}

/// Lengths of the study's chromosomes: those of its build where that is known, else as far as the
/// peaks reach.
std::string sizes_text(const Study& study) {
  auto ends = ends_of_peaks(study);
  for (const auto& build : known_builds()) {
    if (build.name != build_of(study)) continue;
    for (auto& [name, end] : ends) {
      for (const auto& chromosome : build.chromosomes) {
        if (name == chromosome.name || name == "chr" + chromosome.name) {
          end = std::max(end, chromosome.length);
        }
      }
    }
  }
  std::string text;
  for (const auto& [name, end] : ends) text += fmt::format("{}\t{}\n", name, end);
  return text;
}

/// A folder for what is only handed over; gone at the end.
class HandedOver {
 public:
  explicit HandedOver(const std::filesystem::path& folder)
      : folder_(folder / kStateFolder / "export") {
    make_folder(folder_);
  }
  ~HandedOver() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  HandedOver(const HandedOver&) = delete;
  HandedOver& operator=(const HandedOver&) = delete;

  std::string write(const char* name, std::string_view content) const {
    replace_file(folder_ / name, content);
    return (folder_ / name).string();
  }

 private:
  std::filesystem::path folder_;
};

void write_openness(OutputFolder& out, const ExportArguments& arguments, const ToExport& data,
                    const Context& context) {
  const HandedOver handed(out.path());
  const auto sizes = arguments.chrom_sizes.empty()
                         ? handed.write("chrom.sizes", sizes_text(*data.study))
                         : arguments.chrom_sizes.string();
  for (const auto type : opened_types(*data.study, arguments.filter)) {
    const auto text = handed.write("openness.bedgraph", openness_text(*data.study, type));
    const auto name = openness_of_type(name_of_type(*data.study, type));
    run_tracks(out, {"bigwig", "--chrom-sizes", sizes, text, (out.path() / name).string()},
               context);
  }
}

void write_longrange(OutputFolder& out, const std::vector<Link>& links, const Context& context) {
  const auto text = out.path() / kLongrange;
  replace_file(text, longrange_text(links));
  if (!has_arcs(links)) return;
  run_tracks(out, {"pack", text.string(), (out.path() / kPacked).string(), "--preset", "longrange"},
             context);
}

// ---- the rest ----

void write_beds(const std::filesystem::path& folder, const std::vector<Link>& links) {
  std::map<std::string, std::vector<Link>> by_type;
  for (const auto& link : links) by_type[link.cell_type].push_back(link);
  for (const auto& [type, own] : by_type) {
    replace_file(folder / bed_of_type(type), bed_text(own));
  }
}

void write_interact(const std::filesystem::path& folder, const std::vector<Link>& links,
                    const Context& context) {
  replace_file(folder / kInteract, interact_text(links));
  context.reporter.info(
      "links.interact is a custom track of the UCSC browser as it is. As bigInteract, with "
      "interact.as of "
      "https://genome.ucsc.edu/goldenPath/help/examples/interact/interact.as: grep -v ^track "
      "links.interact > links.txt && bedToBigBed -as=interact.as -type=bed5+13 links.txt "
      "chrom.sizes links.bb");
}

/// Only known builds are genomes that IGV knows by this name.
std::string igv_genome(const Study& study) {
  const auto build = build_of(study);
  const auto& known = known_builds();
  const bool is_known = std::any_of(known.begin(), known.end(),
                                    [&](const auto& entry) { return entry.name == build; });
  return is_known ? build : std::string();
}

/// Found sets in the order in which the report shows them. None where links.tsv lies alone, or with
/// tables that cannot be read: links.tsv itself then says which stands best.
std::vector<SetName> standing_beside(const std::filesystem::path& links) {
  const auto folder = links.parent_path();
  std::error_code ignored;
  for (const char* table : {"subsets.tsv", "contrasts.tsv"}) {
    if (!std::filesystem::exists(folder / table, ignored)) return {};
  }
  std::vector<SetName> standing;
  try {
    const auto results = read_results(folder);
    standing.reserve(results.sets.size());
    for (const auto& set : results.sets) {
      standing.push_back({set.cell_type, set.gene, set.method, set.set_size});
    }
  } catch (const Error&) {
    return {};
  }
  return standing;
}

void write_session(const std::filesystem::path& folder, const ExportArguments& arguments,
                   const ToExport& data, const Context& context) {
  std::vector<SessionTrack> tracks;
  // IGV takes a file without features for a broken one.
  if (has_arcs(data.links)) tracks.push_back({kBedpe, "grids links"});
  if (!data.links.empty()) tracks.push_back({kBed, "grids peaks"});
  if (arguments.wants("bigwig")) {
    for (const auto type : opened_types(*data.study, arguments.filter)) {
      const auto name = name_of_type(*data.study, type);
      tracks.push_back({openness_of_type(name), "open peaks, " + name});
    }
  }
  const auto genome = igv_genome(*data.study);
  if (genome.empty()) {
    context.reporter.warning(
        "the genome build of the study is not known to IGV by name: choose the genome in IGV "
        "before "
        "the session is opened");
  }
  const auto locus = best_locus(data.links, standing_beside(data.links_file));
  replace_file(folder / kSession, igv_session_text(tracks, genome, locus));
}

void write_formats(OutputFolder& out, const ExportArguments& arguments, const ToExport& data,
                   const Context& context) {
  const auto& folder = out.path();
  if (writes_bed(arguments)) replace_file(folder / kBed, bed_text(data.links));
  if (arguments.wants("bed")) write_beds(folder, data.links);
  if (writes_bedpe(arguments)) replace_file(folder / kBedpe, bedpe_text(data.links));
  if (arguments.wants("interact")) write_interact(folder, data.links, context);
  if (arguments.wants("longrange")) write_longrange(out, data.links, context);
  if (arguments.wants("bigwig")) write_openness(out, arguments, data, context);
  if (arguments.wants("igv")) write_session(folder, arguments, data, context);
  if (arguments.wants("muon")) {
    write_study_with_links(folder / kMuon, *data.study, data.links);
  }
  if (arguments.wants("multiqc")) replace_file(folder / kMultiqc, multiqc_text(data.counted));
}

}  // namespace

void ExportArguments::describe(OptionSet& set) {
  set.list("--format", formats,
           {"bed", "bedpe", "interact", "longrange", "bigwig", "igv", "muon", "multiqc"},
           "What to write; igv writes bed and bedpe as well, which its session shows");
  set.value("--study", study,
            "Study that the sets were found in, for bigwig, igv and muon; without, the one that "
            "manifest.json tells of");
  set.value("--chrom-sizes", chrom_sizes,
            "Lengths of the chromosomes for bigwig (name, tab, bp); without, those of the study's "
            "build, or as far as its peaks reach");
  filter.describe(set);
  set.rule([this](Problems& problems) {
    if (formats.empty()) problems.add("--format: which? Give one or more, with commas between");
  });
}

bool ExportArguments::wants(std::string_view format) const {
  return std::find(formats.begin(), formats.end(), format) != formats.end();
}

Exported export_into(OutputFolder& out, const ExportArguments& arguments, const Context& context) {
  const auto data = read_all(arguments, context);
  Exported exported;
  exported.inputs.push_back(record_file(data.links_file));
  if (data.study) exported.inputs.push_back(record_file(data.study_file));
  if (!arguments.chrom_sizes.empty()) {
    exported.inputs.push_back(record_file(arguments.chrom_sizes));
  }
  exported.files = file_names(arguments, data);
  out.require_free(exported.files);
  out.claim(exported.files, context);
  write_formats(out, arguments, data, context);
  context.reporter.info(fmt::format("{} links of {} in {}: {}", data.links.size(),
                                    data.links_file.string(), out.path().string(),
                                    fmt::join(exported.files, ", ")));
  return exported;
}

}  // namespace grids::core
