#include "validate/validate.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/error.hpp"
#include "prepare/builds.hpp"
#include "study/unpaired_study.hpp"
#include "validate/hits.hpp"
#include "validate/judge_combinations.hpp"
#include "validate/judge_motifs.hpp"
#include "validate/judge_screen.hpp"
#include "validate/loops.hpp"
#include "validate/near_gene.hpp"
#include "validate/same_build.hpp"
#include "validate/variants.hpp"

namespace grids::core {
namespace {

/// Tells what the figures will lack.
void tell_gaps(const Pairs& pairs, const Context& context) {
  if (!pairs.whole) {
    context.reporter.warning(
        "no chance level of distances: which peaks could have been chosen is not known (--study, "
        "or --peaks); matched pairs are those of the table");
  } else if (pairs.openness.empty()) {
    context.reporter.warning(
        "peaks are matched in distance alone: how often each is open is not "
        "known (--study)");
  }
  const auto placed = std::count_if(pairs.genes.begin(), pairs.genes.end(),
                                    [](const PairGene& gene) { return gene.placed(); });
  const auto genes = static_cast<int64_t>(pairs.genes.size());
  if (placed == 0) {
    throw input_error("{}: none of its {} genes has a position: give --genes (BED or GTF)",
                      pairs.source, genes);
  }
  if (placed < genes) {
    context.reporter.warning(fmt::format(
        "{} of {} genes have no position, and their pairs do not count", genes - placed, genes));
  }
}

/// As `prepare` asks it of a study: are the annotation's genes of the peaks' build?
void require_genes_of_build(const Pairs& pairs, const ValidateOptions& options,
                            const Context& context) {
  if (options.pairs.genes.empty()) return;
  std::vector<Interval> promoters;
  for (const auto& gene : pairs.genes) {
    for (const int64_t site : gene.sites) promoters.push_back({gene.chromosome, site, site + 1});
  }
  require_same_build(pairs, promoters, options.pairs.genes, PlacesAre::kOftenAtPeaks, context);
}

template <typename Row>
void append(std::vector<Row>& rows, std::vector<Row> more) {
  std::move(more.begin(), more.end(), std::back_inserter(rows));
}

/// Whether places are given that a peak of a set may lie at.
bool knows_places(const ValidateOptions& options) {
  return !options.loops.empty() || !options.eqtl.empty() || !options.bed.empty();
}

}  // namespace

void ValidateOptions::describe(OptionSet& set) {
  set.value("links", pairs.links,
            "links.tsv, compare.tsv, a results folder with either, or any table of genes and peaks",
            OptionSet::Need::kRequired);
  set.value("--study", study, "The study: all peaks, how often they are open, and the genes");
  set.value("--peaks", pairs.peaks,
            "Instead: the peaks that the pairs were chosen from (BED, or names)");
  set.value("--genes", pairs.genes, "Where genes lie (BED or GTF), instead of the table's own tss");
  set.value("--score", pairs.score,
            "Column of the pairs' score, higher = likelier; without it "
            "score, else 1 / rank");
  set.value("--loops", loops, "Loops of chromatin: BEDPE, plain or gzip");
  set.value("--eqtl", eqtl, "Fine-mapped variants: a table with chrom, start or pos, gene and pip");
  set.value("--bed", bed, "Any places, as BED");
  set.value(
      "--crispr", crispr,
      "A CRISPR screen of elements and genes, in the layout of EngreitzLab/CRISPR_comparison");
  set.flag("--other-cell-type", other_cell_type,
           "The screen or the combinations may be of other cells than the pairs were learned in");
  set.value("--combinations", combinations,
            "Elements that were perturbed one by one and together: a table with gene, elements, "
            "arm, fold and fold_error");
  set.value("--fasta", fasta,
            "The genome that the peaks lie on, for --motifs: FASTA, plain (with its .fai only the "
            "peaks are read) or gzip");
  set.value("--motifs", motifs, "Motifs of transcription factors: JASPAR or MEME; needs --study");
  set.value("--slack", slack,
            "Base pairs within which peaks and starts of transcription meet "
            "anchors, variants and places",
            at_least(0).at_most(1e6));
  set.value("--least-pip", least_pip, "Variants below this PIP are left out",
            at_least(0).at_most(1));
  set.rule([this](Problems& problems) {
    if (!study.empty() && !pairs.peaks.empty()) {
      problems.add("--study and --peaks both say which peaks there are: leave one out");
    }
    if (fasta.empty() != motifs.empty()) {
      problems.add("--fasta and --motifs belong together: give both, or neither");
    }
    if (other_cell_type && crispr.empty() && combinations.empty()) {
      problems.add("--other-cell-type is of a screen: give --crispr or --combinations");
    }
  });
}

std::vector<std::filesystem::path> ValidateOptions::files() const {
  std::vector<std::filesystem::path> files = {links_table(pairs.links)};
  for (const auto& file :
       {study, pairs.peaks, pairs.genes, loops, eqtl, bed, crispr, combinations, fasta, motifs}) {
    if (!file.empty()) files.push_back(file);
  }
  return files;
}

std::vector<std::string> ValidateOptions::tables() const {
  std::vector<std::string> names = {validation_columns().describe().file};
  if (knows_places(*this)) names.push_back(describe_hits().file);
  if (!combinations.empty()) names.push_back(describe_combinations().file);
  if (!motifs.empty()) names.push_back(describe_motifs().file);
  return names;
}

namespace {

/// The study of the peaks, whose cells have chromatin and RNA, or half of them one and half the
/// other.
struct GivenStudy {
  std::optional<Study> paired;
  std::optional<UnpairedStudy> unpaired;

  const Study& chromatin() const { return paired ? *paired : unpaired->atac; }
  const Study& rna() const { return paired ? *paired : unpaired->rna; }
};

std::optional<GivenStudy> read_given(const ValidateOptions& options, const Context& context) {
  if (options.study.empty()) return std::nullopt;
  GivenStudy given;
  if (!is_unpaired(options.study)) {
    given.paired = read_study(options.study, context);
    return given;
  }
  given.unpaired = read_unpaired_study(options.study, context);
  if (!options.motifs.empty() && given.rna().cells.type.empty()) {
    throw input_error(
        "{}: --motifs asks which genes each type expresses, and the cells with RNA have no labels; "
        "leave it out, or prepare the study with --rna-labels",
        options.study.string());
  }
  return given;
}

}  // namespace

Validation validation_of(const ValidateOptions& options, const Context& context) {
  const auto given = read_given(options, context);
  const Study* study = given ? &given->chromatin() : nullptr;
  const Pairs pairs = read_pairs(options.pairs, study);
  // Read before anything is computed, so that what is wrong with them is told at once.
  std::optional<Screen> screen;
  if (!options.crispr.empty()) screen = read_screen(options.crispr);
  std::vector<Combination> combinations;
  if (!options.combinations.empty()) combinations = read_combinations(options.combinations);
  std::vector<Motif> motifs;
  if (!options.motifs.empty()) motifs = read_motifs(options.motifs);
  if (!motifs.empty() && study == nullptr) {
    throw usage_error(
        "--motifs needs --study: how often peaks are open, and which genes are expressed");
  }
  tell_gaps(pairs, context);
  require_genes_of_build(pairs, options, context);
  Validation result{near_gene_rows(pairs), {}};
  auto& rows = result.rows;
  std::vector<PeakHit> hits;
  if (!options.loops.empty()) {
    append(rows, loop_rows(pairs, options.loops, options.slack, context));
    append(hits, loop_hits(pairs, options.loops, options.slack));
  }
  if (!options.eqtl.empty()) {
    append(rows, eqtl_rows(pairs, options.eqtl, options.least_pip, options.slack, context));
    append(hits, eqtl_hits(pairs, options.eqtl, options.least_pip, options.slack));
  }
  if (!options.bed.empty()) {
    append(rows, bed_rows(pairs, options.bed, options.slack, context));
    append(hits, bed_hits(pairs, options.bed, options.slack));
  }
  if (knows_places(options)) result.tables.push_back(hits_table(hits));
  if (screen) {
    const JudgeScreenOptions how{.other_cell_type = options.other_cell_type};
    append(rows, judge_screen(pairs, *screen, how, context));
  }
  if (!combinations.empty()) {
    auto judged = judge_combinations(pairs, combinations, options.other_cell_type, context);
    append(rows, std::move(judged.rows));
    result.tables.push_back(std::move(judged.table));
  }
  if (!motifs.empty()) {
    auto judged = judge_motifs(pairs, given->rna(), options.fasta, motifs, context);
    append(rows, std::move(judged.rows));
    result.tables.push_back(std::move(judged.table));
  }
  return result;
}

}  // namespace grids::core
