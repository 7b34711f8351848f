// A bag-of-embeddings classifier of synthetic documents, explained by every method: documents of
// the second class hold at least one of two words, either of which suffices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "explain/explain_model.hpp"
#include "methods/lime.hpp"
#include "methods/sage.hpp"
#include "support/temp_folder.hpp"
#include "torchscript/script_model.hpp"
#include "torchscript/script_networks.hpp"

namespace grids::core {
namespace {

using ::testing::UnorderedElementsAre;

constexpr int32_t kWords = 40;
constexpr int32_t kDocuments = 300;
constexpr Feature kFirst = 11, kSecond = 27;  ///< either suffices
constexpr Feature kDecoys[] = {3, 19};        ///< each says a little, whatever else is there

/// Embeddings of two numbers: the first is 1 for the planted words, the second what a word adds.
/// score of class 1 = 4 either + second − 2.5, of class 0 = 0, where `either` is 0 without a
/// planted word and 1 with one or both.
void save_classifier(const std::filesystem::path& path) {
  auto embedding = at::zeros({kWords, 2}, at::kFloat);
  auto* e = embedding.data_ptr<float>();
  for (int32_t word = 0; word < kWords; ++word)
    e[2 * word + 1] = 0.01f * static_cast<float>(word % 5);
  e[2 * kFirst] = e[2 * kSecond] = 1;
  for (const Feature word : kDecoys) e[2 * word + 1] = 0.7f;
  testing::save_script(
      path, {{"embedding", embedding}},
      "def forward(self, x):\n"
      "    bag = torch.matmul(x, self.embedding)\n"
      "    either = 2 * (torch.relu(bag[:, 0] + 0.5) - torch.relu(bag[:, 0] - 0.5)) - 1\n"
      "    score = 4 * either + bag[:, 1] - 2.5\n"
      "    return torch.stack([torch.zeros_like(score), score], 1)\n");
}

/// Documents of class 1: both planted words in four of five, one of them in the others; decoys in
/// most; other words here and there.
FeatureMatrix documents() {
  RandomStream random(4, Purpose::kBenchmark);
  std::vector<float> x;
  for (int32_t document = 0; document < kDocuments; ++document) {
    std::vector<float> words(kWords);
    for (float& word : words) word = random.uniform() < 0.2 ? 1.0f : 0.0f;
    for (const Feature decoy : kDecoys)
      words[static_cast<size_t>(decoy)] = random.uniform() < 0.9 ? 1.0f : 0.0f;
    words[kFirst] = document % 10 != 0 ? 1.0f : 0.0f;
    words[kSecond] = document % 10 != 5 ? 1.0f : 0.0f;
    x.insert(x.end(), words.begin(), words.end());
  }
  return testing::matrix(kDocuments, kWords, std::move(x));
}

struct Documents {
  explicit Documents(int threads) : pool(threads), context{1, pool, reporter} {
    save_classifier(folder / "classifier.pt");
    model = std::make_unique<ScriptModel>(ScriptModule(folder / "classifier.pt"), documents(),
                                          std::vector<float>(kWords, 0.0f), pool);
    question.learn.resize(200);
    std::iota(question.learn.begin(), question.learn.end(), 0);
    question.test.resize(100);
    std::iota(question.test.begin(), question.test.end(), 200);
    question.output = 0;  // what has to happen for a document to be read as the first class?
    question.loss.kind = LossKind::kCrossEntropy;
    options.set_size = 2;
    options.methods.edit<LimeOptions>().neighbours = 300;
    options.methods.edit<SageOptions>().permutations = 2000;
  }

  ExplainedModel by(const Explainer& method) {
    return explain_model(*model, question, method, options, context);
  }
  ExplainedModel by(std::string_view method) { return by(find_explainer(method)); }
  ClassChange change(const ExplainedModel& explained) { return class_change(explained, 2, 1, 0); }

  test::TempFolder folder;
  ThreadPool pool;
  Reporter reporter;
  Context context;
  std::unique_ptr<ScriptModel> model;
  ModelQuestion question;
  ExplainerOptions options;
};

TEST(Text, TwoWordsOfWhichEitherSufficesAreFoundTogetherAndNotByScoresOfSingleWords) {
  Documents documents(2);
  const auto found = documents.by("grids");
  EXPECT_THAT(found.explanation.subset, UnorderedElementsAre(kFirst, kSecond));
  EXPECT_TRUE(found.explanation.local_optimum);
  EXPECT_EQ(documents.change(found).share(), 1);
  for (const char* method : {"knockout", "saliency"}) {
    const auto single = documents.by(method);
    EXPECT_THAT(single.explanation.subset, UnorderedElementsAre(kDecoys[0], kDecoys[1])) << method;
    // One planted word is left in every document, and the decoys decide none.
    EXPECT_EQ(documents.change(single).turned, 0) << method;
  }
}

TEST(Text, EveryMethodThatNeedsNoMeasuredCellsExplainsIt) {
  Documents one(1), three(3);
  for (const Explainer* method : explainers()) {
    if (method->needs_data()) {
      EXPECT_THROW(one.by(*method), Error) << method->name();
      continue;
    }
    const auto explained = one.by(*method);
    EXPECT_EQ(explained.explanation.subset.size(), 2u) << method->name();
    EXPECT_GT(explained.explanation.evaluations, 0) << method->name();
    // The same seed, whatever the number of threads.
    const auto again = three.by(*method);
    EXPECT_EQ(again.explanation.subset, explained.explanation.subset) << method->name();
    EXPECT_EQ(again.after, explained.after) << method->name();
  }
}

TEST(Text, ChangesOfClassesAreCountedAmongRowsReadAsTheFormerClass) {
  ExplainedModel explained;
  explained.before = {0, 1, 0, 2, 3, 1};  // read as 1, 1, 0
  explained.after = {2, 1, 0, 1, 3, 1};   // read as 0, 1, 0
  const auto change = class_change(explained, 2, 1, 0);
  EXPECT_EQ(change.counted, 2);
  EXPECT_EQ(change.turned, 1);
  EXPECT_EQ(class_change(explained, 2, -1, 0).counted, 2);
  EXPECT_EQ(class_change(explained, 2, 0, 1).share(), 0);
  EXPECT_NEAR(class_probability(std::vector<float>{1000, 1000}, 1), 0.5, 1e-12);
}

}  // namespace
}  // namespace grids::core
