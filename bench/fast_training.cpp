#include "fast_training.hpp"

#include <ATen/Parallel.h>

#include "train/stages.hpp"

namespace grids::core::bench {
namespace {

/// A step that no training makes: what is drawn for the checks is drawn nowhere else.
constexpr uint64_t kCheckKey = uint64_t{1} << 44;

/// The gradients under the published names. Export reads the tensors in place, so the gradients
/// are put where the weights are.
std::map<std::string, Tensor> export_gradients(SurrogateNetworks& net, grids::core::Part part) {
  std::vector<std::string> starts;
  for (auto& named : net.tensors(part)) {
    if (named.trainable) *named.tensor = named.tensor->grad().contiguous();
    starts.push_back(named.name.substr(0, named.name.find('.') + 1));
  }
  std::map<std::string, Tensor> result;
  for (auto& [name, tensor] : net.export_tensors()) {
    const bool statistic = name.find(".running_") != std::string::npos ||
                           name.find(".num_batches") != std::string::npos;
    if (name.starts_with(starts.front()) && !statistic) result[name] = std::move(tensor);
  }
  return result;
}

}  // namespace

FastTrainingStep fast_training_gradients(const Study& study, const SurrogateFile& file,
                                         std::span<const int32_t> cells, const Context& context) {
  at::set_num_threads(1);
  SurrogateNetworks net(file);
  const BatchMaker batches(grids::core::TrainingCells{study, study}, net.atac.blocks, context.seed,
                           context.pool);
  AtacBatch batch;
  batches.fill(cells, kCheckKey, batch);
  net.train_only({grids::core::Part::kAtac});
  const Pass pass{context.pool, Statistics::kBatch};
  const at::Tensor loss = atac_reconstruction(net, pass, net.atac.encode(pass, batch.open), batch);
  loss.backward();
  FastTrainingStep result;
  result.loss = loss.item<double>();
  result.closed = batch.closed.pattern;
  result.gradients = export_gradients(net, grids::core::Part::kAtac);
  return result;
}

struct PublishedStages::Impl {
  Impl(const Study& study, const Context& context)
      : options(TrainOptions::paper()),
        cells(grids::core::training_cells(study, options)),
        shop(cells, options, shape_for(study), context) {
    stages = make_stages(shop, cells);
  }

  static SurrogateShape shape_for(const Study& study) {
    SurrogateShape shape;
    const auto& offsets = study.peaks.chromosome_offsets;
    for (size_t c = 0; c + 1 < offsets.size(); ++c) {
      shape.chromosome_peaks.push_back(offsets[c + 1] - offsets[c]);
    }
    shape.genes = study.genes.size();
    return shape;
  }

  TrainOptions options;
  grids::core::TrainingCells cells;
  Workshop shop;
  std::vector<std::unique_ptr<Stage>> stages;
};

PublishedStages::PublishedStages(const Study& study, const Context& context) {
  at::set_num_threads(1);
  impl_ = std::make_unique<Impl>(study, context);
}

PublishedStages::~PublishedStages() = default;

std::string PublishedStages::name(int64_t stage) const {
  return impl_->stages.at(static_cast<size_t>(stage))->name();
}

int64_t PublishedStages::published_steps(int64_t stage) const {
  return impl_->stages.at(static_cast<size_t>(stage))->steps();
}

void PublishedStages::begin(int64_t stage) {
  impl_->stages.at(static_cast<size_t>(stage))->begin();
}

void PublishedStages::step(int64_t stage, int64_t step) {
  impl_->stages.at(static_cast<size_t>(stage))->step(step);
}

void PublishedStages::end(int64_t stage) {
  impl_->stages.at(static_cast<size_t>(stage)).reset();
}

}  // namespace grids::core::bench
