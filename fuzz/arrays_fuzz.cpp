#include "fuzz.hpp"
#include "io/feature_matrix.hpp"
#include "io/npy.hpp"

namespace {

using namespace grids::core;

/// .npy and .npz, as which the bytes begin.
void read(const std::filesystem::path& path) {
  fuzz::attempt([&] { read_npy(path); });
  for (const auto& name : npz_names(path)) {
    fuzz::attempt([&] { read_npz(path, name); });
  }
  FeatureMatrixInput input;
  input.path = path;
  read_feature_matrix(input);
}

}  // namespace

GRIDS_FUZZ_FILE(read)
