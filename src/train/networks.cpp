#include "train/networks.hpp"

#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "train/kernels_norm.hpp"

namespace grids::core {
namespace {

constexpr double kMomentum = 0.1;  // of BatchNorm's running statistics
constexpr double kEpsilon = 1e-5;
constexpr float kInitialSlope = 0.25f;

at::Tensor zeros(at::IntArrayRef sizes) {
  return at::zeros(sizes, at::kFloat);
}

LinearLayer make_linear(int64_t in, int64_t out) {
  return {zeros({out, in}), zeros({out})};
}

BatchNorm make_norm(int64_t columns) {
  return {at::ones({columns}, at::kFloat), zeros({columns}), zeros({columns}),
          at::ones({columns}, at::kFloat), at::zeros({1}, at::kLong)};
}

Prelu make_prelu(int64_t groups = 1) {
  return {at::full({groups}, kInitialSlope, at::kFloat)};
}

AffineMap make_map(const SurrogateShape& shape) {
  AffineMap map;
  for (int64_t layer = 0; layer < shape.map_layers; ++layer) {
    map.matrices.push_back(zeros({shape.experts, shape.latent * shape.latent}));
    map.offsets.push_back(zeros({shape.experts, shape.latent}));
  }
  map.gate_0 = make_linear(shape.latent, shape.gate_hidden);
  map.gate_2 = make_linear(shape.gate_hidden, shape.experts);
  map.prelu = make_prelu();
  return map;
}

Discriminator make_discriminator(const SurrogateShape& shape) {
  return {make_linear(shape.latent, shape.latent), make_linear(shape.latent, shape.latent / 2),
          make_linear(shape.latent / 2, shape.discriminator_columns), make_prelu(), make_prelu()};
}

}  // namespace

at::Tensor LinearLayer::operator()(const Pass& pass, const at::Tensor& x) const {
  return linear(pass, x, weight, bias);
}

NormStatistics BatchNorm::statistics(const Pass& pass, Statistics which, int64_t rows,
                                     const float* x) {
  const int64_t columns = weight.numel();
  NormStatistics result{running_mean, pass.take({columns}), which != Statistics::kRunning};
  at::Tensor variances = running_var;
  if (result.of_batch) {
    result.mean = pass.take({columns});
    variances = pass.take({columns});
    column_moments(pass.pool, rows, columns, x, result.mean.data_ptr<float>(),
                   variances.data_ptr<float>());
  }
  const float* variance = variances.data_ptr<float>();
  float* inverse = result.inverse.data_ptr<float>();
  for (int64_t i = 0; i < columns; ++i) {
    inverse[i] = static_cast<float>(1 / std::sqrt(static_cast<double>(variance[i]) + kEpsilon));
  }
  if (which == Statistics::kBatch) {
    ++*batches.data_ptr<int64_t>();
    const double to_unbiased = static_cast<double>(rows) / static_cast<double>(rows - 1);
    const float* mean = result.mean.data_ptr<float>();
    float* mean_to = running_mean.data_ptr<float>();
    float* variance_to = running_var.data_ptr<float>();
    for (int64_t i = 0; i < columns; ++i) {
      const double unbiased = to_unbiased * variance[i];
      mean_to[i] = static_cast<float>((1 - kMomentum) * mean_to[i] + kMomentum * mean[i]);
      variance_to[i] = static_cast<float>((1 - kMomentum) * variance_to[i] + kMomentum * unbiased);
    }
  }
  return result;
}

at::Tensor BatchNorm::operator()(const Pass& pass, std::span<const Statistics> parts,
                                 const at::Tensor& x, const Prelu* prelu) {
  const int64_t rows = x.size(0) / static_cast<int64_t>(parts.size());
  std::vector<NormStatistics> found;
  const float* from = x.data_ptr<float>();
  for (const Statistics part : parts) {
    found.push_back(statistics(pass, part, rows, from));
    from += rows * x.size(1);
  }
  return normalise(pass, x, weight, bias, found, prelu ? prelu->slope : at::Tensor());
}

at::Tensor Prelu::operator()(const at::Tensor& x) const {
  return at::prelu(x, slope);
}

at::Tensor AtacNetwork::encode(const Pass& pass, const BlockedRows& open) {
  at::Tensor x = chromosome_sums(pass, blocks, open, embedding);
  x = sums_norm(pass, x, &sums_prelu);
  x = block_linear(pass, blocks.chromosomes(), x, hidden.weight, hidden.bias);
  x = hidden_norm(pass, x, &hidden_prelu);
  return encoder_1(pass, encoder_0(pass, x));
}

at::Tensor AtacNetwork::decode_hidden(const Pass& pass, const at::Tensor& latent) {
  at::Tensor x = decoder_norm(pass, decoder_0(pass, latent));
  x = block_linear(pass, blocks.chromosomes(), x, out.weight, out.bias);
  return out_norm(pass, x, &out_prelu);
}

at::Tensor AtacNetwork::logits(const Pass& pass, const at::Tensor& latent) {
  const at::Tensor x = decode_hidden(pass, latent);
  const int64_t width = head.weight.size(1);
  std::vector<at::Tensor> parts;
  for (int64_t c = 0; c < blocks.chromosomes(); ++c) {
    const int64_t begin = blocks.begin(blocks.first_block(c));
    const int64_t end = blocks.begin(blocks.first_block(c + 1));
    const LinearLayer part = {head.weight.slice(0, begin, end), head.bias.slice(0, begin, end)};
    parts.push_back(part(pass, x.slice(1, c * width, (c + 1) * width).contiguous()));
  }
  return at::cat(parts, 1);
}

at::Tensor RnaNetwork::encode(const Pass& pass, const at::Tensor& expression) {
  at::Tensor x = encoder_1(pass, encoder_0(pass, expression), &encoder_2);
  x = encoder_4(pass, encoder_3(pass, x), &encoder_5);
  return encoder_6(pass, x);
}

at::Tensor RnaNetwork::decode(const Pass& pass, std::span<const Statistics> parts,
                              const at::Tensor& latent) {
  at::Tensor x = decoder_1(pass, parts, decoder_0(pass, latent), &decoder_2);
  x = decoder_4(pass, parts, decoder_3(pass, x), &decoder_5);
  return decoder_6(pass, x);
}

at::Tensor AffineMap::operator()(const Pass& pass, const at::Tensor& latent) const {
  return mixture_map(
      pass,
      {matrices, offsets, gate_0.weight, gate_0.bias, gate_2.weight, gate_2.bias, prelu.slope},
      latent);
}

at::Tensor Dropout::operator()(const at::Tensor& x) {
  if (probability <= 0) return x;
  at::Tensor mask = at::empty(x.sizes(), at::kFloat);
  float* values = mask.data_ptr<float>();
  RandomStream random(seed, Purpose::kDropout, step, next_call++);
  const auto kept = static_cast<float>(1 / (1 - probability));
  for (int64_t i = 0; i < mask.numel(); ++i) {
    values[i] = random.uniform() < probability ? 0.0f : kept;
  }
  return x * mask;
}

at::Tensor Discriminator::operator()(const Pass& pass, const at::Tensor& latent,
                                     Dropout& dropout) const {
  const at::Tensor x = dropout(prelu_1(layer_0(pass, latent)));
  return layer_5(pass, prelu_4(layer_3(pass, x)));
}

SurrogateNetworks::SurrogateNetworks(const SurrogateShape& given)
    : shape(given), atac{PeakBlocks(given.chromosome_peaks),
                         {},
                         {},
                         {},
                         {},
                         {},
                         {},
                         {},
                         {},
                         {},
                         {},
                         {},
                         {},
                         {},
                         {}} {
  const int64_t chromosomes = shape.chromosomes();
  const int64_t width = shape.atac_embedding, hidden = shape.atac_hidden;
  atac.embedding = zeros({shape.peaks(), 2, width});
  atac.sums_norm = make_norm(chromosomes * width);
  atac.sums_prelu = make_prelu(chromosomes);
  atac.hidden = {zeros({chromosomes * hidden, width}), zeros({chromosomes * hidden})};
  atac.hidden_norm = make_norm(chromosomes * hidden);
  atac.hidden_prelu = make_prelu(chromosomes);
  atac.encoder_0 = make_linear(chromosomes * hidden, shape.latent);
  atac.encoder_1 = make_linear(shape.latent, shape.latent);
  atac.decoder_0 = make_linear(shape.latent, chromosomes * hidden);
  atac.decoder_norm = make_norm(chromosomes * hidden);
  atac.out = {zeros({chromosomes * width, hidden}), zeros({chromosomes * width})};
  atac.out_norm = make_norm(chromosomes * width);
  atac.out_prelu = make_prelu(chromosomes);
  atac.head = make_linear(width, shape.peaks());

  rna.encoder_0 = make_linear(shape.genes, shape.rna_hidden_1);
  rna.encoder_1 = make_norm(shape.rna_hidden_1);
  rna.encoder_2 = make_prelu();
  rna.encoder_3 = make_linear(shape.rna_hidden_1, shape.rna_hidden_2);
  rna.encoder_4 = make_norm(shape.rna_hidden_2);
  rna.encoder_5 = make_prelu();
  rna.encoder_6 = make_linear(shape.rna_hidden_2, shape.latent);
  rna.decoder_0 = make_linear(shape.latent, shape.rna_hidden_2);
  rna.decoder_1 = make_norm(shape.rna_hidden_2);
  rna.decoder_2 = make_prelu();
  rna.decoder_3 = make_linear(shape.rna_hidden_2, shape.rna_hidden_1);
  rna.decoder_4 = make_norm(shape.rna_hidden_1);
  rna.decoder_5 = make_prelu();
  rna.decoder_6 = make_linear(shape.rna_hidden_1, shape.genes);

  atac2rna = make_map(shape);
  rna2atac = make_map(shape);
  atac_discriminator = make_discriminator(shape);
  rna_discriminator = make_discriminator(shape);
}

at::Tensor SurrogateNetworks::predict_rna(const Pass& pass, const BlockedRows& open) {
  return rna.decode(pass, atac2rna(pass, atac.encode(pass, open)));
}

}  // namespace grids::core
