#include "train/networks.hpp"

#include <cmath>
#include <cstring>

#include "base/error.hpp"
#include "base/random.hpp"
#include "train/kernels_norm.hpp"

namespace grids {
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

/// Collects a network's tensors under their published names.
class Names {
 public:
  explicit Names(std::string prefix) : prefix_(std::move(prefix)) {}

  void add(const std::string& name, at::Tensor& tensor, Stacking stacking = Stacking::kWhole,
           bool trainable = true) {
    list.push_back({prefix_ + name, &tensor, stacking, trainable});
  }
  void add(const std::string& name, LinearLayer& layer, Stacking stacking = Stacking::kWhole) {
    add(name + ".weight", layer.weight, stacking);
    add(name + ".bias", layer.bias, stacking);
  }
  void add(const std::string& name, BatchNorm& norm, Stacking stacking = Stacking::kWhole) {
    add(name + ".weight", norm.weight, stacking);
    add(name + ".bias", norm.bias, stacking);
    add(name + ".running_mean", norm.running_mean, stacking, false);
    add(name + ".running_var", norm.running_var, stacking, false);
    add(name + ".num_batches_tracked", norm.batches,
        stacking == Stacking::kWhole ? Stacking::kWhole : Stacking::kRepeated, false);
  }
  void add(const std::string& name, Prelu& prelu, Stacking stacking = Stacking::kWhole) {
    add(name + ".weight", prelu.slope, stacking);
  }

  std::vector<NamedTensor> list;

 private:
  std::string prefix_;
};

std::vector<NamedTensor> names_of(AtacNetwork& net) {
  Names names("atac_model.");
  constexpr auto kEach = Stacking::kChromosomes;
  names.add("embedding.weight", net.embedding);
  names.add("in_split_layer.{}.1", net.sums_norm, kEach);
  names.add("in_split_layer.{}.2", net.sums_prelu, kEach);
  names.add("in_split_layer.{}.3", net.hidden, kEach);
  names.add("in_split_layer.{}.4", net.hidden_norm, kEach);
  names.add("in_split_layer.{}.5", net.hidden_prelu, kEach);
  names.add("encoder.0", net.encoder_0);
  names.add("encoder.1", net.encoder_1);
  names.add("decoder.0", net.decoder_0);
  names.add("decoder.1", net.decoder_norm);
  names.add("out_split_layer.{}.0", net.out, kEach);
  names.add("out_split_layer.{}.1", net.out_norm, kEach);
  names.add("out_split_layer.{}.2", net.out_prelu, kEach);
  names.add("out_split_layer.{}.3", net.head, Stacking::kPeaks);
  return names.list;
}

std::vector<NamedTensor> names_of(RnaNetwork& net) {
  Names names("rna_model.");
  names.add("encoder.0", net.encoder_0);
  names.add("encoder.1", net.encoder_1);
  names.add("encoder.2", net.encoder_2);
  names.add("encoder.3", net.encoder_3);
  names.add("encoder.4", net.encoder_4);
  names.add("encoder.5", net.encoder_5);
  names.add("encoder.6", net.encoder_6);
  names.add("decoder.0", net.decoder_0);
  names.add("decoder.1", net.decoder_1);
  names.add("decoder.2", net.decoder_2);
  names.add("decoder.3", net.decoder_3);
  names.add("decoder.4", net.decoder_4);
  names.add("decoder.5", net.decoder_5);
  names.add("decoder.6", net.decoder_6);
  return names.list;
}

std::vector<NamedTensor> names_of(AffineMap& map, const char* prefix) {
  Names names(prefix);
  for (size_t layer = 0; layer < map.matrices.size(); ++layer) {
    names.add(fmt::format("affine_matrices.{}", layer), map.matrices[layer]);
  }
  for (size_t layer = 0; layer < map.offsets.size(); ++layer) {
    names.add(fmt::format("affine_offsets.{}", layer), map.offsets[layer]);
  }
  names.add("fc_loc.0", map.gate_0);
  names.add("fc_loc.2", map.gate_2);
  names.add("act", map.prelu);
  return names.list;
}

std::vector<NamedTensor> names_of(Discriminator& net, const char* prefix) {
  Names names(prefix);
  names.add("w_d.0", net.layer_0);
  names.add("w_d.1", net.prelu_1);
  names.add("w_d.3", net.layer_3);
  names.add("w_d.4", net.prelu_4);
  names.add("w_d.5", net.layer_5);
  return names.list;
}

/// The published tensors that a stacked one consists of: name and the range of the first dimension.
struct Piece {
  std::string name;
  int64_t begin;
  int64_t length;
};

std::vector<Piece> pieces_of(const NamedTensor& named, const SurrogateShape& shape) {
  const int64_t rows = named.tensor->size(0);
  if (named.stacking == Stacking::kWhole) return {{named.name, 0, rows}};
  const int64_t chromosomes = shape.chromosomes();
  std::vector<Piece> pieces;
  int64_t begin = 0;
  for (int64_t c = 0; c < chromosomes; ++c) {
    int64_t length = rows / chromosomes;
    if (named.stacking == Stacking::kPeaks) length = shape.chromosome_peaks[static_cast<size_t>(c)];
    if (named.stacking == Stacking::kRepeated) length = rows;
    pieces.push_back({fmt::format(fmt::runtime(named.name), c), begin, length});
    if (named.stacking != Stacking::kRepeated) begin += length;
  }
  return pieces;
}

std::vector<int64_t> piece_shape(const at::Tensor& tensor, int64_t length) {
  auto shape = tensor.sizes().vec();
  shape[0] = length;
  return shape;
}

/// Linear layers are those with a weight of two dimensions; their bias follows it.
void draw_weights(std::vector<NamedTensor> tensors, uint64_t seed, double embedding_deviation) {
  double bound = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const NamedTensor& named = tensors[i];
    if (!named.trainable) continue;
    RandomStream random(seed, Purpose::kWeights, i);
    float* values = named.tensor->data_ptr<float>();
    const int64_t count = named.tensor->numel();
    const bool embedding = named.name.find("embedding") != std::string::npos;
    if (embedding || named.name.find("affine_") != std::string::npos) {
      const double deviation = embedding ? embedding_deviation : 1.0;
      for (int64_t k = 0; k < count; ++k) {
        values[k] = static_cast<float>(deviation * random.normal());
      }
      continue;
    }
    const bool weight = named.tensor->dim() == 2;
    const bool bias = i > 0 && tensors[i - 1].tensor->dim() == 2 && named.name.ends_with(".bias");
    if (weight) bound = 1.0 / std::sqrt(static_cast<double>(named.tensor->size(1)));
    if (!weight && !bias) continue;  // BatchNorm and PReLU start where they are made
    for (int64_t k = 0; k < count; ++k) {
      values[k] = static_cast<float>(bound * (2 * random.uniform() - 1));
    }
  }
}

}  // namespace

at::Tensor LinearLayer::operator()(const Pass& pass, const at::Tensor& x) const {
  return linear(pass, x, weight, bias);
}

NormTensors BatchNorm::statistics(const Pass& pass, const at::Tensor& x) {
  const at::NoGradGuard no_grad;
  const int64_t rows = x.size(0), columns = x.size(1);
  NormTensors norm{weight, bias, running_mean, pass.take({columns}),
                   pass.statistics != Statistics::kRunning};
  const float* variance = running_var.data_ptr<float>();
  at::Tensor own_variance;
  if (norm.of_batch) {
    norm.mean = pass.take({columns});
    own_variance = pass.take({columns});
    column_moments(pass.pool, rows, columns, x.data_ptr<float>(), norm.mean.data_ptr<float>(),
                   own_variance.data_ptr<float>());
    variance = own_variance.data_ptr<float>();
  }
  float* inverse = norm.inverse.data_ptr<float>();
  for (int64_t i = 0; i < columns; ++i) {
    inverse[i] = static_cast<float>(1 / std::sqrt(static_cast<double>(variance[i]) + kEpsilon));
  }
  if (pass.statistics == Statistics::kBatch) {
    ++*batches.data_ptr<int64_t>();
    const auto cells = static_cast<double>(rows);
    const float* mean = norm.mean.data_ptr<float>();
    float* mean_to = running_mean.data_ptr<float>();
    float* variance_to = running_var.data_ptr<float>();
    for (int64_t i = 0; i < columns; ++i) {
      const double unbiased = variance[i] * cells / (cells - 1);
      mean_to[i] = static_cast<float>((1 - kMomentum) * mean_to[i] + kMomentum * mean[i]);
      variance_to[i] = static_cast<float>((1 - kMomentum) * variance_to[i] + kMomentum * unbiased);
    }
  }
  return norm;
}

at::Tensor BatchNorm::operator()(const Pass& pass, const at::Tensor& x) {
  return normalise(pass, x, statistics(pass, x), {});
}

at::Tensor BatchNorm::operator()(const Pass& pass, const at::Tensor& x, const Prelu& prelu) {
  return normalise(pass, x, statistics(pass, x), prelu.slope);
}

at::Tensor Prelu::operator()(const at::Tensor& x) const {
  return at::prelu(x, slope);
}

at::Tensor AtacNetwork::encode(const Pass& pass, const BlockedRows& open) {
  at::Tensor x = chromosome_sums(pass, blocks, open, embedding);
  x = sums_norm(pass, x, sums_prelu);
  x = block_linear(pass, blocks.chromosomes(), x, hidden.weight, hidden.bias);
  x = hidden_norm(pass, x, hidden_prelu);
  return encoder_1(pass, encoder_0(pass, x));
}

at::Tensor AtacNetwork::decode_hidden(const Pass& pass, const at::Tensor& latent) {
  at::Tensor x = decoder_norm(pass, decoder_0(pass, latent));
  x = block_linear(pass, blocks.chromosomes(), x, out.weight, out.bias);
  return out_norm(pass, x, out_prelu);
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
  at::Tensor x = encoder_1(pass, encoder_0(pass, expression), encoder_2);
  x = encoder_4(pass, encoder_3(pass, x), encoder_5);
  return encoder_6(pass, x);
}

at::Tensor RnaNetwork::decode(const Pass& pass, const at::Tensor& latent) {
  at::Tensor x = decoder_1(pass, decoder_0(pass, latent), decoder_2);
  x = decoder_4(pass, decoder_3(pass, x), decoder_5);
  return decoder_6(pass, x);
}

at::Tensor AffineMap::operator()(const Pass& pass, const at::Tensor& latent) const {
  const at::Tensor gate = at::softmax(gate_2(pass, at::relu(gate_0(pass, latent))), 1);
  const int64_t cells = latent.size(0), width = latent.size(1), experts = gate.size(1);
  at::Tensor x = latent;
  for (size_t layer = 0; layer < matrices.size(); ++layer) {
    if (layer > 0) x = prelu(x);
    // Σ_k w_k A_k x is one product of [w_1 x, …, w_K x, w] with [A_1, …, A_K, o]: no matrix a cell.
    const at::Tensor spread =
        (gate.unsqueeze(2) * x.unsqueeze(1)).reshape({cells, experts * width});
    const at::Tensor joined = matrices[layer]
                                  .view({experts, width, width})
                                  .permute({1, 0, 2})
                                  .reshape({width, experts * width});
    x = linear(pass, at::cat({spread, gate}, 1), at::cat({joined, offsets[layer].t()}, 1),
               zeros({width}));
  }
  return x;
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

SurrogateNetworks::SurrogateNetworks(const SurrogateShape& given, uint64_t seed,
                                     double embedding_deviation)
    : SurrogateNetworks(given) {
  draw_weights(tensors(), seed, embedding_deviation);
}

SurrogateNetworks::SurrogateNetworks(const SurrogateFile& file) : SurrogateNetworks(file.shape) {
  import_tensors(file.tensors);
}

std::vector<NamedTensor> SurrogateNetworks::tensors(Part part) {
  switch (part) {
    case Part::kAtac:
      return names_of(atac);
    case Part::kRna:
      return names_of(rna);
    case Part::kAtacToRna:
      return names_of(atac2rna, "atac2rna_model.");
    case Part::kRnaToAtac:
      return names_of(rna2atac, "rna2atac_model.");
    case Part::kAtacDiscriminator:
      return names_of(atac_discriminator, "atac_discriminator.");
    case Part::kRnaDiscriminator:
      return names_of(rna_discriminator, "rna_discriminator.");
  }
  throw internal_error("unknown part of the surrogate");
}

std::vector<NamedTensor> SurrogateNetworks::tensors() {
  std::vector<NamedTensor> all;
  for (const Part part : {Part::kAtac, Part::kRna, Part::kAtacToRna, Part::kRnaToAtac,
                          Part::kAtacDiscriminator, Part::kRnaDiscriminator}) {
    const auto some = tensors(part);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

void SurrogateNetworks::train_only(const std::vector<Part>& parts) {
  for (const auto& named : tensors()) {
    if (!named.trainable) continue;
    named.tensor->set_requires_grad(false);
    named.tensor->mutable_grad().reset();
  }
  for (const Part part : parts) {
    for (const auto& named : tensors(part)) {
      if (named.trainable) named.tensor->set_requires_grad(true);
    }
  }
}

std::map<std::string, Tensor> SurrogateNetworks::export_tensors() {
  std::map<std::string, Tensor> result;
  for (const auto& named : tensors()) {
    const bool counter = named.tensor->scalar_type() == at::kLong;
    for (const Piece& piece : pieces_of(named, shape)) {
      const at::Tensor part = named.tensor->detach().narrow(0, piece.begin, piece.length);
      Tensor& copy = result[piece.name];
      copy.type = counter ? Tensor::Type::kI64 : Tensor::Type::kF32;
      copy.shape = piece_shape(*named.tensor, piece.length);
      copy.bytes.resize(part.nbytes());
      std::memcpy(copy.bytes.data(), part.data_ptr(), part.nbytes());
    }
  }
  return result;
}

void SurrogateNetworks::import_tensors(const std::map<std::string, Tensor>& from) {
  for (const auto& named : tensors()) {
    const bool counter = named.tensor->scalar_type() == at::kLong;
    for (const Piece& piece : pieces_of(named, shape)) {
      const auto found = from.find(piece.name);
      if (found == from.end()) throw input_error("no tensor '{}'", piece.name);
      const Tensor& source = found->second;
      at::Tensor part = named.tensor->detach().narrow(0, piece.begin, piece.length);
      const auto expected = piece_shape(*named.tensor, piece.length);
      // A counter of the published code may be a scalar.
      const bool fits = counter ? source.size() == 1 : source.shape == expected;
      if (!fits || source.type != (counter ? Tensor::Type::kI64 : Tensor::Type::kF32)) {
        throw input_error("tensor '{}' has shape [{}], expected [{}]", piece.name,
                          fmt::join(source.shape, ", "), fmt::join(expected, ", "));
      }
      std::memcpy(part.data_ptr(), source.bytes.data(), part.nbytes());
    }
  }
}

at::Tensor SurrogateNetworks::predict_rna(const Pass& pass, const BlockedRows& open) {
  return rna.decode(pass, atac2rna(pass, atac.encode(pass, open)));
}

}  // namespace grids
