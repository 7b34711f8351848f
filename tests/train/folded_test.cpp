// The surrogate's equations stand twice, as torch networks and as the folded engine. After
// training, with running statistics far from where they started, both must say the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/folded_surrogate.hpp"
#include "train/losses.hpp"
#include "train/planted_study.hpp"
#include "train/train.hpp"

namespace grids::core {
namespace {

void expect_equal(const char* what, const at::Tensor& torch, const std::vector<float>& folded) {
  ASSERT_EQ(torch.numel(), static_cast<int64_t>(folded.size())) << what;
  const at::Tensor flat = torch.contiguous();
  double largest = 1, worst = 0;
  for (size_t i = 0; i < folded.size(); ++i) {
    const double value = flat.data_ptr<float>()[i];
    largest = std::max(largest, std::abs(value));
    worst = std::max(worst, std::abs(value - folded[i]));
  }
  // Some ten layers of float32 sums in another order: a few times 1e-6 of the largest value.
  EXPECT_LE(worst, 1e-5 * largest) << what;
}

TEST(FoldedSurrogate, SaysWhatTheTrainedNetworksSay) {
  const Study study = planted_study();
  ThreadPool pool(2);
  Reporter silent;
  for (const Alignment alignment : {Alignment::kPublished, Alignment::kJoint}) {
    TrainOptions options;
    options.alignment = alignment;
    options.atac_steps = options.rna_steps = options.alignment_steps = 60;
    options.batch = 32;
    options.layers.rna_hidden_1 = 24;
    options.layers.rna_hidden_2 = 16;
    options.layers.latent = 6;
    const TrainResult result = train(study, options, Context{3, pool, silent});

    const at::NoGradGuard no_grad;
    SurrogateNetworks net(result.surrogate);
    const FoldedSurrogate folded(result.surrogate);
    const Pass pass{pool, Statistics::kRunning};
    BlockedRows open;
    open.pattern = study.open;
    find_bounds(pool, net.atac.blocks, open);
    std::vector<float> dense = to_dense(study.expression);
    const at::Tensor expression =
        at::from_blob(dense.data(), {study.cells.size(), study.genes.size()}, at::kFloat);

    const at::Tensor atac = net.atac.encode(pass, open);
    const at::Tensor rna = net.rna.encode(pass, expression);
    const Latents latents = map_latents(net, pass, atac, rna);
    const auto folded_atac = folded.atac_latents(pool, study.open);
    const auto folded_rna = folded.rna_latents(pool, study.expression);
    Dropout off;
    expect_equal("ATAC latents", atac, folded_atac);
    expect_equal("RNA latents", rna, folded_rna);
    expect_equal("f_AR", latents.rna_of_atac, folded.atac_to_rna(pool, folded_atac));
    expect_equal("f_RA", latents.atac_of_rna, folded.rna_to_atac(pool, folded_rna));
    expect_equal("predicted RNA", net.predict_rna(pass, open).clamp_min(0),
                 folded.predict(pool, study.open, folded.output_layer()));
    expect_equal("decoded peaks", net.atac.logits(pass, atac),
                 folded.decode_atac(pool, folded_atac));
    expect_equal("ATAC discriminator", net.atac_discriminator(pass, atac, off),
                 folded.score_atac(pool, folded_atac));
    expect_equal("RNA discriminator", net.rna_discriminator(pass, rna, off),
                 folded.score_rna(pool, folded_rna));
  }
}

}  // namespace
}  // namespace grids::core
