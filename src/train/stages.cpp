#include "train/stages.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/random.hpp"
#include "model/folded_surrogate.hpp"
#include "train/readout.hpp"

namespace grids::core {
namespace {

constexpr int64_t kMostValidationCells = 2048;

/// The order of the stages; part of the seed's meaning.
enum StageNumber : uint32_t { kAtacStage = 0, kRnaStage = 1, kAlignStage = 2 };

/// Keys of what is drawn within a step. Validation draws once, at a step that training never makes.
uint64_t draw_key(StageNumber stage, int64_t step) {
  return (static_cast<uint64_t>(stage) << 48) | static_cast<uint64_t>(step);
}
constexpr int64_t kValidationStep = int64_t{1} << 40;

std::vector<NamedTensor> tensors_of(SurrogateNetworks& net, const std::vector<Part>& parts) {
  std::vector<NamedTensor> all;
  for (const Part part : parts) {
    const auto some = net.tensors(part);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

Optimizer make_optimizer(Workshop& shop, const std::vector<Part>& parts, double rate, double clip) {
  return {tensors_of(shop.net, parts), {rate, shop.options.beta1, shop.options.beta2, clip}};
}

/// What tells the two autoencoders apart.
struct AtacAutoencoder {
  using Batch = AtacBatch;
  static constexpr Part kPart = Part::kAtac;
  static constexpr StageNumber kStage = kAtacStage;
  static constexpr const char* kName = "atac";
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
        order_(shop.training, shop.options.batch, shop.context.seed, Autoencoder::kStage) {}

  std::string name() const override { return Autoencoder::kName; }
  int64_t steps() const override { return Autoencoder::steps(shop_.options); }
  std::string remedy() const override { return fmt::format("a lower --{}-rate", name()); }
  std::vector<Part> trained() const override { return {Autoencoder::kPart}; }

  void begin() override {
    shop_.net.train_only({Autoencoder::kPart});
    shop_.batches.fill(shop_.validation, draw_key(Autoencoder::kStage, kValidationStep),
                       validation_);
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

/// What the two ways of alignment share: discriminators, and the judgement by prediction.
class MappingStage : public Stage {
 public:
  explicit MappingStage(Workshop& shop)
      : shop_(shop),
        discriminators_(make_optimizer(shop, kDiscriminators, shop.options.discriminator_rate, 0)),
        weights_{.cycle = shop.options.cycle_weight,
                 .adversarial = shop.options.adversarial_weight} {}

  int64_t steps() const override { return shop_.options.alignment_steps; }
  std::vector<Part> trained() const override {
    // The published stage, too, moves the BatchNorm statistics of the autoencoders.
    return {Part::kAtac,
            Part::kRna,
            Part::kAtacToRna,
            Part::kRnaToAtac,
            Part::kAtacDiscriminator,
            Part::kRnaDiscriminator};
  }

  void begin() override {
    shop_.batches.fill(shop_.validation, draw_key(kAlignStage, kValidationStep), validation_atac_);
    shop_.batches.fill(shop_.validation, draw_key(kAlignStage, kValidationStep), validation_rna_);
  }

  LossTerm judge() override {
    const at::NoGradGuard no_grad;
    const Pass pass{shop_.context.pool, Statistics::kRunning};
    const at::Tensor predicted = shop_.net.predict_rna(pass, validation_atac_.open).clamp_min(0);
    return {"prediction", (predicted - validation_rna_.expression).square().mean().item<double>()};
  }

 protected:
  inline static const std::vector<Part> kDiscriminators = {Part::kAtacDiscriminator,
                                                           Part::kRnaDiscriminator};

  Dropout dropout_at(int64_t step) const {
    return {shop_.options.dropout, shop_.context.seed, draw_key(kAlignStage, step), 0};
  }

  /// Trains the discriminators where this is one of their steps.
  void step_discriminators(int64_t step, const Pass& pass, const Latents& latents, Dropout& dropout,
                           std::vector<LossTerm>& terms) {
    if (step % shop_.options.discriminator_every != 0) return;
    shop_.net.train_only(kDiscriminators);
    const at::Tensor loss = discriminator_loss(shop_.net, pass, latents, atac_, rna_,
                                               shop_.options.adversarial_weight, dropout);
    loss.backward();
    discriminators_.step(shop_.context.pool);
    terms.push_back({"discriminators", loss.item<double>()});
  }

  static void add_terms(const GeneratorLoss& loss, std::vector<LossTerm>& terms) {
    terms.push_back({"latent_cycle_rna", loss.latent_cycle_rna.item<double>()});
    terms.push_back({"latent_cycle_atac", loss.latent_cycle_atac.item<double>()});
    terms.push_back({"reconstruction_cycle_rna", loss.reconstruction_cycle_rna.item<double>()});
    terms.push_back({"reconstruction_cycle_atac", loss.reconstruction_cycle_atac.item<double>()});
    terms.push_back({"adversarial", loss.adversarial.item<double>()});
  }

  Workshop& shop_;
  Optimizer discriminators_;
  AlignmentWeights weights_;
  AtacBatch atac_, validation_atac_;
  RnaBatch rna_, validation_rna_;
};

/// As published: maps and discriminators learn, from cells drawn apart in the two modalities.
class AlignStage final : public MappingStage {
 public:
  explicit AlignStage(Workshop& shop)
      : MappingStage(shop),
        maps_(make_optimizer(shop, kMaps, shop.options.map_rate, 0)),
        atac_order_(shop.training, shop.options.batch, shop.context.seed, kAlignStage),
        rna_order_(shop.training, shop.options.batch, shop.context.seed, kAlignStage + 1) {}

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
  inline static const std::vector<Part> kMaps = {Part::kAtacToRna, Part::kRnaToAtac};

  Optimizer maps_;
  CellOrder atac_order_, rna_order_;
};

/// The paper's Eq. 9 on paired cells, with the two terms that use the pairing.
class JointStage final : public MappingStage {
 public:
  explicit JointStage(Workshop& shop)
      : MappingStage(shop),
        autoencoders_(make_optimizer(shop, {Part::kAtac, Part::kRna}, shop.options.joint_rate,
                                     shop.options.clip)),
        maps_(make_optimizer(shop, {Part::kAtacToRna, Part::kRnaToAtac}, shop.options.map_rate,
                             shop.options.clip)),
        order_(shop.training, shop.options.batch, shop.context.seed, kAlignStage) {}

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
    shop_.batches.fill(cells, draw_key(kAlignStage, step), atac_);
    shop_.batches.fill(cells, draw_key(kAlignStage, step), rna_);
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

  void finish() override {
    if (shop_.options.refit_readout && !shop_.validation.empty()) refit_readout();
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
      const auto latents = surrogate.atac_latents(pool, select_rows(shop_.study.open, cells));
      return surrogate.decoder_features(pool, surrogate.atac_to_rna(pool, latents));
    };
    const auto features = features_of(shop_.training);
    const auto held_out_features = features_of(shop_.validation);
    const auto expression = select_rows(shop_.study.expression, shop_.training);
    const auto held_out_expression = select_rows(shop_.study.expression, shop_.validation);
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

std::vector<int32_t> validation_cells(const Study& study, uint64_t seed) {
  std::vector<int32_t> cells = study.cells_of(Split::kValidation);
  if (static_cast<int64_t>(cells.size()) > kMostValidationCells) {
    RandomStream(seed, Purpose::kBatches, 0, 1000).shuffle(std::span(cells));
    cells.resize(kMostValidationCells);
    std::sort(cells.begin(), cells.end());
  }
  return cells;
}

}  // namespace

Workshop::Workshop(const Study& given_study, const TrainOptions& given_options,
                   const SurrogateShape& shape, const Context& given_context)
    : study(given_study),
      options(given_options),
      context(given_context),
      net(shape, given_context.seed, given_options.embedding_deviation),
      batches(study, net.atac.blocks, context.seed, context.pool),
      training(study.cells_of(Split::kTrain)),
      validation(validation_cells(study, context.seed)) {}

std::vector<std::unique_ptr<Stage>> make_stages(Workshop& shop) {
  std::vector<std::unique_ptr<Stage>> stages;
  stages.push_back(std::make_unique<ReconstructionStage<AtacAutoencoder>>(shop));
  stages.push_back(std::make_unique<ReconstructionStage<RnaAutoencoder>>(shop));
  if (shop.options.alignment == Alignment::kJoint) {
    stages.push_back(std::make_unique<JointStage>(shop));
  } else {
    stages.push_back(std::make_unique<AlignStage>(shop));
  }
  return stages;
}

}  // namespace grids::core
