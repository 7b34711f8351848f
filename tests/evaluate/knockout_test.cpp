#include "evaluate/knockout.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <numeric>

#include "base/error.hpp"
#include "evaluate/count_maps.hpp"
#include "explain/explain_stage.hpp"
#include "explain/small_study.hpp"
#include "io/anndata.hpp"
#include "io/table.hpp"
#include "support/dense_reference.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

using test::TempFolder;
using testing::DenseReference;
using testing::Numbers;
using testing::random_surrogate;
using testing::small_shape;

std::vector<int32_t> all_genes() {
  std::vector<int32_t> genes(static_cast<size_t>(small_shape().genes));
  std::iota(genes.begin(), genes.end(), 0);
  return genes;
}

/// A study of two types, a surrogate of its shape, and a peak that is open nowhere.
struct KnockoutWorld {
  explicit KnockoutWorld(int threads = 2, uint64_t seed = 1) : pool(threads) {
    file = random_surrogate(small_shape(), seed);
    surrogate.emplace(file);
    const int32_t nowhere[] = {kNowhere};
    study.open = close_peaks(study.open, nowhere);
    cells = study.cells_of(Split::kTest, 0);
  }

  SurrogateModel model(float replacement = 0) {
    return {*surrogate, select_rows(study.open, cells), replace_by(study.peaks.size(), replacement),
            pool};
  }

  static constexpr int32_t kNowhere = 33;

  ThreadPool pool;
  Reporter reporter;
  Context context{1, pool, reporter};
  Study study = testing::small_study();
  SurrogateFile file;
  std::optional<FoldedSurrogate> surrogate;
  std::vector<int32_t> cells;
};

struct Result {
  std::vector<int64_t> open_cells;
  std::vector<std::vector<double>> change, change_cp100k;
};

Result run(KnockoutWorld& world, const SurrogateModel& model, std::span<const int32_t> genes,
           std::span<const MonotoneMap* const> maps = {}) {
  Result result;
  knock_out(
      model, genes, maps,
      [&](const PeakKnockout& k) {
        EXPECT_EQ(k.peak, static_cast<int32_t>(result.open_cells.size()));
        result.open_cells.push_back(k.open_cells);
        result.change.emplace_back(k.change.begin(), k.change.end());
        result.change_cp100k.emplace_back(k.change_cp100k.begin(), k.change_cp100k.end());
      },
      world.context);
  EXPECT_EQ(result.open_cells.size(), static_cast<size_t>(world.study.peaks.size()));
  return result;
}

TEST(KnockOut, IsTheChangeOfTheMeanThatTheEquationsGive) {
  KnockoutWorld world;
  const DenseReference reference(world.file);
  const auto open = select_rows(world.study.open, world.cells);
  for (const float replacement : {0.0f, 1.0f}) {
    const auto model = world.model(replacement);
    const auto result = run(world, model, all_genes());
    for (const int32_t peak : {0, 22, 23, 47, 69}) {
      std::vector<double> change(13, 0.0);
      for (int64_t cell = 0; cell < open.rows; ++cell) {
        Numbers x(static_cast<size_t>(open.columns), 0.0);
        for (const int32_t p : open.row(cell)) x[static_cast<size_t>(p)] = 1;
        const auto before = reference.predict(x);
        x[static_cast<size_t>(peak)] = replacement;
        const auto after = reference.predict(x);
        for (size_t g = 0; g < 13; ++g) {
          change[g] += std::max(after[g], 0.0) - std::max(before[g], 0.0);
        }
      }
      for (size_t g = 0; g < 13; ++g) {
        // Predictions of size one in float: rounding of a few 1e-6.
        EXPECT_NEAR(result.change[static_cast<size_t>(peak)][g],
                    change[g] / static_cast<double>(open.rows), 1e-5);
      }
    }
  }
}

TEST(KnockOut, CountsAreThoseOfTheMonotoneMaps) {
  KnockoutWorld world;
  const std::vector<int32_t> genes = {4, 12};
  const auto maps = fit_count_maps(world.study, *world.surrogate, genes, world.context);
  const MonotoneMap* of[] = {&maps.at(4).map, &maps.at(12).map};
  const auto result = run(world, world.model(), genes, of);
  const auto open = select_rows(world.study.open, world.cells);
  const auto layer = world.surrogate->output_layer(genes);
  const auto before = world.surrogate->predict(world.pool, open, layer);
  double largest = 0;
  for (const int32_t peak : {3, 30, 60}) {
    const auto after =
        world.surrogate->predict(world.pool, close_peaks(open, std::span(&peak, 1)), layer);
    for (size_t g = 0; g < 2; ++g) {
      std::vector<float> x, y;
      for (size_t i = g; i < before.size(); i += 2) {
        x.push_back(before[i]);
        y.push_back(after[i]);
      }
      const auto expected = predicted_change(x, y, of[g]).change_cp100k;
      largest = std::max(largest, std::abs(expected));
      // The maps are steep in places: rounding of predictions times their largest slope.
      EXPECT_NEAR(result.change_cp100k[static_cast<size_t>(peak)][g], expected, 1e-5);
    }
  }
  EXPECT_GT(largest, 1e-3);  // else the tolerance would hide anything
}

TEST(KnockOut, OfAPeakThatIsOpenNowhereIsZero) {
  KnockoutWorld world;
  const auto result = run(world, world.model(), all_genes());
  EXPECT_EQ(result.open_cells[KnockoutWorld::kNowhere], 0);
  EXPECT_EQ(result.change[KnockoutWorld::kNowhere], std::vector<double>(13, 0.0));
  EXPECT_NE(result.change[KnockoutWorld::kNowhere + 1], std::vector<double>(13, 0.0));
}

TEST(KnockOut, OfAllGenesIsThatOfEachGene) {
  KnockoutWorld world;
  const auto model = world.model();
  const auto together = run(world, model, all_genes());
  for (const int32_t gene : {0, 7, 12}) {
    const auto alone = run(world, model, {&gene, 1});
    for (size_t peak = 0; peak < together.change.size(); ++peak) {
      // A product of matrices and a dot product round differently.
      EXPECT_NEAR(together.change[peak][static_cast<size_t>(gene)], alone.change[peak][0], 1e-6);
    }
  }
}

TEST(KnockOut, ThreadsDoNotChangeABit) {
  KnockoutWorld one(1);
  KnockoutWorld three(3);
  const auto a = run(one, one.model(), all_genes());
  const auto b = run(three, three.model(), all_genes());
  EXPECT_EQ(a.change, b.change);
}

TEST(KnockOut, NeedsCellsAndStopsWhenAsked) {
  KnockoutWorld world;
  std::atomic<bool> stop = true;
  const Context stopped{1, world.pool, world.reporter, &stop};
  const int32_t gene = 0;
  const auto nothing = [](const PeakKnockout&) {};
  try {
    knock_out(world.model(), {&gene, 1}, {}, nothing, stopped);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
  }
  world.cells.clear();
  EXPECT_THROW(knock_out(world.model(), {&gene, 1}, {}, nothing, world.context), Error);
}

TEST(KnockOutFiles, TableAndMatrixHoldTheSame) {
  KnockoutWorld world;
  const TempFolder folder;
  std::vector<KnockoutCells> types;
  for (int32_t type = 0; type < 2; ++type) {
    types.push_back({world.study.cells.type.names[static_cast<size_t>(type)],
                     world.study.cells_of(Split::kTest, type),
                     replacement_values(world.study, Perturbation::kClosed, type)});
  }
  const std::vector<int32_t> genes = {12, 3};
  const auto maps = fit_count_maps(world.study, *world.surrogate, genes, world.context);
  write_knockout_table(folder / "knockout.tsv", world.study, *world.surrogate, types, genes, maps,
                       world.context);
  const Table table = read_table(folder / "knockout.tsv");
  const auto peaks = static_cast<size_t>(world.study.peaks.size());
  ASSERT_EQ(table.rows(), 2 * 2 * peaks);
  size_t row = 0;
  for (const auto& type : types) {
    const SurrogateModel model(*world.surrogate, select_rows(world.study.open, type.cells),
                               type.replacement, world.pool);
    const KnockoutNames names{
        world.study.peaks.names, world.study.genes.names, {{"cell_type", type.name}}};
    write_knockout_h5ad(folder / "k.h5ad", model, genes, names, world.context);
    const auto root = store::open(folder / "k.h5ad");
    const auto x = root.array("X").read<float>();
    const auto obs = read_frame(root, "obs");
    EXPECT_EQ(obs.index, world.study.peaks.names);
    std::map<std::string, size_t> place;
    for (size_t peak = 0; peak < peaks; ++peak) place[obs.index[peak]] = peak;
    for (size_t g = 0; g < 2; ++g) {
      double last = -1e9;
      for (size_t i = 0; i < peaks; ++i, ++row) {
        EXPECT_EQ(table.text(row, "cell_type"), type.name);
        EXPECT_EQ(table.text(row, "gene"), g == 0 ? "g12" : "g3");
        const size_t peak = place.at(table.text(row, "peak"));
        EXPECT_EQ(static_cast<float>(table.number(row, "change")), x[peak * 2 + g]);
        EXPECT_EQ(table.number(row, "open_cells"), obs.find("open_cells")->numbers()[peak]);
        EXPECT_GE(table.number(row, "change"), last);  // the strongest decrease first
        last = table.number(row, "change");
      }
    }
  }
}

TEST(KnockOutFiles, AnnDataReadsTheMatrix) {
  if (std::system("/usr/bin/python3 -W ignore -c 'import anndata' 2>/dev/null") != 0) {
    GTEST_SKIP() << "python3-anndata is not installed";
  }
  KnockoutWorld world;
  const TempFolder folder;
  const KnockoutNames names{world.study.peaks.names, world.study.genes.names, {{"split", "test"}}};
  const auto model = world.model();
  write_knockout_h5ad(folder / "k.h5ad", model, all_genes(), names, world.context);
  std::ofstream(folder / "read.py")
      << "import sys, anndata\n"
         "for backed in (None, 'r'):\n"
         "    k = anndata.read_h5ad(sys.argv[1], backed=backed)\n"
         "    assert k.shape == (70, 13), k.shape\n"
         "    assert k.X.dtype == 'float32'\n"
         "    assert k.uns['split'] == 'test'\n"
         "    assert k.obs['open_cells'].iloc[33] == 0 and (k.X[33] == 0).all()\n"
         "    assert list(k.var_names)[:2] == ['g0', 'g1']\n"
         "    assert (k.var['mean_prediction'] >= 0).all()\n"
         "    assert abs(k.X[:]).max() > 0\n";
  EXPECT_EQ(std::system(fmt::format("/usr/bin/python3 -W ignore {} {}",
                                    (folder / "read.py").string(), (folder / "k.h5ad").string())
                            .c_str()),
            0);
}

TEST(KnockOutFiles, AStoppedRunLeavesTheEarlierFile) {
  KnockoutWorld world;
  const TempFolder folder;
  std::atomic<bool> stop = true;
  const Context stopped{1, world.pool, world.reporter, &stop};
  std::ofstream(folder / "k.h5ad") << "earlier";
  const KnockoutNames names{world.study.peaks.names, world.study.genes.names, {}};
  const auto model = world.model();
  EXPECT_THROW(write_knockout_h5ad(folder / "k.h5ad", model, all_genes(), names, stopped), Error);
  std::string content;
  std::ifstream(folder / "k.h5ad") >> content;
  EXPECT_EQ(content, "earlier");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()),
                          std::filesystem::directory_iterator()),
            1);
}

}  // namespace
}  // namespace grids::core
