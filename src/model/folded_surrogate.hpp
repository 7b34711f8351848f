/// The surrogate for use: inference mode, BatchNorm folded into its neighbours, nothing dense in
/// [cells, peaks, d_h] (design, "The one idea behind the speed").
///
/// The way from open peaks to predicted expression has two parts. The AtacEncoder turns chromosome
/// sums into latents, row by row. The *tail* — f_AR, then the RNA decoder down to the outputs that
/// the caller reads — is a few products on blocks of kTailRows rows. Blocks always have that many
/// rows, the last ones padded: so every product has one shape, and a row's result depends neither
/// on its position nor on its neighbours. Packed layers promise it; tests/model hold oneDNN to it.
///
/// Expression is on the study's scale (log1p of counts per 100,000). Immutable and thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "math/sparse.hpp"
#include "model/atac_encoder.hpp"
#include "model/dense_layer.hpp"
#include "model/latent_map.hpp"
#include "model/surrogate_file.hpp"

namespace grids::core {

/// Rows of one block of the tail. Products of 32 rows already run at nearly full speed, and few
/// rows are wasted on padding.
inline constexpr int64_t kTailRows = 32;

/// Blocks of one call of the tail with many genes: their last layer's weights then come from the
/// second-level cache once for all blocks.
inline constexpr int64_t kTailGroup = 4;

/// The genes whose predictions are wanted: their rows of the decoder's last layer.
struct OutputLayer {
  /// Genes of one panel: a panel's weights stay in the second-level cache.
  static constexpr int64_t kPanel = 192;

  std::vector<int32_t> genes;
  /// genes × hidden when `by_row`, else hidden × genes in panels of kPanel genes (the last one
  /// narrower), one after the other. Empty if packed.
  std::vector<float> weight;
  /// Many genes on a machine where that pays: hidden × genes.
  PackedMatrix packed;
  PackedMatrix packed_back;  ///< genes × hidden
  std::vector<float> bias;
  bool by_row = false;  ///< few genes: dot products instead of a product of matrices

  int64_t size() const { return static_cast<int64_t>(genes.size()); }
};

class FoldedSurrogate {
 public:
  /// Throws Error(kInput) that names a tensor that is missing or misshapen.
  explicit FoldedSurrogate(const SurrogateFile& file);

  const SurrogateShape& shape() const { return shape_; }
  const AtacEncoder& encoder() const { return encoder_; }

  /// Throws Error(kInternal) for a gene that does not exist.
  OutputLayer output_layer(std::span<const int32_t> genes) const;
  /// Every gene, in order.
  OutputLayer output_layer() const;

  /// Predicted expression before the clamp at 0: `latents` (blocks · kTailRows) × latent (ATAC
  /// latents), `out` (blocks · kTailRows) × genes. One thread. The number of blocks changes no bit.
  void tail(const OutputLayer& layer, const float* latents, float* out, int64_t blocks = 1) const;
  /// The two halves of the tail: what the decoder's last layer reads, (blocks · kTailRows) ×
  /// rna_hidden_1, and what that layer makes of it. One after the other they are the tail, to the
  /// last bit.
  void tail_hidden(const float* latents, float* hidden, int64_t blocks = 1) const;
  void read_outputs(const OutputLayer& layer, int64_t blocks, const float* hidden,
                    float* out) const;
  /// The same of `rows` rows, up to whole blocks of which `hidden` and `out` have room. Whether the
  /// rows that pad a block are computed depends on the machine; no bit of the others does.
  void read_rows(const OutputLayer& layer, int64_t rows, const float* hidden, float* out) const;
  /// The last layer's product without its bias, of whole blocks; not of layers that are `by_row`.
  void read_products(const OutputLayer& layer, int64_t blocks, const float* hidden,
                     float* out) const;
  /// A gene's weights in the last layer: rna_hidden_1 floats.
  void last_weights(int32_t gene, std::span<float> weights) const;
  /// The gradient of Σ cotangent · tail(latents): `cotangent` kTailRows × genes, `gradient`
  /// kTailRows × latent.
  void tail_backward(const OutputLayer& layer, const float* latents, const float* cotangent,
                     float* gradient) const;

  // Whole sets of cells, for prediction, evaluation and plots. Results are row-major, a row a cell.

  /// cells × latent.
  std::vector<float> atac_latents(ThreadPool& pool, const CsrPattern& open) const;
  std::vector<float> rna_latents(ThreadPool& pool, const CsrMatrix& expression) const;
  /// f_AR and f_RA: cells × latent to cells × latent.
  std::vector<float> atac_to_rna(ThreadPool& pool, std::span<const float> atac_latents) const;
  std::vector<float> rna_to_atac(ThreadPool& pool, std::span<const float> rna_latents) const;
  /// cells × genes from RNA latents, before any clamp.
  std::vector<float> decode_rna(ThreadPool& pool, std::span<const float> rna_latents) const;
  /// cells × rna_hidden_1 from RNA latents: what the decoder's last layer reads.
  std::vector<float> decoder_features(ThreadPool& pool, std::span<const float> rna_latents) const;
  /// cells × peaks from ATAC latents: logits of being open. Dense, so hand it a block of cells.
  std::vector<float> decode_atac(ThreadPool& pool, std::span<const float> atac_latents) const;
  /// Scores (logits, a column a cell type) of the discriminators: cells × discriminator columns.
  std::vector<float> score_atac(ThreadPool& pool, std::span<const float> atac_latents) const;
  std::vector<float> score_rna(ThreadPool& pool, std::span<const float> rna_latents) const;

  /// Predicted expression of the layer's genes from open peaks, clamped at 0: cells × genes.
  std::vector<float> predict(ThreadPool& pool, const CsrPattern& open,
                             const OutputLayer& layer) const;
  /// The same from ATAC latents.
  std::vector<float> predict(ThreadPool& pool, std::span<const float> atac_latents,
                             const OutputLayer& layer) const;

 private:
  /// A chromosome's part of the ATAC decoder: Linear + BatchNorm → PReLU → Linear.
  struct ChromosomeDecoder {
    DenseLayer hidden;
    float slope = 0;
    DenseLayer out;
  };
  struct Discriminator {
    DenseLayer first, second, third;
    float slope_first = 0, slope_second = 0;
  };

  static Discriminator load_discriminator(const SurrogateFile& file, const std::string& prefix);
  std::vector<float> score(ThreadPool& pool, const Discriminator& network,
                           std::span<const float> latents) const;
  std::vector<float> map(ThreadPool& pool, const LatentMap& map,
                         std::span<const float> latents) const;
  /// The decoder's layers before the last, on one block: `out` is kTailRows × rna_hidden_1;
  /// `hidden_1` and `hidden_2`, unless null, receive the pre-activations.
  void decoder_hidden(const float* rna_latents, float* hidden_2, float* hidden_1, float* out) const;

  /// hidden · weights + start, of a layer that is not `by_row`; whole blocks where it is not
  /// packed.
  void multiply_layer(const OutputLayer& layer, int64_t rows, const float* hidden,
                      const float* start, float* out) const;

  SurrogateShape shape_;
  AtacEncoder encoder_;
  LatentMap atac_to_rna_;
  LatentMap rna_to_atac_;
  DenseLayer decoder_in_;      ///< latent → rna_hidden_2
  DenseLayer decoder_middle_;  ///< rna_hidden_2 → rna_hidden_1
  DenseLayer decoder_out_;     ///< rna_hidden_1 → genes
  float decoder_slope_in_ = 0;
  float decoder_slope_middle_ = 0;
  DenseLayer rna_in_, rna_middle_, rna_out_;  ///< RNA encoder
  float rna_slope_in_ = 0, rna_slope_middle_ = 0;
  DenseLayer atac_decoder_in_;  ///< latent → chromosomes · atac_hidden
  std::vector<ChromosomeDecoder> atac_decoders_;
  Discriminator atac_discriminator_, rna_discriminator_;
};

}  // namespace grids::core
