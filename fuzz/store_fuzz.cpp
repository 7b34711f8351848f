// AnnData, MuData and studies in a store whose contents are hostile.
#include "fuzz.hpp"
#include "hostile_store.hpp"
#include "io/anndata.hpp"
#include "io/mudata.hpp"
#include "io/store_walk.hpp"
#include "study/study.hpp"
#include "study/unpaired_study.hpp"

namespace {

using namespace grids::core;

void read_modalities(const store::Group& root) {
  const auto names = find_modalities(root, {});
  for (const auto& name : {names.rna, names.atac}) {
    fuzz::attempt([&] { read_anndata(root.group("mod/" + name), {}); });
    fuzz::attempt([&] { read_matrix(root.group("mod/" + name), "X"); });
    fuzz::attempt([&] {
      const MatrixRows rows(root.group("mod/" + name), "X");
      CsrMatrix block;
      rows.read(0, std::min<int64_t>(rows.rows(), 100), block);
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Choices choices(data, size);
  const store::Group root(fuzz::hostile_study(choices));
  fuzz::attempt([&] { read_study(root); });
  fuzz::attempt([&] { read_unpaired_study(root); });
  fuzz::attempt([&] { read_modalities(root); });
  fuzz::attempt([&] { store::walk(root, store::WalkBulk::kEnds, [](const std::string&) {}); });
  return 0;
}
