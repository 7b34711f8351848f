#include "train/stages.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/random.hpp"
#include "train/mapping_stage.hpp"

namespace grids::core {
namespace {

constexpr int64_t kMostValidationCells = 2048;

/// What tells the two autoencoders apart.
struct AtacAutoencoder {
  using Batch = AtacBatch;
  static constexpr Part kPart = Part::kAtac;
  static constexpr StageNumber kStage = kAtacStage;
  static constexpr const char* kName = "atac";
  static constexpr auto kCells = &Halves::atac;
  static int64_t steps(const TrainOptions& options) { return options.atac_steps; }
  static double rate(const TrainOptions& options) { return options.atac_rate; }
  static at::Tensor loss(SurrogateNetworks& net, const Pass& pass, const AtacBatch& batch) {
    return atac_reconstruction(net, pass, net.atac.encode(pass, batch.open), batch);
  }
};

struct RnaAutoencoder {
  using Batch = RnaBatch;
  static constexpr Part kPart = Part::kRna;
  static constexpr StageNumber kStage = kRnaStage;
  static constexpr const char* kName = "rna";
  static constexpr auto kCells = &Halves::rna;
  static int64_t steps(const TrainOptions& options) { return options.rna_steps; }
  static double rate(const TrainOptions& options) { return options.rna_rate; }
  static at::Tensor loss(SurrogateNetworks& net, const Pass& pass, const RnaBatch& batch) {
    return rna_reconstruction(net, pass, net.rna.encode(pass, batch.expression), batch);
  }
};

template <typename Autoencoder>
class ReconstructionStage final : public Stage {
 public:
  explicit ReconstructionStage(Workshop& shop)
      : shop_(shop),
        optimizer_(make_optimizer(shop, {Autoencoder::kPart}, Autoencoder::rate(shop.options),
                                  shop.options.clip)),
        order_(shop.training.*Autoencoder::kCells, shop.options.batch, shop.context.seed,
               Autoencoder::kStage) {}

  std::string name() const override { return Autoencoder::kName; }
  int64_t steps() const override { return Autoencoder::steps(shop_.options); }
  std::string remedy() const override { return fmt::format("a lower --{}-rate", name()); }
  std::vector<Part> trained() const override { return {Autoencoder::kPart}; }

  void begin() override {
    shop_.net.train_only({Autoencoder::kPart});
    shop_.batches.fill(shop_.validation.*Autoencoder::kCells,
                       draw_key(Autoencoder::kStage, kValidationStep), validation_);
  }

  std::vector<LossTerm> step(int64_t step) override {
    const Pass pass{shop_.context.pool, Statistics::kBatch, &shop_.memory};
    shop_.batches.fill(order_.at(step), draw_key(Autoencoder::kStage, step), batch_);
    const at::Tensor loss = Autoencoder::loss(shop_.net, pass, batch_);
    loss.backward();
    optimizer_.step(shop_.context.pool);
    return {{"reconstruction", loss.item<double>()}};
  }

  LossTerm judge() override {
    const at::NoGradGuard no_grad;
    const Pass pass{shop_.context.pool, Statistics::kRunning};
    return {"reconstruction",
            Autoencoder::loss(shop_.net, pass, validation_).template item<double>()};
  }

  std::vector<std::pair<std::string, Optimizer*>> optimizers() override {
    return {{name(), &optimizer_}};
  }

 private:
  Workshop& shop_;
  Optimizer optimizer_;
  CellOrder order_;
  typename Autoencoder::Batch batch_, validation_;
};

/// Partners, and the types that only they tell.
void find_pairs(Workshop& shop, const TrainingCells& cells) {
  shop.partners = find_partners(cells, shop.training, shop.validation, shop.context);
  const auto& types = shop.partners->types;
  if (types.atac.empty()) return;
  shop.batches.tell_types(shop.training, types);
}

std::vector<int32_t> validation_cells(const Study& study, uint64_t seed) {
  std::vector<int32_t> cells = study.cells_of(Split::kValidation);
  if (static_cast<int64_t>(cells.size()) > kMostValidationCells) {
    RandomStream(seed, Purpose::kBatches, 0, 1000).shuffle(std::span(cells));
    cells.resize(kMostValidationCells);
    std::sort(cells.begin(), cells.end());
  }
  return cells;
}

/// None where one modality has none: nothing could be judged.
Halves validation_halves(const TrainingCells& cells, uint64_t seed) {
  Halves halves{validation_cells(cells.atac, seed), validation_cells(cells.rna, seed)};
  if (halves.atac.empty() || halves.rna.empty()) return {};
  return halves;
}

}  // namespace

Workshop::Workshop(const TrainingCells& cells, const TrainOptions& given_options,
                   const SurrogateShape& shape, const Context& given_context)
    : atac(cells.atac),
      rna(cells.rna),
      options(given_options),
      context(given_context),
      net(shape, given_context.seed, given_options.embedding_deviation),
      paired(cells.paired),
      batches(cells, net.atac.blocks, context.seed, context.pool),
      training{atac.cells_of(Split::kTrain), rna.cells_of(Split::kTrain)},
      validation(validation_halves(cells, context.seed)) {}

std::vector<int32_t> Workshop::rna_of_training(std::span<const int32_t> cells, uint64_t key) const {
  if (partners) return partners->training.draw(cells, context.seed, key);
  return {cells.begin(), cells.end()};
}

std::vector<int32_t> Workshop::rna_of_validation(uint64_t key) const {
  if (partners) return partners->validation.draw(validation.atac, context.seed, key);
  return validation.rna;
}

std::vector<std::unique_ptr<Stage>> make_stages(Workshop& shop, const TrainingCells& cells) {
  std::vector<std::unique_ptr<Stage>> stages;
  stages.push_back(std::make_unique<ReconstructionStage<AtacAutoencoder>>(shop));
  stages.push_back(std::make_unique<ReconstructionStage<RnaAutoencoder>>(shop));
  if (shop.options.alignment == Alignment::kJoint) {
    if (!cells.paired) find_pairs(shop, cells);
    stages.push_back(make_joint_stage(shop));
  } else {
    stages.push_back(make_align_stage(shop));
  }
  return stages;
}

}  // namespace grids::core
