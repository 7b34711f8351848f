#include "methods/links.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.hpp"
#include "math/statistics.hpp"
#include "methods/planted_cells.hpp"

namespace grids::core {
namespace {

using testing::planted_cells;

struct LinksFixture {
  explicit LinksFixture(int threads = 2) : pool(threads), context{7, pool, reporter} {}
  ThreadPool pool;
  Reporter reporter;
  Context context;
};

/// Pearson's r from its definition, over dense columns.
double plain_correlation(const CsrPattern& open, Feature feature, const std::vector<double>& y) {
  std::vector<double> x(y.size());
  for (const int32_t cell : open.row(feature)) x[static_cast<size_t>(cell)] = 1;
  const auto n = static_cast<double>(y.size());
  double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    mx += x[i] / n;
    my += y[i] / n;
  }
  for (size_t i = 0; i < y.size(); ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
    xy += (x[i] - mx) * (y[i] - my);
  }
  return xy / std::sqrt(xx * yy);
}

std::vector<Feature> background_of(const TargetData& data, Feature feature, int64_t count) {
  return LinkBackgrounds(*data.measured).of(data.group, feature, count);
}

TEST(Links, AreThePlainFormula) {
  LinksFixture f;
  const auto planted = planted_cells(300, 40, {0.8}, 3);
  const auto& open = planted->measured.by_feature;
  LinkOptions options;
  options.background = 12;
  const std::vector<Feature> features = {0, 1, 7, 19};
  const auto links = find_links(planted->data, features, options, f.context);
  ASSERT_EQ(links.size(), features.size());
  for (size_t i = 0; i < links.size(); ++i) {
    const auto background = background_of(planted->data, features[i], 12);
    ASSERT_EQ(background.size(), 12u);
    double mean = 0, squares = 0;
    std::vector<double> others;
    for (const Feature other : background) {
      EXPECT_GE(other, 20);  // on the other chromosome
      others.push_back(plain_correlation(open, other, planted->data.normalised));
      mean += others.back() / 12;
    }
    for (const double r : others) squares += (r - mean) * (r - mean);
    const double r = plain_correlation(open, features[i], planted->data.normalised);
    const double z = (r - mean) / std::sqrt(squares / 11);
    // Two ways of adding the same 300 numbers.
    EXPECT_NEAR(links[i].score, r, 1e-12);
    EXPECT_NEAR(links[i].z, z, 1e-9);
    EXPECT_NEAR(links[i].p, normal_upper_tail(std::abs(z)), 1e-9);
    EXPECT_EQ(links[i].kept, std::abs(r) > 0.05 && links[i].p < 0.05);
  }
}

TEST(Links, TheBackgroundIsTheNearestInOpennessAndWidthEachByItsSpread) {
  const auto planted = planted_cells(400, 120, {}, 4);
  const auto& open = planted->measured.by_feature;
  std::vector<Feature> others;
  for (Feature j = 60; j < 120; ++j) {
    if (open.row(j).size() < 10) continue;
    others.push_back(j);
  }
  const auto log_open = [&](Feature j) {
    return std::log(static_cast<double>(open.row(j).size()));
  };
  const auto log_width = [&](Feature j) {
    return std::log(static_cast<double>(planted->measured.width[static_cast<size_t>(j)]));
  };
  const auto deviation = [&](const auto& of) {
    double mean = 0, squares = 0;
    const auto n = static_cast<double>(others.size());
    for (const Feature j : others) mean += of(j) / n;
    for (const Feature j : others) squares += (of(j) - mean) * (of(j) - mean) / n;
    return std::sqrt(squares);
  };
  const double by_open = deviation(log_open), by_width = deviation(log_width);
  for (const Feature feature : {0, 31, 59}) {
    std::sort(others.begin(), others.end(), [&](Feature a, Feature b) {
      const auto far = [&](Feature j) {
        return std::hypot((log_open(j) - log_open(feature)) / by_open,
                          (log_width(j) - log_width(feature)) / by_width);
      };
      return far(a) < far(b);
    });
    std::vector<Feature> nearest(others.begin(), others.begin() + 15);
    std::sort(nearest.begin(), nearest.end());
    EXPECT_EQ(background_of(planted->data, feature, 15), nearest);
  }
}

TEST(Links, TheBackgroundResemblesThePeak) {
  const auto planted = planted_cells(2000, 800, {}, 5);
  const auto& open = planted->measured.by_feature;
  const auto share = [&](Feature j) { return static_cast<double>(open.row(j).size()) / 2000; };
  for (const Feature feature : {0, 100, 399}) {
    for (const Feature other : background_of(planted->data, feature, 10)) {
      // 400 candidates spread over openness 0.1 … 0.5 and width 400 … 600: the closest ten lie
      // within a tenth of both ranges, give or take the edges.
      EXPECT_NEAR(share(other) / share(feature), 1, 0.3);
      EXPECT_NEAR(static_cast<double>(planted->measured.width[static_cast<size_t>(other)]),
                  static_cast<double>(planted->measured.width[static_cast<size_t>(feature)]), 60);
    }
  }
}

TEST(Links, APlantedLinkIsTheStrongestInAnyNumberOfThreads) {
  std::vector<double> first;
  for (const int threads : {1, 3}) {
    LinksFixture f(threads);
    std::vector<double> effects(20);
    effects[13] = 1.2;
    const auto planted = planted_cells(1000, 100, effects, 9);
    const auto features = window_features(planted->data, testing::all_features(planted->data));
    ASSERT_EQ(features.size(), 50u);  // of the target's chromosome, no other
    const auto links = find_links(planted->data, features, {}, f.context);
    const auto best =
        std::max_element(links.begin(), links.end(),
                         [](const ScoredLink& a, const ScoredLink& b) { return a.z < b.z; });
    EXPECT_EQ(best->feature, 13);
    EXPECT_TRUE(best->kept);
    std::vector<double> z;
    for (const ScoredLink& link : links) z.push_back(link.z);
    if (first.empty()) first = z;
    EXPECT_EQ(z, first);
  }
}

TEST(Links, AreTheSameWhateverIsKeptFromOtherTargets) {
  const auto planted = planted_cells(400, 160, {0.5}, 12);
  LinkBackgrounds kept(planted->measured);
  TargetData data = planted->data;
  LinkOptions options;
  options.background = 30;
  // Targets on both chromosomes, in turn, with windows that overlap; threads share what is kept.
  for (const int32_t group : {0, 1, 0, 1}) {
    LinksFixture f(3);
    data.group = group;
    std::vector<Feature> features;
    for (Feature j = 80 * group; j < 80 * (group + 1); ++j) features.push_back(j);
    data.backgrounds = nullptr;
    const auto anew = find_links(data, features, options, f.context);
    data.backgrounds = &kept;
    const auto links = find_links(data, features, options, f.context);
    ASSERT_EQ(links.size(), anew.size());
    for (size_t i = 0; i < links.size(); ++i) {
      EXPECT_EQ(links[i].feature, anew[i].feature);
      EXPECT_EQ(links[i].z, anew[i].z);
      EXPECT_EQ(links[i].kept, anew[i].kept);
    }
    options.background = group == 0 ? 30 : 12;  // another number is another background
  }
}

TEST(Links, WithoutOtherChromosomesThereIsNoBackground) {
  LinksFixture f;
  const auto planted = planted_cells(100, 10, {}, 1);
  MeasuredCells measured = planted->measured;
  std::fill(measured.group.begin(), measured.group.end(), 0);
  TargetData data = planted->data;
  data.measured = &measured;
  try {
    find_links(data, std::vector<Feature>{0}, {}, f.context);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_NE(std::string(error.what()).find("other chromosomes"), std::string::npos);
  }
}

}  // namespace
}  // namespace grids::core
