#include "links/found_links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Four peaks on chr1, the first two of one element, and one on chr2; G1 on the minus strand of
/// chr1 starts at 59,999, G2 has no position.
Study small_place() {
  Study study;
  study.cells.type.names = {"B", "T"};
  study.peaks.names = {"a", "b", "c", "d", "e"};
  study.peaks.chromosomes = {"chr1", "chr2"};
  study.peaks.chromosome_offsets = {0, 4, 5};
  study.peaks.start = {1000, 1900, 55'000, 59'800, 10};
  study.peaks.end = {1400, 2300, 55'400, 60'200, 400};
  study.genes.names = {"G1", "G2"};
  study.genes.ids = {"ENSG1", ""};
  study.genes.chromosome = {"chr1", ""};
  study.genes.start = {50'000, 0};
  study.genes.end = {60'000, 0};
  study.genes.strand = {Strand::kMinus, Strand::kUnknown};
  return study;
}

EvaluatedSet set_of(std::vector<int32_t> peaks) {
  EvaluatedSet set;
  set.type = 1;
  set.method = "grids";
  set.peaks = std::move(peaks);
  set.change.relative_change = -0.25;
  set.contrast.verdict = Verdict::kBorneOut;
  set.contrast.slope = 0.5;
  set.contrast.q = 0.01;
  return set;
}

template <typename Value>
std::vector<Value> each(const std::vector<Link>& links, Value Link::*member) {
  std::vector<Value> values;
  for (const auto& link : links) values.push_back(link.*member);
  return values;
}

TEST(FoundLinks, PeaksByRankThenPartnersOutside) {
  auto set = set_of({2, 0});
  set.partners.minimal = {0};
  set.partners.partners = {{1, -0.2, 0}, {2, -0.1, 0}};
  const auto links = links_of(small_place(), {{set}}, {});
  EXPECT_THAT(each(links, &Link::peak), ElementsAre("c", "a", "b"));
  EXPECT_THAT(each(links, &Link::rank), ElementsAre(1, 2, std::nullopt));
  EXPECT_THAT(each(links, &Link::in_minimal), ElementsAre(false, true, false));
  EXPECT_THAT(each(links, &Link::partner), ElementsAre(true, false, true));
  EXPECT_THAT(each(links, &Link::element),
              ElementsAre("chr1:55000-55400", "chr1:1000-2300", "chr1:1000-2300"));
  EXPECT_THAT(each(links, &Link::element_class), ElementsAre("intronic", "distal", "distal"));
  const Link& link = links[0];
  EXPECT_EQ(link.cell_type, "T");
  EXPECT_EQ(link.gene, "G1");
  EXPECT_EQ(link.gene_id, "ENSG1");
  EXPECT_EQ(link.tss, 59'999);
  EXPECT_EQ(link.gene_chrom, "chr1");
  EXPECT_EQ(link.strand, "-");
  EXPECT_EQ(link.set, "found");
  EXPECT_EQ(link.set_size, 2);
  EXPECT_EQ(link.verdict, "borne_out");
  EXPECT_DOUBLE_EQ(link.relative_change, -0.25);
  EXPECT_EQ(link.call, "");
  EXPECT_TRUE(std::isnan(link.loss_alone));
}

TEST(FoundLinks, AGeneWithoutPositionHasNoStart) {
  auto set = set_of({4});
  set.gene = 1;
  set.type.reset();
  const auto links = links_of(small_place(), {{set}}, {});
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0].cell_type, "all");
  EXPECT_EQ(links[0].tss, std::nullopt);
  EXPECT_EQ(links[0].distance, std::nullopt);
  EXPECT_EQ(links[0].gene_chrom, "");
  EXPECT_EQ(links[0].strand, ".");
  EXPECT_EQ(links[0].in_minimal, std::nullopt);
}

SetRedundancy judged(std::optional<int32_t> type, double hidden) {
  SetRedundancy set;
  set.target.type = type;
  set.target.peaks = {0, 3};
  set.elements = {{{{0}, ElementClass::kDistal}, true, "", -0.3, 0.5},
                  {{{3}, ElementClass::kPromoter}, false, "promoter", -0.1, 0.5}};
  set.judged = 1;
  set.result.call = RedundancyCall::kRedundant;
  set.result.hidden = hidden;
  set.result.q = 0.02;
  set.result.elements.resize(1);
  set.result.elements[0].loss = 0.125;
  return set;
}

TEST(FoundLinks, CallsAreOfTheSetItselfAndNotOfOneOfItsTypes) {
  auto set = set_of({0, 3});
  set.partners.minimal = {0, 3};
  const std::vector<SetRedundancy> redundant = {judged(std::nullopt, 0.75), judged(1, 0.5)};
  const auto links = links_of(small_place(), {{set}}, redundant);
  EXPECT_THAT(each(links, &Link::hidden_share), ElementsAre(0.5, 0.5));
  EXPECT_THAT(each(links, &Link::call), ElementsAre("redundant", "redundant"));
  EXPECT_THAT(each(links, &Link::loss_alone), ElementsAre(-0.3, -0.1));
  EXPECT_DOUBLE_EQ(links[0].loss_from_whole, 0.125);
  EXPECT_TRUE(std::isnan(links[1].loss_from_whole)) << "it was not judged";
}

ExplainedTarget explained_of(std::vector<int32_t> peaks) {
  ExplainedTarget target;
  target.target.type = 1;
  target.method = "grids";
  target.explanation.subset = peaks;
  target.partners.minimal = peaks;
  target.before = {std::log(2.0f), std::log(4.0f)};
  target.after = {0, std::log(2.0f)};
  return target;
}

TEST(FoundLinks, SetsThatWouldHaveDoneFollowTheFoundOne) {
  RedundancyFindings found;
  found.explained = {explained_of({0, 3})};
  found.sets = {judged(1, 0.5)};
  Alternatives others;
  others.target = found.explained[0].target;
  others.sets.resize(2);
  others.sets[0].found = found.explained[0];
  others.sets[1].found = explained_of({2});
  found.alternatives = {others};
  const auto links = links_of(small_place(), found);
  EXPECT_THAT(each(links, &Link::peak), ElementsAre("a", "d", "c"));
  EXPECT_THAT(each(links, &Link::set), ElementsAre("found", "found", "alternative 2"));
  EXPECT_THAT(each(links, &Link::call), ElementsAre("redundant", "redundant", ""));
  EXPECT_THAT(each(links, &Link::verdict), ElementsAre("", "", ""));
  EXPECT_NEAR(links[0].relative_change, -0.5, 1e-6) << "each prediction halves";
  EXPECT_EQ(links[2].rank, 1);
}

TEST(FoundLinks, FinalCallsAreThoseOfTheRun) {
  Link link;
  link.cell_type = "T";
  link.gene = "G1";
  link.set = "found";
  link.call = "redundant";
  link.call_q = 0.02;
  link.hidden_share = 0.5;
  Link other = link;
  other.set = "alternative 2";
  other.call = "";
  other.call_q = other.hidden_share = kNaN;
  auto links = link_columns().table(std::vector<Link>{link, other});
  links.source = "links.tsv";
  Table calls({"cell_type", "gene", "set", "call", "q", "hidden_share"});
  calls.add({"T", "G1", "found", "quorum", "0.001", "0.75"});  // T among the types of another set
  calls.add({"T", "G1", "found", "not_called", "0.3", "0.5"});
  const auto final = link_columns().read(with_final_calls(links, calls));
  EXPECT_EQ(final[0].call, "not_called");
  EXPECT_DOUBLE_EQ(final[0].call_q, 0.3);
  EXPECT_EQ(final[1].call, "");
  EXPECT_TRUE(std::isnan(final[1].call_q));
}

TEST(FoundLinks, NoSetsGiveNoLinks) {
  EXPECT_THAT(links_of(small_place(), std::span<const EvaluatedSet>(), {}), IsEmpty());
}

}  // namespace
}  // namespace grids::core
