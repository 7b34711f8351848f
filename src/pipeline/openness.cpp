#include "pipeline/openness.hpp"

#include <fmt/core.h>

#include <utility>

#include "base/error.hpp"
#include "base/part_reporter.hpp"
#include "pipeline/cis_portions.hpp"
#include "pipeline/manifests.hpp"
#include "pipeline/run_folder.hpp"

namespace grids::core {
namespace {

constexpr const char* kOpennessTable = "openness.tsv";
constexpr const char* kFirstFits = "first_fits.tsv";  // of a portion
constexpr const char* kManifestOfFolder = "manifest.json";

/// A capture that was compared. Numbers have all their digits: they go into the surrogate.
struct OpennessRow {
  CapturePoint point;
  bool taken = false;
  int64_t genes = 0;
  bool compared = true;
};

Columns<OpennessRow> openness_columns() {
  using Row = OpennessRow;
  return {kOpennessTable,
          "a row for each share of open peaks that was compared; only the first, with gain NA, "
          "where too few genes have terms to tell",
          {{"capture", "share of open peaks that ATAC observes in a cell of median depth",
            [](const Row& row) { return exact_text(row.point.capture); },
            [](Row& row, const Cell& cell) { row.point.capture = cell.number(); }},
           {"gain", "log likelihood, less the costs of terms, over that of capture 1",
            [](const Row& row) {
              return row.compared ? exact_text(row.point.gain) : std::string("NA");
            },
            [](Row& row, const Cell& cell) {
              row.compared = cell.text() != "NA";
              if (row.compared) row.point.gain = cell.number();
            }},
           {"taken", "whether this is the estimate", &Row::taken},
           {"genes", "that were asked", &Row::genes}}};
}

std::vector<OpennessRow> rows_of(const CaptureEstimate& estimate) {
  if (estimate.profile.empty()) return {{{1, 0}, true, estimate.genes, false}};
  std::vector<OpennessRow> rows;
  rows.reserve(estimate.profile.size());
  for (const auto& point : estimate.profile) {
    rows.push_back({point, point.capture == estimate.capture, estimate.genes, true});
  }
  return rows;
}

Columns<FirstFit> first_fit_columns() {
  using Row = FirstFit;
  return {kFirstFits,
          "a row a gene",
          {{"gene", "number in the study", [](const Row& row) { return int64_t{row.gene}; },
            [](Row& row, const Cell& cell) {
              int64_t gene = 0;
              cell.into(gene);
              row.gene = static_cast<int32_t>(gene);
            }},
           {"likelihood_gain", "over the state alone",
            [](const Row& row) { return exact_text(row.likelihood_gain); },
            [](Row& row, const Cell& cell) { row.likelihood_gain = cell.number(); }},
           {"chosen", "whether terms were chosen", &Row::chosen}}};
}

/// Ascending by gene. Throws Error(kInput) where a portion names genes that do not exist.
std::vector<FirstFit> first_fits_in(const PortionFiles& portions, const Study& study) {
  std::vector<FirstFit> all;
  for (const size_t portion : portions.portions()) {
    for (const auto& fit : first_fit_columns().read(portions.read(portion, kFirstFits))) {
      if (fit.gene < 0 || fit.gene >= study.genes.size()) {
        throw input_error("{}: gene {} of {} does not exist; run the shard again",
                          portions.place_of(portion, kFirstFits).string(), fit.gene,
                          study.genes.size());
      }
      all.push_back(fit);
    }
  }
  return all;
}

}  // namespace

TableText describe_openness() {
  return openness_columns().describe();
}

bool is_openness_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::is_directory(folder, ignored);
}

std::filesystem::path openness_table_in(const std::filesystem::path& folder) {
  return folder / kOpennessTable;
}

CaptureEstimate read_openness(const std::filesystem::path& folder) {
  const auto path = openness_table_in(folder);
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    throw input_error(
        "--latent-openness: {} holds no {}; give the folder of grids cis --estimate-openness, "
        "merged where it was done in shards",
        folder.string(), kOpennessTable);
  }
  const auto rows = openness_columns().read(read_table(path));
  CaptureEstimate estimate;
  estimate.estimated = true;
  size_t taken = 0;
  for (const auto& row : rows) {
    if (!(row.point.capture > 0 && row.point.capture <= 1)) {
      throw input_error("{}: capture {} is not above 0 and at most 1; make the estimate again",
                        path.string(), row.point.capture);
    }
    estimate.genes = row.genes;
    if (row.compared) estimate.profile.push_back(row.point);
    if (!row.taken) continue;
    estimate.capture = row.point.capture;
    ++taken;
  }
  if (taken != 1) {
    throw input_error("{}: {} rows are taken, not one; make the estimate again", path.string(),
                      taken);
  }
  return estimate;
}

void require_openness_of(const std::filesystem::path& folder, std::span<const FileRecord> inputs) {
  const auto path = folder / kManifestOfFolder;
  std::error_code ignored;
  std::vector<Manifest> manifests;
  if (std::filesystem::is_regular_file(path, ignored)) manifests = read_manifests(path);
  constexpr const char* kNames[] = {"study", "surrogate"};
  for (const auto& manifest : manifests) {
    if (manifest.command != kCisCommand) continue;
    for (size_t i = 0; i < std::size(kNames) && i < inputs.size(); ++i) {
      if (i < manifest.inputs.size() && manifest.inputs[i].sha256 == inputs[i].sha256) continue;
      throw input_error(
          "--latent-openness: {} was estimated with another {} than {}; make it anew: grids cis "
          "--estimate-openness",
          folder.string(), kNames[i], inputs[i].path);
    }
    return;
  }
  throw input_error(
      "--latent-openness: {} says nothing of grids cis --estimate-openness; give the folder that "
      "it wrote, with its {}",
      path.string(), kManifestOfFolder);
}

PortionFiles first_fits_of_shard(OutputFolder& out, const Study& study,
                                 const FoldedSurrogate& folded, const CisOptions& options,
                                 const Shard& shard, const std::string& settings,
                                 const Context& context) {
  const auto targets = genes_as_targets(study, options.genes);
  write_whole_run(out.path(), kCisCommand,
                  whole_run(study, settings, shard, targets, kGenesOfPortion));
  const auto own = portions_of(shard, targets.size(), kGenesOfPortion);
  tell_portions(own.size(), targets.size(), context, kGenesOfPortion);
  RunFolder run(out, kCisCommand, Stages::kApart);
  PortionFiles files(kCisCommand);
  std::vector<float> latents;
  int64_t done = 0;
  for (const size_t portion : own) {
    const auto genes = targets_of_portion(portion, targets, kGenesOfPortion);
    const auto name = fmt::format("portion {}", portion + 1);
    PartReporter reporter(context.reporter, "first fits", name, done++, 1, std::ssize(own));
    const Context inner = context.with_reporter(reporter);
    run.run({name, settings + asked_text(study, genes),
             [&](const Context& at_work) {
               if (latents.empty()) latents = folded.atac_latents(at_work.pool, study.open);
               auto asked = options;
               asked.genes = genes_of(genes);
               const auto fits = first_cis_fits(study, latents, asked, at_work);
               return write_portion(out.path(), kCisCommand, portion,
                                    {first_fit_columns().table(fits)});
             }},
            inner);
    files.add(portion, out.path());
  }
  return files;
}

std::vector<std::string> finish_openness(OutputFolder& out, const Study& study,
                                         const FoldedSurrogate& folded,
                                         const PortionFiles& portions, const CisOptions& options,
                                         const Context& context) {
  const auto fits = first_fits_in(portions, study);
  const auto latents = folded.atac_latents(context.pool, study.open);
  const auto estimate = estimate_cis_capture(study, latents, options, fits, context);
  tell_capture(estimate, context);
  return write_tables_into(out, {openness_columns().table(rows_of(estimate))}, context);
}

}  // namespace grids::core
