// The torch networks, their losses and gradients against numbers of the published implementation.
//
// Tolerances are those of the conformance vectors' own README: values within 1e-5 of
// max(1, largest |expected| of the tensor), gradients within 1e-5 of the largest entry of the
// network's gradient (float32 rounding is a tenth of that; a wrong term is far above it).
#include "support/conformance.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

#include "train/losses.hpp"

namespace grids::core {
namespace {

constexpr double kTolerance = 1e-5;

class Conformance : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    GRIDS_NEEDS(testing::Conformance::file(GetParam(), "model"));
    testing::Conformance vectors(GetParam());
    at::set_num_threads(1);
    model_ = std::move(vectors.model);
    expected_ = std::move(vectors.expected);
    net_ = std::make_unique<SurrogateNetworks>(model_);
    all_.resize(static_cast<size_t>(size("input.cell_type")));
    for (size_t i = 0; i < all_.size(); ++i) all_[i] = static_cast<int32_t>(i);
  }

  const Tensor& expected(const std::string& name) const { return expected_.tensors.at(name); }
  int64_t size(const std::string& name) const { return expected(name).size(); }

  at::Tensor float_tensor(const std::string& name) const {
    const Tensor& t = expected(name);
    return at::from_blob(const_cast<float*>(t.f32()), t.shape, at::kFloat).clone();
  }

  CsrPattern mask(const std::string& name) const {
    const Tensor& t = expected(name);
    CsrPattern pattern;
    pattern.rows = t.shape[0];
    pattern.columns = t.shape[1];
    for (int64_t i = 0; i < pattern.rows; ++i) {
      for (int64_t j = 0; j < pattern.columns; ++j) {
        if (t.u8()[i * pattern.columns + j]) pattern.indices.push_back(static_cast<int32_t>(j));
      }
      pattern.offsets.push_back(pattern.nonzeros());
    }
    return pattern;
  }

  std::vector<int32_t> rna_rows() const {
    const int64_t* rows = expected("align.rna_rows").i64();
    return {rows, rows + size("align.rna_rows")};
  }

  at::Tensor types(const std::vector<int32_t>& cells) const {
    at::Tensor result = at::empty({static_cast<int64_t>(cells.size())}, at::kLong);
    for (size_t i = 0; i < cells.size(); ++i) {
      result.data_ptr<int64_t>()[i] = expected("input.cell_type").i64()[cells[i]];
    }
    return result;
  }

  AtacBatch atac_batch() {
    AtacBatch batch;
    batch.open.pattern = mask("input.atac");
    batch.closed.pattern = mask("train.atac_negative_mask");
    find_bounds(pool_, net_->atac.blocks, batch.open);
    find_bounds(pool_, net_->atac.blocks, batch.closed);
    batch.type = types(all_);
    return batch;
  }

  RnaBatch rna_batch(const std::vector<int32_t>& cells) {
    RnaBatch batch;
    const at::Tensor rna = float_tensor("input.rna");
    at::Tensor rows = types(cells);
    for (size_t i = 0; i < cells.size(); ++i) rows.data_ptr<int64_t>()[i] = cells[i];
    batch.expression = rna.index_select(0, rows);
    gather_rows(pool_, mask("train.rna_negative_mask"), cells, batch.silent);
    CsrPattern expressed;
    expressed.rows = rna.size(0);
    expressed.columns = rna.size(1);
    for (int64_t i = 0; i < rna.size(0); ++i) {
      for (int64_t j = 0; j < rna.size(1); ++j) {
        if (rna.data_ptr<float>()[i * rna.size(1) + j] > kExpressed) {
          expressed.indices.push_back(static_cast<int32_t>(j));
        }
      }
      expressed.offsets.push_back(expressed.nonzeros());
    }
    gather_rows(pool_, expressed, cells, batch.expressed);
    batch.type = types(cells);
    return batch;
  }

  void expect_value(const std::string& name, const at::Tensor& actual) {
    const Tensor& want = expected(name);
    ASSERT_EQ(want.size(), actual.numel()) << name;
    const at::Tensor flat = actual.detach().contiguous();
    double largest = 1, worst = 0;
    for (int64_t i = 0; i < want.size(); ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(want.f32()[i])));
      worst =
          std::max(worst, std::abs(static_cast<double>(want.f32()[i]) - flat.data_ptr<float>()[i]));
    }
    EXPECT_LE(worst, kTolerance * largest) << name;
  }

  /// Compares the gradients of a part with the tensors called prefix + published name.
  void expect_gradients(Part part, const std::string& prefix, const std::string& strip = "") {
    // Export reads the tensors in place, so put the gradients where the weights are.
    auto named = net_->tensors(part);
    std::vector<at::Tensor> kept;
    for (auto& one : named) {
      kept.push_back(*one.tensor);
      if (!one.trainable) continue;
      ASSERT_TRUE(one.tensor->grad().defined()) << one.name;
      *one.tensor = one.tensor->grad().contiguous();
    }
    const auto exported = net_->export_tensors();
    for (size_t i = 0; i < named.size(); ++i) *named[i].tensor = kept[i];
    std::map<std::string, const Tensor*> wanted;
    double largest = 0;
    for (const auto& [name, tensor] : expected_.tensors) {
      if (!name.starts_with(prefix)) continue;
      wanted[strip + name.substr(prefix.size())] = &tensor;
      for (int64_t i = 0; i < tensor.size(); ++i) {
        largest = std::max(largest, std::abs(static_cast<double>(tensor.f32()[i])));
      }
    }
    ASSERT_GT(largest, 0);
    size_t compared = 0;
    for (const auto& [name, tensor] : wanted) {
      const auto found = exported.find(name);
      ASSERT_TRUE(found != exported.end()) << name;
      const std::string start = named[0].name.substr(0, named[0].name.find('.') + 1);
      if (!name.starts_with(start)) continue;
      ++compared;
      ASSERT_EQ(tensor->size(), found->second.size()) << name;
      for (int64_t i = 0; i < tensor->size(); ++i) {
        ASSERT_NEAR(tensor->f32()[i], found->second.f32()[i], kTolerance * largest)
            << name << " at " << i;
      }
    }
    EXPECT_GT(compared, 5u);
  }

  ThreadPool pool_{2};
  SurrogateFile model_;
  SafeTensors expected_;
  std::unique_ptr<SurrogateNetworks> net_;
  std::vector<int32_t> all_;
};

TEST_P(Conformance, ImportThenExportIsTheSameFile) {
  const auto exported = net_->export_tensors();
  ASSERT_EQ(exported.size(), model_.tensors.size());
  for (const auto& [name, tensor] : model_.tensors) {
    const auto found = exported.find(name);
    ASSERT_TRUE(found != exported.end()) << name;
    EXPECT_EQ(found->second.shape, tensor.shape) << name;
    EXPECT_EQ(found->second.bytes, tensor.bytes) << name;
  }
}

TEST_P(Conformance, InferenceMode) {
  const at::NoGradGuard no_grad;
  const Pass pass{pool_, Statistics::kRunning};
  const AtacBatch batch = atac_batch();
  const at::Tensor atac = net_->atac.encode(pass, batch.open);
  const at::Tensor rna = net_->rna.encode(pass, float_tensor("input.rna"));
  const Latents latents = map_latents(*net_, pass, atac, rna);
  Dropout off;
  expect_value("eval.atac_latent", atac);
  expect_value("eval.rna_latent", rna);
  expect_value("eval.atac2rna_latent", latents.rna_of_atac);
  expect_value("eval.rna2atac_latent", latents.atac_of_rna);
  expect_value("eval.atac_reconstruction_logits", net_->atac.logits(pass, atac));
  expect_value("eval.rna_reconstruction", net_->rna.decode(pass, rna));
  expect_value("eval.predicted_rna", net_->predict_rna(pass, batch.open).clamp_min(0));
  expect_value("eval.predicted_atac_logits", net_->atac.logits(pass, latents.atac_of_rna));
  expect_value("eval.atac_discriminator_scores", net_->atac_discriminator(pass, atac, off));
  expect_value("eval.rna_discriminator_scores", net_->rna_discriminator(pass, rna, off));
}

TEST_P(Conformance, AtacAutoencoder) {
  net_->train_only({Part::kAtac});
  const Pass pass{pool_, Statistics::kBatch};
  const AtacBatch batch = atac_batch();
  const at::Tensor loss =
      atac_reconstruction(*net_, pass, net_->atac.encode(pass, batch.open), batch);
  loss.backward();
  expect_value("train.atac_reconstruction_loss", loss);
  expect_gradients(Part::kAtac, "train.atac_gradient.", "atac_model.");
}

TEST_P(Conformance, RnaAutoencoder) {
  net_->train_only({Part::kRna});
  const Pass pass{pool_, Statistics::kBatch};
  const RnaBatch batch = rna_batch(all_);
  const at::Tensor loss =
      rna_reconstruction(*net_, pass, net_->rna.encode(pass, batch.expression), batch);
  loss.backward();
  expect_value("train.rna_reconstruction_loss", loss);
  expect_gradients(Part::kRna, "train.rna_gradient.", "rna_model.");
}

TEST_P(Conformance, AlignmentStep) {
  const std::vector<Part> generator = {Part::kAtac, Part::kRna, Part::kAtacToRna, Part::kRnaToAtac};
  net_->train_only(generator);
  const Pass pass{pool_, Statistics::kBatch};
  const AtacBatch atac = atac_batch();
  const RnaBatch rna = rna_batch(rna_rows());
  const Latents latents = map_latents(*net_, pass, net_->atac.encode(pass, atac.open),
                                      net_->rna.encode(pass, rna.expression));
  Dropout off;
  const GeneratorLoss loss =
      generator_loss(*net_, pass, latents, atac, rna, AlignmentWeights{}, off);
  loss.total.backward();
  expect_value("align.latent_cycle_rna", loss.latent_cycle_rna);
  expect_value("align.latent_cycle_atac", loss.latent_cycle_atac);
  expect_value("align.reconstruction_cycle_rna", loss.reconstruction_cycle_rna);
  expect_value("align.reconstruction_cycle_atac", loss.reconstruction_cycle_atac);
  expect_value("align.generator_adversarial", loss.adversarial);
  expect_value("align.generator_loss", loss.total);
  for (const Part part : generator) expect_gradients(part, "align.generator_gradient.");

  net_->train_only({Part::kAtacDiscriminator, Part::kRnaDiscriminator});
  const at::Tensor discriminators = discriminator_loss(*net_, pass, latents, atac, rna, 0.5, off);
  discriminators.backward();
  expect_value("align.discriminator_loss", discriminators);
  for (const Part part : {Part::kAtacDiscriminator, Part::kRnaDiscriminator}) {
    expect_gradients(part, "align.discriminator_gradient.");
  }

  const auto after = net_->export_tensors();
  size_t compared = 0;
  for (const auto& [name, want] : expected_.tensors) {
    const std::string prefix = "align.running_after.";
    if (!name.starts_with(prefix)) continue;
    const Tensor& got = after.at(name.substr(prefix.size()));
    double largest = 1;
    for (int64_t i = 0; i < want.size(); ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(want.f32()[i])));
    }
    for (int64_t i = 0; i < want.size(); ++i) {
      ASSERT_NEAR(want.f32()[i], got.f32()[i], kTolerance * largest) << name << " at " << i;
    }
    ++compared;
  }
  EXPECT_GT(compared, 20u);
}

INSTANTIATE_TEST_SUITE_P(Sizes, Conformance, ::testing::Values("small", "medium"));

}  // namespace
}  // namespace grids::core
