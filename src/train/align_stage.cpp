#include "train/mapping_stage.hpp"

namespace grids::core {
namespace {

class AlignStage final : public MappingStage {
 public:
  explicit AlignStage(Workshop& shop)
      : MappingStage(shop),
        maps_(make_optimizer(shop, kMaps, shop.options.map_rate, 0)),
        atac_order_(shop.training.atac, shop.options.batch, shop.context.seed, kAlignStage),
        rna_order_(shop.training.rna, shop.options.batch, shop.context.seed, kAlignStage + 1) {}

  std::string name() const override { return "align"; }
  std::string remedy() const override { return "a lower --map-rate"; }

  std::vector<LossTerm> step(int64_t step) override {
    const Pass pass{shop_.context.pool, Statistics::kBatch, &shop_.memory};
    SurrogateNetworks& net = shop_.net;
    net.train_only(kMaps);
    shop_.batches.fill(atac_order_.at(step), draw_key(kAlignStage, step), atac_);
    shop_.batches.fill(rna_order_.at(step), draw_key(kAlignStage, step), rna_);
    Dropout dropout = dropout_at(step);
    const Latents latents = map_latents(net, pass, net.atac.encode(pass, atac_.open),
                                        net.rna.encode(pass, rna_.expression));
    const GeneratorLoss loss = generator_loss(net, pass, latents, atac_, rna_, weights_, dropout);
    loss.total.backward();
    std::vector<LossTerm> terms = {{"generators", loss.total.item<double>()}};
    add_terms(loss, terms);
    maps_.step(shop_.context.pool);
    step_discriminators(step, pass, latents, dropout, terms);
    return terms;
  }

  std::vector<std::pair<std::string, Optimizer*>> optimizers() override {
    return {{"maps", &maps_}, {"discriminators", &discriminators_}};
  }

 private:
  Optimizer maps_;
  CellOrder atac_order_, rna_order_;
};

}  // namespace

std::unique_ptr<Stage> make_align_stage(Workshop& shop) {
  return std::make_unique<AlignStage>(shop);
}

}  // namespace grids::core
