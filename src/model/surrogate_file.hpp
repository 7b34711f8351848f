/// A trained surrogate as a file: safetensors with the published tensor names, and in the header
/// what is needed to use it on a study: layer sizes, peaks, genes, chromosomes, types, options.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/cis_path.hpp"
#include "model/safetensors.hpp"
#include "study/study.hpp"

namespace grids::core {

/// Sizes of all layers (defaults: published-settings, "Surrogate").
struct SurrogateShape {
  std::vector<int64_t> chromosome_peaks;  ///< peaks of each chromosome, in the study's order
  int64_t genes = 0;
  int64_t atac_embedding = 16;  ///< d_h: vector of each state of each peak
  int64_t atac_hidden = 32;     ///< per chromosome
  int64_t rna_hidden_1 = 640;
  int64_t rna_hidden_2 = 320;
  int64_t latent = 20;
  int64_t experts = 9;  ///< affine maps in each layer of f_AR, f_RA
  int64_t gate_hidden = 128;
  int64_t map_layers = 3;
  int64_t discriminator_columns = 9;  ///< max(9, types)

  int64_t chromosomes() const { return static_cast<int64_t>(chromosome_peaks.size()); }
  int64_t peaks() const;
  bool operator==(const SurrogateShape&) const = default;
};

struct SurrogateFile {
  SurrogateShape shape;
  std::map<std::string, Tensor> tensors;  ///< names of `conformance/*.model.safetensors`
  std::vector<std::string> peaks;         ///< names; empty in files of the published code
  std::vector<std::string> genes;
  std::vector<std::string> chromosomes;
  std::vector<std::string> cell_types;
  std::vector<std::string> donors;   ///< empty in files of 0.1
  std::vector<std::string> batches;  ///< likewise
  std::string options = "{}";        ///< JSON: how it was trained
};

/// Of this or any earlier version, which may lack a cis path. Throws Error(kInput) that names the
/// tensor that is missing, misshapen or not finite, those of the cis path included, or both formats
/// when a later version wrote the file.
SurrogateFile read_surrogate(const std::filesystem::path& path);
void write_surrogate(const std::filesystem::path& path, const SurrogateFile& file);

/// The cis path of the tensors "cis.…", or nothing where there are none. Throws Error(kInput) that
/// names the tensor that is missing, misshapen or does not fit the surrogate.
std::optional<CisPath> cis_path_of(const SurrogateFile& file);
/// Puts a cis path in the place of the file's own; null: takes it away.
void set_cis_path(SurrogateFile& file, const CisPath* path);

/// Throws Error(kInput) when cell types, donors, batches or response are not those of the study.
void require_same_cells(const CisPath& path, const SurrogateFile& surrogate, const Study& study);

/// Throws Error(kInput) that says which peaks and genes of the study and the surrogate differ.
void require_same_features(const SurrogateFile& surrogate, const Study& study);

}  // namespace grids::core
