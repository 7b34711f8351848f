#include <algorithm>

#include "model/folded_surrogate.hpp"
#include "train/mapping_stage.hpp"
#include "train/readout.hpp"

namespace grids::core {
namespace {

class JointStage final : public MappingStage {
 public:
  explicit JointStage(Workshop& shop)
      : MappingStage(shop),
        autoencoders_(make_optimizer(shop, {Part::kAtac, Part::kRna}, shop.options.joint_rate,
                                     shop.options.clip)),
        maps_(make_optimizer(shop, kMaps, shop.options.map_rate, shop.options.clip)),
        order_(shop.training.atac, shop.options.batch, shop.context.seed, kAlignStage) {}

  std::string name() const override { return "joint"; }
  std::string remedy() const override { return "a lower --joint-rate or --map-rate"; }

  std::vector<LossTerm> step(int64_t step) override {
    const Pass pass{shop_.context.pool, Statistics::kBatch, &shop_.memory};
    // What the cycles decode moves no running statistics.
    const Pass aside{shop_.context.pool, Statistics::kBatchUnmoved, &shop_.memory};
    SurrogateNetworks& net = shop_.net;
    const TrainOptions& options = shop_.options;
    net.train_only({Part::kAtac, Part::kRna, Part::kAtacToRna, Part::kRnaToAtac});
    const auto cells = order_.at(step);
    const uint64_t key = draw_key(kAlignStage, step);
    shop_.batches.fill(cells, key, atac_);
    shop_.batches.fill(shop_.rna_of_training(cells, key), key, rna_);
    Dropout dropout = dropout_at(step);

    const Latents latents = map_latents(net, pass, net.atac.encode(pass, atac_.open),
                                        net.rna.encode(pass, rna_.expression));
    const at::Tensor atac = atac_reconstruction(net, pass, latents.atac, atac_);
    // Inference decodes mapped latents only: the RNA decoder's running statistics are to be theirs.
    const Statistics parts[] = {Statistics::kBatchUnmoved, Statistics::kBatch};
    const PairedError rna =
        paired_error(pass, rna_.expressed, rna_.silent,
                     net.rna.decode(pass, parts, at::cat({latents.rna, latents.rna_of_atac})),
                     rna_.expression, options.prediction_weight);
    const at::Tensor distance = (latents.rna_of_atac - latents.rna).square().mean() +
                                (latents.atac_of_rna - latents.atac).square().mean();
    at::Tensor total = atac + rna.total + distance * options.latent_weight;
    std::vector<LossTerm> terms = {{"total", 0},
                                   {"reconstruction_atac", atac.item<double>()},
                                   {"reconstruction_rna", rna.own},
                                   {"prediction", rna.mapped},
                                   {"latent_distance", distance.item<double>()}};
    if (shop_.partners && options.partner_weight > 0) {
      const at::Tensor partners = partner_loss(latents);
      total = total + partners * options.partner_weight;
      terms.push_back({"partners", partners.item<double>()});
    }
    if (options.gamma > 0) {
      const GeneratorLoss loss =
          generator_loss(net, aside, latents, atac_, rna_, weights_, dropout);
      total = total + loss.total * options.gamma;
      add_terms(loss, terms);
    }
    terms[0].value = total.item<double>();
    total.backward();
    autoencoders_.step(shop_.context.pool);
    maps_.step(shop_.context.pool);
    if (options.gamma > 0) step_discriminators(step, aside, latents, dropout, terms);
    return terms;
  }

  /// Predictions that hardly beat the gene's mean get no better while the latents still come
  /// together; both are what is trained for.
  LossTerm judge() override {
    LossTerm judged = MappingStage::judge();
    if (!shop_.partners || shop_.options.partner_weight == 0) return judged;
    const at::NoGradGuard no_grad;
    const Pass pass{shop_.context.pool, Statistics::kRunning};
    const Latents latents =
        map_latents(shop_.net, pass, shop_.net.atac.encode(pass, validation_atac_.open),
                    shop_.net.rna.encode(pass, validation_rna_.expression));
    judged.name = "prediction_partners";
    judged.value += shop_.options.partner_weight * partner_loss(latents).item<double>();
    return judged;
  }

  void finish() override {
    if (shop_.options.refit_readout && !shop_.validation.atac.empty()) refit_readout();
  }

  std::vector<std::pair<std::string, Optimizer*>> optimizers() override {
    return {
        {"autoencoders", &autoencoders_}, {"maps", &maps_}, {"discriminators", &discriminators_}};
  }

 private:
  /// The decoder's last layer anew, from what it reads in inference mode.
  void refit_readout() {
    SurrogateFile weights;
    weights.shape = shop_.net.shape;
    weights.tensors = shop_.net.export_tensors();
    const FoldedSurrogate surrogate(weights);
    ThreadPool& pool = shop_.context.pool;
    const auto features_of = [&](const std::vector<int32_t>& cells) {
      const auto latents = surrogate.atac_latents(pool, select_rows(shop_.atac.open, cells));
      return surrogate.decoder_features(pool, surrogate.atac_to_rna(pool, latents));
    };
    const auto features = features_of(shop_.training.atac);
    const auto held_out_features = features_of(shop_.validation.atac);
    const uint64_t key = draw_key(kAlignStage, kValidationStep);
    const auto expression =
        select_rows(shop_.rna.expression, shop_.rna_of_training(shop_.training.atac, key));
    const auto held_out_expression =
        select_rows(shop_.rna.expression, shop_.rna_of_validation(key));
    const Readout readout =
        fit_readout({features, expression}, {held_out_features, held_out_expression}, pool);
    LinearLayer& last = shop_.net.rna.decoder_6;
    std::copy(readout.weight.begin(), readout.weight.end(), last.weight.data_ptr<float>());
    std::copy(readout.bias.begin(), readout.bias.end(), last.bias.data_ptr<float>());
    shop_.context.reporter.info(fmt::format(
        "the decoder's last layer refitted with a ridge penalty of {}", readout.penalty));
  }

  Optimizer autoencoders_, maps_;
  CellOrder order_;
};

}  // namespace

std::unique_ptr<Stage> make_joint_stage(Workshop& shop) {
  return std::make_unique<JointStage>(shop);
}

}  // namespace grids::core
