#include "cis_bars/linear_encoder.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/at.hpp"
#include "math/pca.hpp"
#include "support/random_surrogate.hpp"

namespace grids::core::bench {
namespace {

/// What an open peak counts: TF-IDF (math/pca.hpp) in a cell with the mean number of open peaks. A
/// weight that does not depend on the cell keeps the latents a sum over peaks.
std::vector<float> peak_weights(const CsrPattern& open) {
  const auto rarity = TfIdf::fit(open).inverse_frequency;
  const double mean_open = static_cast<double>(open.nonzeros()) / static_cast<double>(open.rows);
  std::vector<float> weights;
  for (const float r : rarity)
    weights.push_back(static_cast<float>(std::log1p(1e4 * r / mean_open)));
  return weights;
}

void fill(SurrogateFile& file, const std::string& name, float value) {
  Tensor& tensor = file.tensors.at(name);
  std::fill_n(tensor.f32(), tensor.size(), value);
}

/// BatchNorm that changes nothing: (x − 0) / √(variance + 1e-5) = x.
void pass_through(SurrogateFile& file, const std::string& name) {
  fill(file, name + ".weight", 1);
  fill(file, name + ".bias", 0);
  fill(file, name + ".running_mean", 0);
  fill(file, name + ".running_var", 1 - 1e-5f);
}

/// Ones where row = column modulo the rows: identities side by side.
void identities(SurrogateFile& file, const std::string& name, int64_t rows) {
  Tensor& weight = file.tensors.at(name + ".weight");
  const int64_t columns = weight.size() / rows;
  for (int64_t i = 0; i < weight.size(); ++i) {
    weight.f32()[i] = i / columns == i % columns % rows ? 1.0f : 0.0f;
  }
  fill(file, name + ".bias", 0);
}

SurrogateShape shape_of(const Study& study, int64_t latents) {
  SurrogateShape shape;
  const auto& offsets = study.peaks.chromosome_offsets;
  for (size_t c = 0; c + 1 < offsets.size(); ++c) {
    shape.chromosome_peaks.push_back(offsets[c + 1] - offsets[c]);
  }
  shape.genes = study.genes.size();
  shape.latent = shape.atac_embedding = shape.atac_hidden = latents;
  // Never read: as small as the layers allow.
  shape.rna_hidden_1 = shape.rna_hidden_2 = shape.gate_hidden = 16;
  shape.experts = 1;
  shape.map_layers = 1;
  return shape;
}

}  // namespace

SurrogateFile linear_encoder(const Study& study, int64_t latents, const Context& context) {
  const CsrPattern open = select_rows(study.open, study.cells_of(Split::kTrain));
  const auto weights = peak_weights(open);
  CsrMatrix weighted{open, {}};
  for (const int32_t peak : open.indices) weighted.values.push_back(weights[at(peak)]);
  PcaOptions options;
  options.components = latents;
  const Pca axes = pca(weighted, options, context);

  SurrogateFile file = testing::random_surrogate(shape_of(study, latents), context.seed);
  float* embedding = file.tensors.at("atac_model.embedding.weight").f32();
  std::vector<double> centre(at(latents), 0.0);
  for (int64_t peak = 0; peak < study.peaks.size(); ++peak) {
    float* closed = embedding + peak * 2 * latents;
    std::fill_n(closed, 2 * latents, 0.0f);
    for (int64_t k = 0; k < axes.components; ++k) {
      const float loading = axes.loadings[at(peak * axes.components + k)];
      closed[latents + k] = weights[at(peak)] * loading;
      centre[at(k)] += double{axes.mean[at(peak)]} * loading;
    }
  }
  for (int64_t c = 0; c < file.shape.chromosomes(); ++c) {
    const auto layer = "atac_model.in_split_layer." + std::to_string(c) + ".";
    pass_through(file, layer + "1");
    fill(file, layer + "2.weight", 1);
    identities(file, layer + "3", latents);
    pass_through(file, layer + "4");
    fill(file, layer + "5.weight", 1);
  }
  identities(file, "atac_model.encoder.0", latents);
  identities(file, "atac_model.encoder.1", latents);
  float* bias = file.tensors.at("atac_model.encoder.1.bias").f32();
  for (int64_t k = 0; k < latents; ++k) bias[k] = static_cast<float>(-centre[at(k)]);
  return file;
}

}  // namespace grids::core::bench
