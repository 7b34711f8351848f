// The parts of FoldedSurrogate that serve whole sets of cells: latents, reconstructions, scores.
#include <algorithm>
#include <functional>

#include "base/at.hpp"
#include "base/error.hpp"
#include "model/folded_surrogate.hpp"

namespace grids::core {
namespace {

/// Calls `work(rows in, rows out)` on blocks of kTailRows rows, the last one padded with zeros, so
/// that every product has the same shape whatever the number of cells.
std::vector<float> in_blocks(ThreadPool& pool, std::span<const float> in, int64_t in_size,
                             int64_t out_size,
                             const std::function<void(const float*, float*)>& work) {
  if (in.size() % at(in_size) != 0) {
    throw internal_error("{} numbers are no rows of {}", in.size(), in_size);
  }
  const auto rows = static_cast<int64_t>(in.size()) / in_size;
  std::vector<float> out(at(rows * out_size));
  pool.for_blocks(rows, kTailRows, [&](int64_t begin, int64_t end, int64_t) {
    if (end - begin == kTailRows) {
      work(in.data() + begin * in_size, out.data() + begin * out_size);
      return;
    }
    std::vector<float> padded_in(at(kTailRows * in_size), 0.0f);
    std::vector<float> padded_out(at(kTailRows * out_size));
    std::copy_n(in.data() + begin * in_size, (end - begin) * in_size, padded_in.data());
    work(padded_in.data(), padded_out.data());
    std::copy_n(padded_out.data(), (end - begin) * out_size, out.data() + begin * out_size);
  });
  return out;
}

}  // namespace

std::vector<float> FoldedSurrogate::atac_latents(ThreadPool& pool, const CsrPattern& open) const {
  if (open.columns != encoder_.peaks()) {
    throw internal_error("cells have {} peaks, the surrogate {}", open.columns, encoder_.peaks());
  }
  const int64_t chromosomes = encoder_.chromosomes();
  std::vector<float> latents(at(open.rows * shape_.latent));
  pool.for_blocks(open.rows, kTailRows, [&](int64_t begin, int64_t end, int64_t) {
    // Of one cell at a time: those of an atlas would take gigabytes.
    std::vector<float> sums(at(chromosomes * encoder_.sum_stride()));
    std::vector<float> contributions(at(chromosomes * encoder_.latent_stride()));
    std::vector<const float*> rows(at(chromosomes));
    for (int64_t cell = begin; cell < end; ++cell) {
      encoder_.chromosome_sums_of(open.row(cell), sums.data());
      for (int64_t c = 0; c < chromosomes; ++c) {
        float* row = contributions.data() + c * encoder_.latent_stride();
        encoder_.contribution(c, sums.data() + c * encoder_.sum_stride(), row);
        rows[at(c)] = row;
      }
      encoder_.latent_of(rows, latents.data() + cell * shape_.latent);
    }
  });
  return latents;
}

std::vector<float> FoldedSurrogate::rna_latents(ThreadPool& pool,
                                                const CsrMatrix& expression) const {
  if (expression.columns() != shape_.genes) {
    throw internal_error("cells have {} genes, the surrogate {}", expression.columns(),
                         shape_.genes);
  }
  std::vector<float> latents(at(expression.rows() * shape_.latent));
  pool.for_blocks(expression.rows(), kTailRows, [&](int64_t begin, int64_t end, int64_t) {
    std::vector<float> dense(at(kTailRows * shape_.genes), 0.0f);
    std::vector<float> hidden_1(at(kTailRows * shape_.rna_hidden_1));
    std::vector<float> hidden_2(at(kTailRows * shape_.rna_hidden_2));
    std::vector<float> out(at(kTailRows * shape_.latent));
    for (int64_t cell = begin; cell < end; ++cell) {
      const auto indices = expression.row_indices(cell);
      const auto values = expression.row_values(cell);
      float* row = dense.data() + (cell - begin) * shape_.genes;
      for (size_t k = 0; k < indices.size(); ++k) row[indices[k]] = values[k];
    }
    rna_in_.forward(kTailRows, dense.data(), hidden_1.data());
    prelu(rna_slope_in_, kTailRows * shape_.rna_hidden_1, hidden_1.data());
    rna_middle_.forward(kTailRows, hidden_1.data(), hidden_2.data());
    prelu(rna_slope_middle_, kTailRows * shape_.rna_hidden_2, hidden_2.data());
    rna_out_.forward(kTailRows, hidden_2.data(), out.data());
    std::copy_n(out.data(), (end - begin) * shape_.latent, latents.data() + begin * shape_.latent);
  });
  return latents;
}

std::vector<float> FoldedSurrogate::map(ThreadPool& pool, const LatentMap& map,
                                        std::span<const float> latents) const {
  return in_blocks(pool, latents, shape_.latent, shape_.latent,
                   [&](const float* in, float* out) { map.forward(kTailRows, in, out); });
}

std::vector<float> FoldedSurrogate::atac_to_rna(ThreadPool& pool,
                                                std::span<const float> atac_latents) const {
  return map(pool, atac_to_rna_, atac_latents);
}

std::vector<float> FoldedSurrogate::rna_to_atac(ThreadPool& pool,
                                                std::span<const float> rna_latents) const {
  return map(pool, rna_to_atac_, rna_latents);
}

std::vector<float> FoldedSurrogate::decode_rna(ThreadPool& pool,
                                               std::span<const float> rna_latents) const {
  return in_blocks(pool, rna_latents, shape_.latent, shape_.genes,
                   [&](const float* in, float* out) {
                     std::vector<float> hidden(at(kTailRows * shape_.rna_hidden_1));
                     decoder_hidden(in, nullptr, nullptr, hidden.data());
                     decoder_out_.forward(kTailRows, hidden.data(), out);
                   });
}

std::vector<float> FoldedSurrogate::decoder_features(ThreadPool& pool,
                                                     std::span<const float> rna_latents) const {
  return in_blocks(pool, rna_latents, shape_.latent, shape_.rna_hidden_1,
                   [&](const float* in, float* out) { decoder_hidden(in, nullptr, nullptr, out); });
}

std::vector<float> FoldedSurrogate::decode_atac(ThreadPool& pool,
                                                std::span<const float> atac_latents) const {
  const int64_t width = shape_.chromosomes() * shape_.atac_hidden;
  return in_blocks(
      pool, atac_latents, shape_.latent, shape_.peaks(), [&](const float* in, float* out) {
        std::vector<float> all(at(kTailRows * width));
        std::vector<float> part(at(kTailRows * shape_.atac_hidden));
        std::vector<float> hidden(at(kTailRows * shape_.atac_embedding));
        std::vector<float> logits;
        atac_decoder_in_.forward(kTailRows, in, all.data());
        int64_t first_peak = 0;
        for (size_t c = 0; c < atac_decoders_.size(); ++c) {
          const auto& decoder = atac_decoders_[c];
          const int64_t peaks = decoder.out.outputs;
          for (int64_t row = 0; row < kTailRows; ++row) {
            std::copy_n(all.data() + row * width + static_cast<int64_t>(c) * shape_.atac_hidden,
                        shape_.atac_hidden, part.data() + row * shape_.atac_hidden);
          }
          decoder.hidden.forward(kTailRows, part.data(), hidden.data());
          prelu(decoder.slope, kTailRows * shape_.atac_embedding, hidden.data());
          logits.resize(at(kTailRows * peaks));
          decoder.out.forward(kTailRows, hidden.data(), logits.data());
          for (int64_t row = 0; row < kTailRows; ++row) {
            std::copy_n(logits.data() + row * peaks, peaks,
                        out + row * shape_.peaks() + first_peak);
          }
          first_peak += peaks;
        }
      });
}

std::vector<float> FoldedSurrogate::score(ThreadPool& pool, const Discriminator& network,
                                          std::span<const float> latents) const {
  return in_blocks(pool, latents, shape_.latent, network.third.outputs,
                   [&](const float* in, float* out) {
                     std::vector<float> first(at(kTailRows * network.first.outputs));
                     std::vector<float> second(at(kTailRows * network.second.outputs));
                     network.first.forward(kTailRows, in, first.data());
                     prelu(network.slope_first, kTailRows * network.first.outputs, first.data());
                     network.second.forward(kTailRows, first.data(), second.data());
                     prelu(network.slope_second, kTailRows * network.second.outputs, second.data());
                     network.third.forward(kTailRows, second.data(), out);
                   });
}

std::vector<float> FoldedSurrogate::score_atac(ThreadPool& pool,
                                               std::span<const float> atac_latents) const {
  return score(pool, atac_discriminator_, atac_latents);
}

std::vector<float> FoldedSurrogate::score_rna(ThreadPool& pool,
                                              std::span<const float> rna_latents) const {
  return score(pool, rna_discriminator_, rna_latents);
}

std::vector<float> FoldedSurrogate::predict(ThreadPool& pool, const CsrPattern& open,
                                            const OutputLayer& layer) const {
  return predict(pool, atac_latents(pool, open), layer);
}

std::vector<float> FoldedSurrogate::predict(ThreadPool& pool, std::span<const float> atac_latents,
                                            const OutputLayer& layer) const {
  auto predicted = in_blocks(pool, atac_latents, shape_.latent, layer.size(),
                             [&](const float* in, float* out) { tail(layer, in, out); });
  for (float& value : predicted) value = std::max(value, 0.0f);
  return predicted;
}

}  // namespace grids::core
