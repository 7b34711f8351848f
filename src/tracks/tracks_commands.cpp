#include "tracks/tracks_commands.hpp"

#include <fmt/core.h>

#include <memory>

#include "io/atomic_file.hpp"
#include "io/written_files.hpp"
#include "tracks/big_wig.hpp"
#include "tracks/pack.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

struct TrackFiles {
  fs::path in;
  fs::path out;
  fs::path chrom_sizes;
  bool overwrite = false;

  void describe(OptionSet& set, const std::string& in_help, const std::string& out_help);
};

void TrackFiles::describe(OptionSet& set, const std::string& in_help, const std::string& out_help) {
  set.value("IN", in, in_help, OptionSet::Need::kRequired);
  set.value("OUT", out, out_help, OptionSet::Need::kRequired);
  set.flag("--overwrite", overwrite, "Replace files of these names that are there already");
}

/// What stands in the way of an output. In a folder of grids' results its record tells which files
/// may be replaced (io/written_files.hpp); elsewhere the user does.
void require_free(const fs::path& file, bool overwrite) {
  std::error_code ignored;
  if (overwrite || !fs::exists(file, ignored) || recorded_place(file)) return;
  throw input_error("{} is there already; choose another name, or give --overwrite", file.string());
}

void require_output(const TrackFiles& files, const fs::path& out) {
  std::vector<fs::path> read = {files.in};
  if (!files.chrom_sizes.empty()) read.push_back(files.chrom_sizes);
  require_writable(out, read);
  require_free(out, files.overwrite);
}

void pack_into(const TrackFiles& files, TrackKind kind, const Context& context) {
  require_output(files, files.out);
  for (const char* ending : {".tbi", ".csi"}) {
    fs::path index = files.out;
    require_output(files, index += ending);
  }
  std::optional<ChromosomeSizes> sizes;
  if (!files.chrom_sizes.empty()) sizes = sizes_by_name(files.chrom_sizes);
  const auto index = pack_track(files.in, files.out, kind, sizes);
  context.reporter.info(fmt::format("Packed {}: {} and its index {}", files.in.string(),
                                    files.out.string(), index.filename().string()));
}

void big_wig_into(const TrackFiles& files, const Context& context) {
  require_output(files, files.out);
  const auto sizes = sizes_by_name(files.chrom_sizes);
  write_big_wig(files.out, sizes, read_bed_graph(files.in, sizes));
  context.reporter.info(fmt::format("Wrote {}", files.out.string()));
}

Command pack_command() {
  return {"pack", "Pack a sorted text track (bgzip) and index it (tabix)",
          "  grids-tracks pack links.longrange links.longrange.gz --preset longrange",
          [](OptionSet& options) -> CommandBody {
            struct Arguments {
              TrackFiles files;
              TrackKind kind = TrackKind::kBed;
            };
            auto arguments = std::make_shared<Arguments>();
            arguments->files.describe(options, "Sorted text, its fields between tabs",
                                      "Packed file; its index is OUT.tbi, or OUT.csi where a line "
                                      "ends beyond base 2^29 of a chromosome");
            options.choice<TrackKind>("--preset", arguments->kind,
                                      {{"bed", TrackKind::kBed},
                                       {"bedgraph", TrackKind::kBedGraph},
                                       {"bedpe", TrackKind::kBedPe},
                                       {"longrange", TrackKind::kLongRange}},
                                      "What the lines are, and are checked to be");
            options.value("--chrom-sizes", arguments->files.chrom_sizes,
                          "Lengths of the chromosomes, none of which a line may leave");
            return [arguments](const Context& context) {
              pack_into(arguments->files, arguments->kind, context);
            };
          }};
}

Command big_wig_command() {
  return {"bigwig", "Write bedGraph text as bigWig",
          "  grids-tracks bigwig --chrom-sizes hg38.chrom.sizes openness.bedgraph openness.bw",
          [](OptionSet& options) -> CommandBody {
            auto files = std::make_shared<TrackFiles>();
            files->describe(options, "bedGraph text: sorted, and no base twice", "bigWig file");
            options.value("--chrom-sizes", files->chrom_sizes,
                          "Lengths of the chromosomes: lines of a name and a number",
                          OptionSet::Need::kRequired);
            return [files](const Context& context) { big_wig_into(*files, context); };
          }};
}

}  // namespace

std::vector<Command> tracks_commands() {
  return {pack_command(), big_wig_command()};
}

}  // namespace grids::core
