#include "view/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/at.hpp"
#include "base/indices.hpp"
#include "evaluate/judge_sets.hpp"
#include "io/atomic_file.hpp"
#include "redundancy/fit_rates.hpp"
#include "redundancy/measurement.hpp"
#include "redundancy/planted_pairs.hpp"
#include "study/chromatin.hpp"
#include "support/unpaired.hpp"
#include "view/small_view.hpp"

namespace grids::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::planted_pairs;
using testing::SmallView;
using testing::ViewFolder;

template <typename Body>
std::string why(ErrorKind kind, const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    return error.what();
  }
  return "nothing was thrown";
}

/// A gene, and the peaks of two elements of its terms that can be measured.
struct MeasuredGene {
  int32_t gene = -1;
  std::vector<int32_t> peaks;
};

MeasuredGene find_measured_gene() {
  const auto& world = planted_pairs();
  const ViewFolder folder;
  ViewSession session(folder.path, world.cells.study, world.surrogate(), world.test.context);
  for (const auto& gene : world.fit.path.genes) {
    const auto terms = world.surrogate().asked_for({&gene.gene, 1}).term_peaks(gene.gene);
    const auto elements = elements_of(world.cells.study, gene.gene, terms);
    for (size_t a = 1; a < elements.size(); ++a) {
      auto peaks = elements[0].peaks;
      peaks.insert(peaks.end(), elements[a].peaks.begin(), elements[a].peaks.end());
      if (session.settings({gene.gene, 0}, peaks).note.empty()) return {gene.gene, peaks};
    }
  }
  return {};
}

const MeasuredGene& measured_gene() {
  static const MeasuredGene found = find_measured_gene();
  return found;
}

TEST(ViewSession, SettingsAreThoseOfRedundancyInCellsThatTheSurrogateHasSeen) {
  const auto& world = planted_pairs();
  const Study& study = world.cells.study;
  const auto [gene, peaks] = measured_gene();
  ASSERT_GE(gene, 0);
  ViewFolder folder;
  ViewSession session(folder.path, study, world.surrogate(), world.test.context);
  const auto view = session.settings({gene, 0}, peaks);

  std::vector<int32_t> cells;
  for (int32_t cell = 0; cell < study.cells.size(); ++cell) {
    if (study.cells.split[at(cell)] != Split::kTest) cells.push_back(cell);
  }
  const RedundancyOptions options;
  const StateCovariates state(study, world.surrogate(), options.contrast.components,
                              world.test.context);
  const auto judged = judged_cells(study, state, cells, options, world.test.context);
  const auto elements = elements_of(study, gene, peaks);
  const auto asked = world.surrogate().asked_for({&gene, 1});
  const FitOfGene fit(study, asked, gene, cells, world.test.context.pool);
  const auto rates = fit.rates(elements);
  const Measurement measurement(study, gene, elements, judged, fit.other_terms(elements));
  const auto measured = measured_rates(measurement.data, options.rates);

  ASSERT_EQ(view.elements.size(), 2u);
  ASSERT_EQ(view.rows.size(), 4u);
  EXPECT_EQ(view.note, measured.problem);
  EXPECT_EQ(view.note, "");
  int64_t all = 0;
  for (const auto& row : view.rows) {
    EXPECT_EQ(row.rate_fit, rates[row.open]);
    EXPECT_EQ(row.measured.rate, rate_of(measured, row.open).rate);
    EXPECT_LE(row.measured.low, row.measured.rate);
    EXPECT_EQ(row.cells, measured.cells[row.open].cells);
    EXPECT_EQ(row.counts, measured.cells[row.open].counts);
    all += row.cells;
  }
  EXPECT_EQ(all, std::ssize(judged.contrast.cells));
}

TEST(ViewSession, AJudgementIsTheContrastThatExplainGives) {
  const auto& world = planted_pairs();
  const Study& study = world.cells.study;
  const auto [gene, peaks] = measured_gene();
  ViewFolder folder;
  ViewSession session(folder.path, study, world.surrogate(), world.test.context);
  const auto judged = session.judge({gene, 0}, peaks);

  // As explain has it of a set with these peaks.
  ExplainedTarget set;
  set.target = {0, gene, std::ssize(peaks)};
  set.path = world.surrogate().asked_for({&gene, 1}).path_of(gene);
  set.explanation.subset = peaks;
  set.test_cells = study.cells_of(Split::kTest, 0);
  const auto model =
      world.surrogate()
          .asked_for({&gene, 1})
          .model(study, set.test_cells, replace_by(study.peaks.size(), 0), world.test.context.pool);
  const auto predict = [&](std::span<const int32_t> closed) {
    const auto state = model->begin(closed, indices_below(std::ssize(set.test_cells)), {&gene, 1});
    std::vector<float> values(state->outputs().begin(), state->outputs().end());
    for (float& value : values) value = std::max(value, 0.0f);
    return values;
  };
  set.before = predict({});
  set.after = predict(peaks);
  JudgeSetsOptions options;
  options.random_sets = options.resamples = 0;
  const auto expected = judge_sets(study, world.surrogate(), {set}, Perturbation::kClosed, options,
                                   world.test.context)
                            .sets.at(0)
                            .contrast;
  EXPECT_EQ(judged.contrast.slope, expected.slope);
  EXPECT_EQ(judged.contrast.low, expected.low);
  EXPECT_EQ(judged.contrast.high, expected.high);
  EXPECT_EQ(judged.contrast.p, expected.p);
  EXPECT_FALSE(std::isnan(judged.contrast.slope));
  EXPECT_EQ(judged.looks, 1);
  EXPECT_EQ(judged.p_adjusted, judged.contrast.p);
  EXPECT_THAT(judged.sentence, HasSubstr("Exploratory"));
}

TEST(ViewSession, LooksAddUpAndSurvive) {
  const auto& world = planted_pairs();
  const auto [gene, peaks] = measured_gene();
  ViewFolder folder;
  {
    int told = 0;
    ViewSession session(folder.path, world.cells.study, world.surrogate(), world.test.context,
                        [&] { ++told; });
    EXPECT_EQ(session.looks(gene), 0);
    session.judge({gene, 0}, peaks);
    session.judge({gene, 0}, peaks);  // the same set tells nothing new
    EXPECT_EQ(session.looks(gene), 1);
    const std::vector<int32_t> turned(peaks.rbegin(), peaks.rend());
    session.judge({gene, 0}, turned);
    EXPECT_EQ(session.looks(gene), 1);
    session.judge({gene, std::nullopt}, peaks);
    EXPECT_EQ(session.looks(gene), 2);
    EXPECT_EQ(session.looks(gene == 0 ? 1 : 0), 0);
    EXPECT_TRUE(session.judged_sets(gene == 0 ? 1 : 0).empty());
    EXPECT_EQ(told, 2);
  }
  ViewSession again(folder.path, world.cells.study, world.surrogate(), world.test.context);
  ASSERT_EQ(again.judged_sets(gene).size(), 2u);
  EXPECT_EQ(again.judged_sets(gene)[0].peaks.size(), peaks.size());
  EXPECT_EQ(again.judged_sets(gene)[1].cell_type, "all");
  EXPECT_EQ(again.looks(gene), 2);
  const auto judged = again.judge({gene, 0}, std::span(peaks).first(1));
  EXPECT_EQ(judged.looks, 3);
  if (!std::isnan(judged.contrast.p)) {
    EXPECT_EQ(judged.p_adjusted, std::min(1.0, 3 * judged.contrast.p));
  }
}

TEST(ViewSession, ALookThatCannotBeWrittenDownIsNotMade) {
  const auto& world = planted_pairs();
  const auto [gene, peaks] = measured_gene();
  ViewFolder folder;
  ViewSession session(folder.path, world.cells.study, world.surrogate(), world.test.context);
  std::filesystem::create_directories(folder.looks());  // a folder stands where the file goes
  EXPECT_THAT(why(ErrorKind::kInput,
                  [&] {
                    session.judge({gene, 0}, peaks);
                  }),
              HasSubstr("view_looks.tsv"));
  EXPECT_EQ(session.looks(gene), 0);
  std::filesystem::remove(folder.looks());
  EXPECT_EQ(session.judge({gene, 0}, peaks).looks, 1);
}

TEST(ViewSession, LooksThatCannotBeCountedAreNotForgotten) {
  SmallView view;
  ViewFolder folder;
  std::filesystem::create_directories(folder.path / ".grids");
  std::ofstream(folder.looks()) << "what\nis this\n";
  EXPECT_THAT(why(ErrorKind::kInput,
                  [&] {
                    const ViewSession session(folder.path, view.study, view.surrogate(),
                                              view.context);
                  }),
              HasSubstr("view_looks.tsv"));
}

TEST(ViewSession, WhatCannotBeJudgedSpendsNoLook) {
  SmallView view;
  for (auto& split : view.study.cells.split) split = Split::kTrain;
  ViewFolder folder;
  ViewSession session(folder.path, view.study, view.surrogate(), view.context);
  const std::vector<int32_t> peaks = {1};
  EXPECT_THAT(why(ErrorKind::kUsage,
                  [&] {
                    session.judge({0, 0}, peaks);
                  }),
              HasSubstr("no test cells"));
  EXPECT_THAT(why(ErrorKind::kUsage, [&] { session.judge({0, 0}, {}); }), HasSubstr("peaks"));
  EXPECT_EQ(session.looks(0), 0);
  EXPECT_FALSE(std::filesystem::exists(folder.looks()));
}

TEST(ViewSession, KeptSetsAreExploratoryAndFollowTheLooks) {
  const auto& world = planted_pairs();
  const auto [gene, peaks] = measured_gene();
  const ViewTarget target{gene, 0};
  ViewFolder folder;
  double p = 0;
  {
    ViewSession session(folder.path, world.cells.study, world.surrogate(), world.test.context);
    EXPECT_EQ(session.save(target, peaks, "seen, \"kept\"\xC3\xA9"), 1);
    EXPECT_FALSE(session.saved()[0].looks);
    EXPECT_TRUE(std::isnan(session.saved()[0].slope));
    p = session.judge(target, peaks).contrast.p;
    EXPECT_EQ(session.saved()[0].looks, 1);
    EXPECT_EQ(session.saved()[0].p_adjusted, p);
    session.judge({gene, std::nullopt}, peaks);
    EXPECT_EQ(session.saved()[0].looks, 2);
    EXPECT_EQ(session.saved()[0].p_adjusted, std::min(1.0, 2 * p));
    EXPECT_EQ(session.save(target, std::span(peaks).first(1), ""), 2);
  }
  ViewSession again(folder.path, world.cells.study, world.surrogate(), world.test.context);
  const auto kept = again.saved();
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].note, "seen, \"kept\"\xC3\xA9");
  EXPECT_EQ(kept[0].peaks.size(), peaks.size());
  EXPECT_EQ(kept[0].looks, 2);
  EXPECT_NEAR(kept[0].p, p, 1e-3 * p);  // probabilities are written with four digits
  EXPECT_EQ(kept[1].set, 2);
  for (const auto& set : kept) EXPECT_EQ(set.status, "exploratory");
  const auto bed = bed_of_sets(world.cells.study, kept);
  EXPECT_EQ(std::count(bed.begin(), bed.end(), '\n'), std::ssize(peaks) + 1);
}

TEST(ViewSession, ANoteIsALineOfText) {
  SmallView view;
  ViewFolder folder;
  ViewSession session(folder.path, view.study, view.surrogate(), view.context);
  const std::vector<int32_t> peaks = {3};
  std::string letters;
  for (int i = 0; i < 200; ++i) letters += "\xC3\xA9";
  EXPECT_EQ(session.save({0, 0}, peaks, letters), 1);
  for (const std::string& wrong : {letters + "x", std::string("two\nlines"), std::string("\xFF")}) {
    EXPECT_THAT(why(ErrorKind::kUsage,
                    [&] {
                      session.save({0, 0}, peaks, wrong);
                    }),
                HasSubstr("note"));
  }
  EXPECT_THAT(why(ErrorKind::kUsage, [&] { session.save({0, 0}, {}, ""); }), HasSubstr("peaks"));
  EXPECT_EQ(session.saved().size(), 1u);
}

TEST(ViewSession, OneViewOfAFolderAtATime) {
  SmallView view;
  ViewFolder folder;
  const ViewSession first(folder.path, view.study, view.surrogate(), view.context);
  EXPECT_THAT(why(ErrorKind::kInput,
                  [&] {
                    const ViewSession second(folder.path, view.study, view.surrogate(),
                                             view.context);
                  }),
              HasSubstr("view"));
}

TEST(ViewSession, SetsThatWereChangedByHandAreNotReplaced) {
  SmallView view;
  ViewFolder folder;
  std::ofstream(folder.path / "view_sets.tsv") << "mine\n";
  EXPECT_THAT(why(ErrorKind::kInput,
                  [&] {
                    const ViewSession session(folder.path, view.study, view.surrogate(),
                                              view.context);
                  }),
              HasSubstr("view_sets.tsv"));
  EXPECT_EQ(read_file(folder.path / "view_sets.tsv"), "mine\n");
}

TEST(ViewSession, TooManyElementsAreToldWithTheirNumber) {
  SmallView view;
  ViewFolder folder;
  ViewSession session(folder.path, view.study, view.surrogate(), view.context);
  // Peaks of small studies lie 500 bases apart: all of a chromosome are one element.
  const std::vector<int32_t> one = {0, 1, 2};
  EXPECT_EQ(session.settings({0, 0}, one).elements.size(), 1u);
  const std::vector<int32_t> five = {0, 5, 10, 15, 20};
  EXPECT_THAT(why(ErrorKind::kUsage,
                  [&] {
                    session.settings({0, 0}, five);
                  }),
              HasSubstr("5 elements"));
  // Without counts cells are counted, and nothing is measured.
  const auto view_of_two = session.settings({0, 0}, std::vector<int32_t>{0, 10});
  EXPECT_EQ(view_of_two.note, "counts: there are none");
  EXPECT_TRUE(std::isnan(view_of_two.rows[0].measured.rate));
}

TEST(ViewNames, NamesThatAreNotThereAreTold) {
  SmallView view;
  const ViewNames names(view.study);
  EXPECT_EQ(names.target("g3", "B"), (ViewTarget{3, 1}));
  EXPECT_EQ(names.target("ENSG3", "all"), (ViewTarget{3, std::nullopt}));
  EXPECT_THAT(why(ErrorKind::kUsage, [&] { names.target("g99", "B"); }), HasSubstr("g99"));
  EXPECT_THAT(why(ErrorKind::kUsage, [&] { names.target("g3", "each"); }), HasSubstr("2 types"));
  const auto& peaks = view.study.peaks.names;
  EXPECT_THAT(names.peaks("close", std::vector{peaks[5], peaks[2], peaks[5]}), ElementsAre(5, 2));
  EXPECT_THAT(
      why(ErrorKind::kUsage, [&] { names.peaks("close", std::vector<std::string>{"chrX"}); }),
      HasSubstr("close: the study has no peak 'chrX'"));
}

TEST(ViewSession, WhereRnaIsOfOtherCellsNothingIsJudgedAndNoLookIsSpent) {
  SmallView view;
  const ViewFolder folder;
  const Study cells = chromatin_of(test::halves_of(view.study));
  int64_t looks = 0;
  ViewSession session(folder.path, cells, view.surrogate(), view.context, [&] { ++looks; });
  const ViewTarget target{view.gene(), 1};
  const std::vector<int32_t> peaks = {0, 1};
  EXPECT_THAT(why(ErrorKind::kUsage, [&] { session.judge(target, peaks); }),
              HasSubstr(kNeedsPairs));
  EXPECT_EQ(looks, 0);
  EXPECT_EQ(session.looks(target.gene), 0);
  const auto settings = session.settings(target, peaks);
  EXPECT_EQ(settings.note, kNeedsPairs);
  for (const auto& row : settings.rows) EXPECT_TRUE(std::isnan(row.counts));
  EXPECT_EQ(session.save(target, peaks, "kept"), 1);  // what is predicted needs no pairs
}

}  // namespace
}  // namespace grids::core
