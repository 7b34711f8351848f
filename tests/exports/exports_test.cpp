#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "exports/formats.hpp"
#include "io/anndata.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

Link link_to(const std::string& gene, const std::string& chrom, int64_t start) {
  Link link;
  link.cell_type = "B";
  link.gene = gene;
  link.gene_chrom = "chr2";
  link.tss = 5000;
  link.strand = "-";
  link.set = "found";
  link.peak = chrom + ":" + std::to_string(start);
  link.chrom = chrom;
  link.start = start;
  link.end = start + 400;
  link.rank = 1;
  link.relative_change = -0.25;
  link.verdict = "borne_out";
  link.set_size = 1;
  return link;
}

/// What a gene or a cell type may be called, and still be one field of each format.
constexpr const char* kHostile = "a\tb\"c'<d>&e,f g\nh";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> fields_of(const std::string& line, char separator = '\t') {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, separator);) fields.push_back(field);
  return fields;
}

std::vector<std::string> peaks_of(const std::vector<Link>& links) {
  std::vector<std::string> peaks;
  for (const auto& link : links) peaks.push_back(link.peak);
  return peaks;
}

// ---- which, and how ----

TEST(DrawnLinks, AreInGenomeOrder) {
  const auto drawn = choose_links(
      {link_to("G", "chr2", 900), link_to("G", "chr10", 5), link_to("G", "chr2", 20)}, {});
  EXPECT_THAT(peaks_of(drawn.links), ElementsAre("chr10:5", "chr2:20", "chr2:900"));
}

TEST(DrawnLinks, WhatCellsContradictIsLeftOutAndCountedBySets) {
  auto bad = link_to("G", "chr2", 1);
  bad.verdict = "contradicted";
  auto its_second = bad;
  its_second.peak = "other";
  const std::vector<Link> links = {bad, its_second, link_to("H", "chr2", 7)};
  const auto drawn = choose_links(links, {});
  EXPECT_THAT(peaks_of(drawn.links), ElementsAre("chr2:7"));
  EXPECT_EQ(drawn.contradicted_left_out, 1);
  LinkFilter all;
  all.contradicted = true;
  EXPECT_THAT(choose_links(links, all).links, SizeIs(3));
}

TEST(DrawnLinks, FiltersNameTypesGenesAndIdsThatMayHoldCommas) {
  auto one = link_to("G", "chr2", 1), other = link_to("H", "chr2", 2);
  one.cell_type = "CD4-positive, naive";
  other.gene_id = "ENSG2";
  LinkFilter filter;
  filter.cell_types = {"CD4-positive, naive"};
  EXPECT_THAT(peaks_of(choose_links({one, other}, filter).links), ElementsAre("chr2:1"));
  filter = {};
  filter.genes = {"ENSG2"};
  EXPECT_THAT(peaks_of(choose_links({one, other}, filter).links), ElementsAre("chr2:2"));
  filter.genes = {"none such"};
  EXPECT_THROW(choose_links({one, other}, filter), Error);
}

TEST(DrawnLinks, MinimalKeepsItsMembersAlone) {
  auto member = link_to("G", "chr2", 1), spare = link_to("G", "chr2", 2);
  member.in_minimal = true;
  spare.in_minimal = false;
  LinkFilter filter;
  filter.minimal = true;
  EXPECT_THAT(peaks_of(choose_links({member, spare, link_to("G", "chr2", 3)}, filter).links),
              ElementsAre("chr2:1"));
}

TEST(DrawnLinks, ScoresAreThousandthsOfTheChange) {
  auto link = link_to("G", "chr2", 1);
  EXPECT_EQ(link_score(link), 250);
  link.relative_change = 3;
  EXPECT_EQ(link_score(link), 1000);
  link.relative_change = kNaN;
  EXPECT_EQ(link_score(link), 0);
}

TEST(DrawnLinks, NamesTellRankPartnersAndOtherSets) {
  auto link = link_to("G", "chr2", 1);
  EXPECT_EQ(link_name(link), "G_1");
  link.rank.reset();
  EXPECT_EQ(link_name(link), "G_partner");
  link.rank = 3;
  link.set = "alternative 2";
  EXPECT_EQ(link_name(link), "G_alternative_2_3");
}

TEST(DrawnLinks, VerdictsHaveColoursOfTheirOwn) {
  std::vector<std::string> colours;
  for (const char* verdict :
       {"", "borne_out", "overstated", "undecided", "not_judged", "contradicted"}) {
    auto link = link_to("G", "chr2", 1);
    link.verdict = verdict;
    colours.emplace_back(link_colour(link));
  }
  std::sort(colours.begin(), colours.end());
  EXPECT_EQ(std::unique(colours.begin(), colours.end()), colours.end());
}

// ---- text formats ----

TEST(Bed, HasTwelveColumnsThenThoseThatItsCommentNames) {
  const auto lines = lines_of(bed_text(std::vector<Link>{link_to("G", "chr2", 100)}));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], StartsWith("#chrom\tchromStart\tchromEnd\tname\tscore"));
  const auto fields = fields_of(lines[1]);
  EXPECT_EQ(fields.size(), fields_of(lines[0]).size());
  // Columns 10 to 12 are blocks to whoever reads twelve: one, of the whole peak.
  EXPECT_THAT(std::vector(fields.begin(), fields.begin() + 13),
              ElementsAre("chr2", "100", "500", "G_1", "250", ".", "100", "500", "0,158,115", "1",
                          "400", "0", "G"));
  EXPECT_THAT(lines[1], HasSubstr("\t-0.25\t"));
}

TEST(Bedpe, GoesFromThePeakToTheFirstBaseOfTheGene) {
  const auto lines = lines_of(bedpe_text(std::vector<Link>{link_to("G", "chr2", 100)}));
  ASSERT_EQ(lines.size(), 2U);
  const auto names = fields_of(lines[0]), fields = fields_of(lines[1]);
  EXPECT_EQ(names.size(), fields.size());
  EXPECT_EQ(names[0], "#chr1");
  EXPECT_EQ(names[10], "color");
  EXPECT_THAT(std::vector(fields.begin(), fields.begin() + 11),
              ElementsAre("chr2", "100", "500", "chr2", "5000", "5001", "G_1", "250", ".", "-",
                          "0,158,115"));
}

TEST(Interact, HasEighteenFieldsInTheOrderOfTheSchema) {
  const auto lines = lines_of(interact_text(std::vector<Link>{link_to("G", "chr2", 100)}));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], StartsWith("track type=interact "));
  EXPECT_THAT(fields_of(lines[1]),
              ElementsAre("chr2", "100", "5001", "G_1", "250", "-0.25", "B", "0,158,115", "chr2",
                          "100", "500", "chr2:100", ".", "chr2", "5000", "5001", "G", "-"));
}

TEST(Interact, AnotherChromosomeTakesALineOnEach) {
  const auto lines = lines_of(interact_text(std::vector<Link>{link_to("G", "chr7", 100)}));
  ASSERT_EQ(lines.size(), 3U);
  auto at_gene = fields_of(lines[1]), at_peak = fields_of(lines[2]);
  EXPECT_THAT(std::vector(at_gene.begin(), at_gene.begin() + 3),
              ElementsAre("chr2", "5000", "5001"));
  EXPECT_THAT(std::vector(at_peak.begin(), at_peak.begin() + 3), ElementsAre("chr7", "100", "500"));
  EXPECT_EQ(std::vector(at_gene.begin() + 3, at_gene.end()),
            std::vector(at_peak.begin() + 3, at_peak.end()));
}

TEST(Longrange, TellsALinkFromBothEndsInOrder) {
  EXPECT_THAT(
      lines_of(longrange_text(std::vector<Link>{link_to("G", "chr7", 100)})),
      ElementsAre("chr2\t5000\t5001\tchr7:100-500,250", "chr7\t100\t500\tchr2:5000-5001,250"));
}

TEST(Formats, GenesWithoutAPlaceHaveNoArcButAPeak) {
  auto link = link_to("G", "chr2", 100);
  link.tss.reset();
  link.gene_chrom.clear();
  const std::vector<Link> links = {link};
  EXPECT_EQ(count_without_arc(links), 1);
  EXPECT_THAT(lines_of(bed_text(links)), SizeIs(2));
  EXPECT_THAT(lines_of(bedpe_text(links)), SizeIs(1));
  EXPECT_THAT(lines_of(interact_text(links)), SizeIs(1));
  EXPECT_THAT(longrange_text(links), IsEmpty());
  EXPECT_EQ(best_locus(links), "chr2:1-1540");
}

TEST(Formats, NoLinksGiveHeadersAlone) {
  EXPECT_THAT(lines_of(bed_text({})), SizeIs(1));
  EXPECT_THAT(lines_of(bedpe_text({})), SizeIs(1));
  EXPECT_THAT(lines_of(interact_text({})), SizeIs(1));
  EXPECT_THAT(longrange_text({}), IsEmpty());
  EXPECT_EQ(best_locus({}), "");
  EXPECT_THAT(lines_of(multiqc_text({})).back(), StartsWith("all\t0\t0\t"))
      << "MultiQC takes a table without rows for none";
}

TEST(Formats, HostileNamesStayOneField) {
  auto link = link_to(kHostile, "chr2", 100);
  link.cell_type = link.gene_id = link.call = link.strand = kHostile;
  const std::vector<Link> hostile = {link}, plain = {link_to("G", "chr2", 100)};
  for (const auto& make : {bed_text, bedpe_text, interact_text, longrange_text}) {
    const auto lines = lines_of(make(hostile)), expected = lines_of(make(plain));
    ASSERT_EQ(lines.size(), expected.size());
    EXPECT_EQ(fields_of(lines.back()).size(), fields_of(expected.back()).size());
    EXPECT_THAT(lines.back(), Not(HasSubstr(" "))) << "UCSC separates by any white space";
  }
}

TEST(OneWord, HasNoWhiteSpaceAndIsNoFormula) {
  EXPECT_EQ(one_word("a b\tc"), "a_b_c");
  EXPECT_EQ(one_word("=1+1"), "_1+1");
  EXPECT_EQ(one_word(""), ".");
  EXPECT_EQ(one_word("-"), "-");
}

// ---- openness ----

Study study_of_peaks() {
  Study study;
  study.cells.barcodes = {"c1", "c2", "c3", "c4"};
  study.cells.type.names = {"B", "T"};
  study.cells.type.codes = {0, 0, 1, 1};
  study.peaks.names = {"a", "b", "c", "d"};
  study.peaks.chromosomes = {"chr1", "chr2"};
  study.peaks.chromosome_offsets = {0, 3, 4};
  study.peaks.start = {100, 150, 180, 5};
  study.peaks.end = {300, 250, 200, 10};
  study.open.rows = 4;
  study.open.columns = 4;
  study.open.offsets = {0, 2, 3, 4, 5};
  study.open.indices = {0, 1, 1, 2, 3};
  return study;
}

TEST(Openness, OfOverlappingPeaksIsThatOfTheOneMoreOftenOpen) {
  // In B: a ½, b 1, c 0; b lies in a.
  EXPECT_THAT(lines_of(openness_text(study_of_peaks(), 0)),
              ElementsAre("chr1\t100\t150\t0.5", "chr1\t150\t250\t1", "chr1\t250\t300\t0.5",
                          "chr2\t5\t10\t0"));
  // In T: a 0, b 0, c ½, which lies in both.
  const auto lines = lines_of(openness_text(study_of_peaks(), 1));
  EXPECT_THAT(lines, ::testing::Contains("chr1\t180\t200\t0.5"));
  int64_t reached = 0;
  for (const auto& line : lines) {
    const auto fields = fields_of(line);
    if (fields[0] != "chr1") continue;
    EXPECT_GE(std::stoll(fields[1]), reached) << "no base twice";
    reached = std::stoll(fields[2]);
  }
  EXPECT_EQ(reached, 300);
}

TEST(Openness, OfAllCellsTogether) {
  EXPECT_THAT(openness_text(study_of_peaks(), std::nullopt), HasSubstr("chr1\t150\t250\t0.5\n"));
}

// ---- IGV, MultiQC ----

TEST(IgvSession, EscapesAndNamesWhatLiesBesideIt) {
  const std::vector<SessionTrack> tracks = {{"links.bedpe", "a<b>&\"c\""}};
  const auto text = igv_session_text(tracks, "hg38", "chr1:1-2");
  EXPECT_THAT(text, HasSubstr("genome=\"hg38\" locus=\"chr1:1-2\""));
  EXPECT_THAT(text, HasSubstr("name=\"a&lt;b&gt;&amp;&quot;c&quot;\" path=\"links.bedpe\""));
  EXPECT_THAT(igv_session_text(tracks, "", ""), Not(HasSubstr("genome")));
}

TEST(IgvSession, BeginsAtTheSetThatStandsBest) {
  auto large = link_to("G", "chr2", 100'000);
  large.verdict = "undecided";
  large.relative_change = -0.9;
  auto borne_out = link_to("H", "chr2", 15'000);
  EXPECT_EQ(best_locus(std::vector<Link>{large, borne_out}), "chr2:2961-17440");
}

TEST(IgvSession, BeginsWhereTheReportDoes) {
  auto first = link_to("G", "chr2", 100'000), second = link_to("H", "chr2", 15'000);
  const std::vector<Link> links = {first, second};
  const std::vector<SetName> standing = {
      {"B", "left out", "grids", 1}, {"B", "H", "grids", 1}, {"B", "G", "grids", 1}};
  EXPECT_EQ(best_locus(links, standing), "chr2:2961-17440");
}

TEST(IgvSession, WithoutTheReportTheLargestMeasuredChangeOfAVerdictIsFirst) {
  auto predicted = link_to("G", "chr2", 100'000), measured = link_to("H", "chr2", 15'000);
  predicted.relative_change = -0.9;
  predicted.slope = 0.1;
  measured.slope = 1;
  EXPECT_EQ(best_locus(std::vector<Link>{predicted, measured}), "chr2:2961-17440");
}

TEST(Multiqc, CountsSetsNotPeaksAndIsNoMarkup) {
  auto first = link_to("G", "chr2", 1), second = link_to("G", "chr2", 2);
  first.cell_type = second.cell_type = kHostile;
  first.call = second.call = "redundant";
  const auto lines = lines_of(multiqc_text(std::vector<Link>{first, second}));
  const auto fields = fields_of(lines.back());
  EXPECT_EQ(fields[0], "a b&quot;c&#39;&lt;d&gt;&amp;e,f g h");
  EXPECT_EQ(fields[1], "1");
  EXPECT_EQ(fields[2], "1") << "borne out";
  EXPECT_EQ(fields[7], "1") << "redundant";
  EXPECT_THAT(lines[0], StartsWith("# id:"));
}

// ---- muon ----

Study whole_study() {
  Study study = study_of_peaks();
  study.cells.split = {Split::kTrain, Split::kTrain, Split::kTest, Split::kValidation};
  study.cells.total_rna = {1, 1, 1, 1};
  study.cells.open_peaks = {1, 1, 1, 1};
  study.genes.names = {"G", kHostile};
  study.genes.ids = {"", ""};
  study.genes.chromosome = {"chr1", ""};
  study.genes.start = {10, 0};
  study.genes.end = {20, 0};
  study.genes.strand = {Strand::kPlus, Strand::kUnknown};
  study.expression.pattern = {4, 2, {0, 1, 1, 1, 2}, {0, 1}};
  study.expression.values = {1, 2};
  return study;
}

TEST(Muon, LinksLieInPeakRowsAndGeneColumns) {
  test::TempFolder folder;
  auto weak = link_to("G", "chr1", 150), strong = link_to("G", "chr1", 150);
  weak.peak = strong.peak = "b";
  strong.relative_change = 0.5;
  strong.cell_type = "T";
  auto other = link_to(kHostile, "chr2", 5);
  other.peak = "d";
  const auto path = folder.path() / "links.h5mu";
  write_study_with_links(path, whole_study(), std::vector<Link>{weak, strong, other});
  EXPECT_EQ(read_study(path).peaks.names, whole_study().peaks.names) << "still a study";
  const auto root = store::open(path);
  const auto matrix = read_matrix(root.group("varp"), "grids_links");
  EXPECT_EQ(matrix.rows(), 6);
  EXPECT_EQ(matrix.columns(), 6);
  // Two genes, then peaks a to d.
  EXPECT_THAT(matrix.row_indices(3), ElementsAre(0));
  EXPECT_THAT(matrix.row_values(3), ElementsAre(0.5f)) << "the strongest";
  EXPECT_THAT(matrix.row_indices(5), ElementsAre(1));
  EXPECT_THAT(matrix.row_values(5), ElementsAre(-0.25f));
  EXPECT_EQ(matrix.values.size(), 2U);
  const auto sets = read_frame(root.group("uns/grids"), "sets");
  EXPECT_EQ(sets.rows(), 3);
  std::vector<std::string> names;
  for (const auto& column : sets.columns) names.push_back(column.name);
  EXPECT_EQ(names, link_columns().names()) << "all of links.tsv";
  const auto annotation = read_frame(root.group("mod/atac/uns/atac"), "peak_annotation");
  EXPECT_THAT(annotation.index, ElementsAre("G", kHostile));
  EXPECT_THAT(annotation.find("peak")->text(), ElementsAre("b", "d"));
}

TEST(Muon, AnotherStudyIsRefused) {
  test::TempFolder folder;
  EXPECT_THROW(write_study_with_links(folder.path() / "links.h5mu", whole_study(),
                                      std::vector<Link>{link_to("G", "chr9", 1)}),
               Error);
}

TEST(OfStudy, LinksAreOfItsPeaksAtTheirPlaces) {
  auto link = link_to("G", "chr1", 150);
  link.peak = "b";
  link.end = 250;
  EXPECT_NO_THROW(require_of_study(whole_study(), std::vector<Link>{link}));
  auto elsewhere = link, other_peak = link, other_gene = link;
  elsewhere.start = 151;
  other_peak.peak = "z";
  other_gene.gene = "H";
  const auto said = [](const Link& wrong) -> std::string {
    try {
      require_of_study(whole_study(), std::vector<Link>{wrong});
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing";
  };
  EXPECT_THAT(said(elsewhere), HasSubstr("'b' at chr1:151-250, the study at chr1:150-250"));
  EXPECT_THAT(said(other_peak), HasSubstr("peak 'z', which the study has not"));
  EXPECT_THAT(said(other_gene), HasSubstr("gene 'H', which the study has not"));
}

}  // namespace
}  // namespace grids::core
