#include "model/folded_surrogate.hpp"

#include <algorithm>
#include <memory>

#include "base/at.hpp"
#include "base/error.hpp"
#include "base/indices.hpp"
#include "base/simd.hpp"
#include "math/gemm.hpp"
#include "math/lanes.hpp"

namespace grids::core {
namespace {

/// Up to here a dot product for each gene beats a product of matrices.
constexpr int64_t kFewGenes = 8;

int64_t blocks_of(int64_t rows) {
  return (rows + kTailRows - 1) / kTailRows;
}

std::unique_ptr<float[]> room(int64_t count) {
  return std::unique_ptr<float[]>(new float[at(count)]);
}

/// out[row, gene] = bias + ⟨hidden[row], weight[gene]⟩.
GRIDS_CLONES void dot_rows(int64_t rows, int64_t genes, int64_t size, const float* hidden,
                           const float* weight, const float* bias, float* out) {
  const int64_t whole = size / kLanes * kLanes;
  for (int64_t row = 0; row < rows; ++row) {
    const float* x = hidden + row * size;
    for (int64_t gene = 0; gene < genes; ++gene) {
      const float* w = weight + gene * size;
      // Four sums keep four multiply-adds in flight.
      Lanes sums[4] = {};
      int64_t i = 0;
      for (; i + 4 * kLanes <= whole; i += 4 * kLanes) {
        for (int64_t k = 0; k < 4; ++k) {
          sums[k] += lanes_at(x + i + k * kLanes) * lanes_at(w + i + k * kLanes);
        }
      }
      for (; i < whole; i += kLanes) sums[0] += lanes_at(x + i) * lanes_at(w + i);
      float sum = 0;
      for (; i < size; ++i) sum += x[i] * w[i];
      out[row * genes + gene] =
          bias[gene] + (sum_of((sums[0] + sums[1]) + (sums[2] + sums[3])) + sum);
    }
  }
}

/// gradient[row] = Σ_gene cotangent[row, gene] · weight[gene].
GRIDS_CLONES void spread_rows(int64_t rows, int64_t genes, int64_t size, const float* cotangent,
                              const float* weight, float* gradient) {
  std::fill(gradient, gradient + rows * size, 0.0f);
  for (int64_t row = 0; row < rows; ++row) {
    float* out = gradient + row * size;
    for (int64_t gene = 0; gene < genes; ++gene) {
      const float factor = cotangent[row * genes + gene];
      const float* w = weight + gene * size;
      for (int64_t i = 0; i < size; ++i) out[i] += factor * w[i];
    }
  }
}

}  // namespace

FoldedSurrogate::Discriminator FoldedSurrogate::load_discriminator(const SurrogateFile& file,
                                                                   const std::string& prefix) {
  const int64_t latent = file.shape.latent;
  Discriminator network;
  network.first = load_dense(file, prefix + ".w_d.0", latent, latent);
  network.slope_first = load_slope(file, prefix + ".w_d.1");
  network.second = load_dense(file, prefix + ".w_d.3", latent, latent / 2);
  network.slope_second = load_slope(file, prefix + ".w_d.4");
  network.third = load_dense(file, prefix + ".w_d.5", latent / 2, file.shape.discriminator_columns);
  return network;
}

FoldedSurrogate::FoldedSurrogate(const SurrogateFile& file)
    : shape_(file.shape),
      encoder_(file),
      atac_to_rna_(file, "atac2rna_model"),
      rna_to_atac_(file, "rna2atac_model") {
  const auto& s = shape_;
  const std::string decoder = "rna_model.decoder.";
  decoder_in_ = load_dense(file, decoder + "0", decoder + "1", s.latent, s.rna_hidden_2);
  decoder_slope_in_ = load_slope(file, decoder + "2");
  decoder_middle_ = load_dense(file, decoder + "3", decoder + "4", s.rna_hidden_2, s.rna_hidden_1);
  decoder_slope_middle_ = load_slope(file, decoder + "5");
  decoder_in_.pack();
  decoder_middle_.pack();
  decoder_out_ = load_dense(file, decoder + "6", s.rna_hidden_1, s.genes);

  const std::string rna = "rna_model.encoder.";
  rna_in_ = load_dense(file, rna + "0", rna + "1", s.genes, s.rna_hidden_1);
  rna_slope_in_ = load_slope(file, rna + "2");
  rna_middle_ = load_dense(file, rna + "3", rna + "4", s.rna_hidden_1, s.rna_hidden_2);
  rna_slope_middle_ = load_slope(file, rna + "5");
  rna_out_ = load_dense(file, rna + "6", s.rna_hidden_2, s.latent);

  atac_decoder_in_ = load_dense(file, "atac_model.decoder.0", "atac_model.decoder.1", s.latent,
                                s.chromosomes() * s.atac_hidden);
  for (int64_t c = 0; c < s.chromosomes(); ++c) {
    const std::string name = "atac_model.out_split_layer." + std::to_string(c) + ".";
    ChromosomeDecoder part;
    part.hidden = load_dense(file, name + "0", name + "1", s.atac_hidden, s.atac_embedding);
    part.slope = load_slope(file, name + "2");
    part.out = load_dense(file, name + "3", s.atac_embedding, s.chromosome_peaks[at(c)]);
    atac_decoders_.push_back(std::move(part));
  }
  atac_discriminator_ = load_discriminator(file, "atac_discriminator");
  rna_discriminator_ = load_discriminator(file, "rna_discriminator");
}

OutputLayer FoldedSurrogate::output_layer(std::span<const int32_t> genes) const {
  const int64_t hidden = shape_.rna_hidden_1;
  OutputLayer layer;
  layer.genes.assign(genes.begin(), genes.end());
  layer.by_row = layer.size() <= kFewGenes;
  layer.weight.resize(at(layer.size() * hidden));
  for (const int32_t gene : genes) {
    if (gene < 0 || gene >= shape_.genes) {
      throw internal_error("output {} of {} was asked for", gene, shape_.genes);
    }
    layer.bias.push_back(decoder_out_.bias[at(gene)]);
  }
  const bool pack = !layer.by_row && PackedMatrix::pays();
  const int64_t whole = std::max<int64_t>(1, layer.size());
  const int64_t step = layer.by_row ? 1 : pack ? whole : OutputLayer::kPanel;
  for (int64_t first = 0; first < layer.size(); first += step) {
    const int64_t width = std::min(step, layer.size() - first);
    float* panel = layer.weight.data() + first * hidden;
    for (int64_t h = 0; h < hidden; ++h) {
      const float* row = decoder_out_.weight.data() + h * shape_.genes;
      for (int64_t g = 0; g < width; ++g) panel[h * width + g] = row[genes[at(first + g)]];
    }
  }
  if (pack) {
    layer.packed = PackedMatrix(hidden, layer.size(), layer.weight.data(), layer.size());
    const auto back = transposed(hidden, layer.size(), layer.weight);
    layer.weight = {};  // of all genes each copy is 50 MB and more
    layer.packed_back = PackedMatrix(layer.size(), hidden, back.data(), hidden);
  }
  return layer;
}

OutputLayer FoldedSurrogate::output_layer() const {
  return output_layer(indices_below(shape_.genes));
}

void FoldedSurrogate::decoder_hidden(const float* rna_latents, float* hidden_2, float* hidden_1,
                                     float* out) const {
  const auto active = room(kTailRows * shape_.rna_hidden_2);
  decoder_in_.forward_prelu(kTailRows, rna_latents, decoder_slope_in_, active.get(), hidden_2);
  decoder_middle_.forward_prelu(kTailRows, active.get(), decoder_slope_middle_, out, hidden_1);
}

void FoldedSurrogate::multiply_layer(const OutputLayer& layer, int64_t rows, const float* hidden,
                                     const float* start, float* out) const {
  const int64_t size = shape_.rna_hidden_1;
  if (!layer.packed.empty()) {
    layer.packed.multiply(rows, hidden, size, start, 1.0f, out, layer.size());
    return;
  }
  for (int64_t first = 0; first < layer.size(); first += OutputLayer::kPanel) {
    const int64_t width = std::min(OutputLayer::kPanel, layer.size() - first);
    for (int64_t block = 0; block < rows; block += kTailRows) {
      float* to = out + block * layer.size() + first;
      for (int64_t row = 0; row < kTailRows; ++row) {
        std::copy_n(start + first, width, to + row * layer.size());
      }
      gemm(Transpose::kNo, Transpose::kNo, kTailRows, width, size, hidden + block * size, size,
           layer.weight.data() + first * size, width, 1.0f, to, layer.size());
    }
  }
}

void FoldedSurrogate::read_outputs(const OutputLayer& layer, int64_t blocks, const float* hidden,
                                   float* out) const {
  if (layer.by_row) {
    dot_rows(blocks * kTailRows, layer.size(), shape_.rna_hidden_1, hidden, layer.weight.data(),
             layer.bias.data(), out);
    return;
  }
  multiply_layer(layer, blocks * kTailRows, hidden, layer.bias.data(), out);
}

void FoldedSurrogate::read_rows(const OutputLayer& layer, int64_t rows, const float* hidden,
                                float* out) const {
  // Our own product takes any number of rows; oneDNN's has to have one shape.
  if (layer.packed.empty()) return read_outputs(layer, blocks_of(rows), hidden, out);
  layer.packed.multiply(rows, hidden, shape_.rna_hidden_1, layer.bias.data(), 1.0f, out,
                        layer.size());
}

void FoldedSurrogate::read_products(const OutputLayer& layer, int64_t blocks, const float* hidden,
                                    float* out) const {
  const std::vector<float> zeros(at(layer.size()), 0.0f);
  multiply_layer(layer, blocks * kTailRows, hidden, zeros.data(), out);
}

void FoldedSurrogate::last_weights(int32_t gene, std::span<float> weights) const {
  for (size_t h = 0; h < weights.size(); ++h) {
    weights[h] = decoder_out_.weight[h * at(shape_.genes) + at(gene)];
  }
}

void FoldedSurrogate::tail_hidden(const float* latents, float* hidden, int64_t blocks) const {
  const auto mapped = room(kTailRows * shape_.latent);
  for (int64_t block = 0; block < blocks; ++block) {
    atac_to_rna_.forward(kTailRows, latents + block * kTailRows * shape_.latent, mapped.get());
    decoder_hidden(mapped.get(), nullptr, nullptr,
                   hidden + block * kTailRows * shape_.rna_hidden_1);
  }
}

void FoldedSurrogate::tail(const OutputLayer& layer, const float* latents, float* out,
                           int64_t blocks) const {
  const auto hidden = room(blocks * kTailRows * shape_.rna_hidden_1);
  tail_hidden(latents, hidden.get(), blocks);
  read_outputs(layer, blocks, hidden.get(), out);
}

void FoldedSurrogate::tail_backward(const OutputLayer& layer, const float* latents,
                                    const float* cotangent, float* gradient) const {
  const int64_t size_2 = shape_.rna_hidden_2;
  const int64_t size_1 = shape_.rna_hidden_1;
  LatentMap::Trace trace;
  const auto mapped = room(kTailRows * shape_.latent);
  const auto hidden_2 = room(kTailRows * size_2);
  const auto hidden_1 = room(kTailRows * size_1);
  const auto back_2 = room(kTailRows * size_2);
  const auto back_1 = room(kTailRows * size_1);
  atac_to_rna_.forward(kTailRows, latents, mapped.get(), &trace);
  decoder_hidden(mapped.get(), hidden_2.get(), hidden_1.get(), back_1.get());

  if (layer.by_row) {
    spread_rows(kTailRows, layer.size(), size_1, cotangent, layer.weight.data(), back_1.get());
  } else if (!layer.packed_back.empty()) {
    const std::vector<float> zeros(at(size_1), 0.0f);
    layer.packed_back.multiply(kTailRows, cotangent, layer.size(), zeros.data(), 1.0f, back_1.get(),
                               size_1);
  } else {
    for (int64_t first = 0; first < layer.size(); first += OutputLayer::kPanel) {
      const int64_t width = std::min(OutputLayer::kPanel, layer.size() - first);
      gemm(Transpose::kNo, Transpose::kYes, kTailRows, size_1, width, cotangent + first,
           layer.size(), layer.weight.data() + first * size_1, width, first == 0 ? 0.0f : 1.0f,
           back_1.get(), size_1);
    }
  }
  prelu_backward(decoder_slope_middle_, kTailRows * size_1, hidden_1.get(), back_1.get());
  decoder_middle_.backward(kTailRows, back_1.get(), back_2.get());
  prelu_backward(decoder_slope_in_, kTailRows * size_2, hidden_2.get(), back_2.get());
  decoder_in_.backward(kTailRows, back_2.get(), mapped.get());
  atac_to_rna_.backward(kTailRows, trace, mapped.get(), gradient);
}

}  // namespace grids::core
