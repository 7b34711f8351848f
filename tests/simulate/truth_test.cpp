#include "simulate/truth.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>

#include "base/error.hpp"
#include "simulate/peak_truth.hpp"
#include "support/fixtures.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Regulation kSets[] = {
    Regulation::kSingle,   Regulation::kAdditive, Regulation::kMultiplicative, Regulation::kEither,
    Regulation::kTogether, Regulation::kQuorum,   Regulation::kBuffered};

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// Two genes: one that nothing regulates, one that either of two peaks holds up in type "b".
Truth small_truth() {
  Truth truth;
  truth.types = {"a", "b"};
  truth.genes.resize(2);
  truth.genes[0].gene = "FREE";
  truth.genes[0].base_rate = {0.5, 2};
  truth.genes[1].gene = "HELD";
  truth.genes[1].kind = Regulation::kEither;
  truth.genes[1].peaks = {"p1", "p3"};
  truth.genes[1].effect = -1.25;
  truth.genes[1].types = {"b"};
  truth.genes[1].bystanders = {"p2"};
  truth.genes[1].bystander_of = {"p3"};
  truth.genes[1].base_rate = {1, 0.25};
  truth.genes[1].programme = 1;
  truth.genes[1].state_loading = 0.5;
  return truth;
}

RC_GTEST_PROP(CisFactor, EffectIsTheLogRatioOfClosingTheWholeSet, ()) {
  const auto kind =
      *rc::gen::elementOf(std::vector<Regulation>(std::begin(kSets), std::end(kSets)));
  const int size = kind == Regulation::kSingle ? 1 : *rc::gen::inRange(1, 6);
  const double effect = (*rc::gen::arbitrary<bool>() ? 0.01 : -0.01) * *rc::gen::inRange(1, 300);
  const double h = 0.01 * *rc::gen::inRange(0, 101);
  const double closed = cis_factor(kind, size, 0, effect, h);
  const double open = cis_factor(kind, size, size, effect, h);
  // One exp and one log of double rounding each.
  RC_ASSERT(std::abs(std::log(closed / open) - effect) < 1e-12);
  for (int m = 0; m < size; ++m) {
    const double more =
        cis_factor(kind, size, m + 1, effect, h) - cis_factor(kind, size, m, effect, h);
    RC_ASSERT((effect < 0 ? more : -more) >= 0);
  }
}

TEST(CisFactor, KindsDifferInWhatASingleClosureDoes) {
  const double effect = -std::log(4.0);
  const auto cis = [&](Regulation kind, int open) { return cis_factor(kind, 3, open, effect); };
  // Rounding of exp and log only.
  constexpr double kRounding = 1e-12;
  // Additive: equal differences. Multiplicative: equal ratios.
  EXPECT_NEAR(cis(Regulation::kAdditive, 3) - cis(Regulation::kAdditive, 2), 1, kRounding);
  EXPECT_NEAR(cis(Regulation::kAdditive, 1) - cis(Regulation::kAdditive, 0), 1, kRounding);
  EXPECT_NEAR(cis(Regulation::kMultiplicative, 3) / cis(Regulation::kMultiplicative, 2),
              cis(Regulation::kMultiplicative, 1), kRounding);
  // Either: the last one closes the gene. Together: the first one does.
  EXPECT_EQ(cis(Regulation::kEither, 3), cis(Regulation::kEither, 1));
  EXPECT_EQ(cis(Regulation::kEither, 0), 1);
  EXPECT_EQ(cis(Regulation::kTogether, 2), 1);
  EXPECT_NEAR(cis(Regulation::kTogether, 3), 4, kRounding);
}

TEST(TrueRegulation, ReadsOpenPeaksStateAndTypes) {
  const std::vector<std::string> peaks = {"p0", "p1", "p2", "p3"};
  const TrueRegulation regulation(small_truth(), peaks);
  const std::vector<float> scores = {9, 2};
  const double state = 0.25 * std::exp(0.5 * 2);
  EXPECT_THAT(regulation.causes(1), ElementsAre(1, 3));
  const auto rate = [&](int32_t type, std::vector<int32_t> open) {
    return regulation.true_rate(1, type, scores, open);
  };
  EXPECT_DOUBLE_EQ(rate(1, {0, 2}), state);
  EXPECT_DOUBLE_EQ(rate(1, {1}), state * std::exp(1.25));
  EXPECT_EQ(rate(1, {1, 3}), rate(1, {3}));
  EXPECT_EQ(rate(1, {1, 2, 3}), rate(1, {1, 3})) << "a bystander causes nothing";
  EXPECT_EQ(rate(0, {1, 3}), rate(0, {})) << "the set does not act in type a";
  EXPECT_EQ(regulation.true_rate(0, 1, scores, std::vector<int32_t>{0, 1, 2, 3}), 2);
}

TEST(TrueRegulation, APeakThatWasFilteredAwayIsNeverOpen) {
  auto truth = small_truth();
  truth.genes[1].kind = Regulation::kTogether;
  const std::vector<std::string> peaks = {"p3"};
  const TrueRegulation regulation(truth, peaks);
  EXPECT_THAT(regulation.causes(1), ElementsAre(0));
  EXPECT_EQ(regulation.cis(1, 1, std::vector<int32_t>{0}), 1) << "one of two is not both";
}

TEST(TruthTable, ReadsBackAsItWas) {
  const auto truth = small_truth();
  const auto back = parse_truth(truth_table(truth));
  EXPECT_EQ(back.types, truth.types);
  ASSERT_EQ(back.genes.size(), 2u);
  for (size_t g = 0; g < 2; ++g) {
    const auto& a = truth.genes[g];
    const auto& b = back.genes[g];
    EXPECT_EQ(a.gene, b.gene);
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.peaks, b.peaks);
    EXPECT_EQ(a.effect, b.effect);
    EXPECT_EQ(a.types, b.types);
    EXPECT_EQ(a.bystanders, b.bystanders);
    EXPECT_EQ(a.bystander_of, b.bystander_of);
    EXPECT_EQ(a.base_rate, b.base_rate);
    EXPECT_EQ(a.programme, b.programme);
    EXPECT_EQ(a.state_loading, b.state_loading);
  }
}

TEST(TruthTable, HiddenSharesAreWrittenAndThoseOfBufferedSetsAreRead) {
  auto truth = small_truth();
  auto table = truth_table(truth);
  EXPECT_EQ(table.text(0, "hidden_share"), "NA");
  EXPECT_EQ(table.text(1, "hidden_share"), "1");
  EXPECT_EQ(table.text(1, "hidden_share_log"), "1");
  truth.genes[1].kind = Regulation::kBuffered;
  truth.genes[1].buffering = 0.25;
  truth.genes[1].effect = 1.25;  // repressors
  table = truth_table(truth);
  EXPECT_EQ(table.text(1, "hidden_share"), "0.25");
  const auto back = parse_truth(table);
  EXPECT_EQ(back.genes[0].buffering, 0);
  EXPECT_EQ(back.genes[1].buffering, 0.25);
  EXPECT_EQ(back.genes[1].effect, 1.25);
  const std::vector<std::string> peaks = {"p1", "p3"};
  const TrueRegulation regulation(back, peaks);
  EXPECT_EQ(regulation.cis(1, 1, 1), cis_factor(Regulation::kBuffered, 2, 1, 1.25, 0.25));

  truth.genes[1].buffering = 1.5;
  EXPECT_THAT(message_of([&] { parse_truth(truth_table(truth)); }),
              HasSubstr("truth.tsv: row 2: column hidden_share of a buffered set holds 1.5, "
                        "expected 0 to 1"));
}

TEST(TruthTable, SaysWhatIsWrong) {
  const std::vector<std::string> columns = {"gene",       "kind",      "peaks",
                                            "effect",     "types",     "bystanders",
                                            "base_rates", "programme", "state_loading"};
  const auto parse = [&](std::vector<std::string> row) {
    return message_of([&] {
      Table table(columns);
      table.source = "truth.tsv";
      table.add(std::move(row));
      parse_truth(table);
    });
  };
  EXPECT_EQ(parse({"G", "single", "p", "-1", "a", "", "a=1", "1", "0"}), "no error");
  EXPECT_THAT(parse({"G", "double", "p", "-1", "a", "", "a=1", "1", "0"}),
              HasSubstr("truth.tsv: row 1: column kind holds 'double', expected one of none, "));
  EXPECT_THAT(parse({"G", "buffered", "p,q", "-1", "a", "", "a=1", "1", "0"}),
              HasSubstr("truth.tsv: row 1: a buffered set needs a column hidden_share"));
  EXPECT_THAT(parse({"G", "single", "", "-1", "a", "", "a=1", "1", "0"}), HasSubstr("has 0 peaks"));
  EXPECT_THAT(parse({"G", "single", "p", "-1", "b", "", "a=1", "1", "0"}),
              HasSubstr("types holds 'b'"));
  EXPECT_THAT(parse({"G", "single", "p", "-1", "a", "", "a", "1", "0"}), HasSubstr("type=rate"));
  EXPECT_THAT(parse({"G", "single", "p", "-1", "a", "", "a=x", "1", "0"}),
              HasSubstr("'x' is no number"));
  EXPECT_THAT(parse({"G", "single", "p", "-1", "a", "", "a=1", "0", "0"}),
              HasSubstr("counts from 1"));
}

TEST(PeakTruthTable, ReadsBackAsItWas) {
  PeakTruth peaks;
  peaks.names = {"p0", "p1", "p2", "p3"};
  peaks.role = {PeakRole::kBackground, PeakRole::kPromoter, PeakRole::kCause, PeakRole::kBystander};
  peaks.programme = {-1, 1, 2, 3};
  peaks.level = {0, 0.5, 0.25, 1};
  peaks.type_level = {0, 0.125, 0, 0};
  const auto table = peak_truth_table(small_truth(), peaks);
  EXPECT_THAT(table.row(0), ElementsAre("p0", "none", "0", "0", "background"));
  EXPECT_THAT(table.row(1), ElementsAre("p1", "b", "0.5", "0.125", "promoter"));
  EXPECT_THAT(table.row(3), ElementsAre("p3", "state 2", "1", "0", "bystander"));
  const auto back = parse_peak_truth(small_truth(), table);
  EXPECT_EQ(back.names, peaks.names);
  EXPECT_EQ(back.role, peaks.role);
  EXPECT_EQ(back.programme, peaks.programme);
  EXPECT_EQ(back.level, peaks.level);
  EXPECT_EQ(back.type_level, peaks.type_level);
}

TEST(PeakTruthTable, SaysWhatIsWrong) {
  const auto parse = [&](const std::string& programme, const std::string& role) {
    return message_of([&] {
      Table table({"peak", "programme", "level", "type_level", "role"});
      table.source = "peaks.tsv";
      table.add({"p", programme, "1", "0", role});
      parse_peak_truth(small_truth(), table);
    });
  };
  EXPECT_EQ(parse("state 1", "cause"), "no error");
  for (const auto* name : {"c", "state 0", "state 1x", "state ", ""}) {
    EXPECT_THAT(parse(name, "cause"),
                HasSubstr("peaks.tsv: row 1: column programme holds '" + std::string(name) +
                          "', expected none, one of a, b, or"));
  }
  EXPECT_THAT(parse("a", "enhancer"), HasSubstr("column role holds 'enhancer', expected one of "));
}

TEST(Truth, OfVersion1IsRead) {
  const auto folder = test::fixture("version_1/simulated");
  const Truth truth = parse_truth(read_simulated_table(folder / "truth.tsv"));
  EXPECT_EQ(truth.genes.size(), 20u);
  EXPECT_EQ(std::count_if(truth.genes.begin(), truth.genes.end(),
                          [](const auto& gene) { return gene.kind != Regulation::kNone; }),
            9);
  const CellTruth cells = parse_cell_truth(truth, read_simulated_table(folder / "cells.tsv"));
  EXPECT_EQ(cells.size(), 100);
  const PeakTruth peaks = parse_peak_truth(truth, read_simulated_table(folder / "peaks.tsv"));
  EXPECT_EQ(peaks.names.size(), 120u);
  EXPECT_GE(std::count(peaks.role.begin(), peaks.role.end(), PeakRole::kCause), 9);
}

TEST(Truth, WhatAnotherVersionLeftOutIsNamedWithTheCommandThatMakesIt) {
  const test::TempFolder folder;
  std::ofstream(folder / "truth.tsv") << "gene\tkind\nG\tsingle\n";
  const Table table = read_simulated_table(folder / "truth.tsv");
  EXPECT_THAT(message_of([&] { parse_truth(table); }),
              ::testing::AllOf(HasSubstr("truth.tsv: no column 'peaks'"),
                               HasSubstr("simulate again (grids simulate)")));
}

}  // namespace
}  // namespace grids::core
