#include "search/maskable_model.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "support/formula_model.hpp"

namespace grids::core {
namespace {

/// Masks only.
class PlainModel : public testing::FormulaModel {
 public:
  using FormulaModel::FormulaModel;
  std::unique_ptr<GradientState> begin_relaxed(std::span<const int32_t> cells,
                                               std::span<const int32_t> outputs,
                                               const Relaxation& relaxation) const override {
    return MaskableModel::begin_relaxed(cells, outputs, relaxation);
  }
};

std::string complaint(const MaskableModel& model, const Relaxation& relaxation) {
  const std::vector<int32_t> cells = {0}, outputs = {0};
  try {
    model.begin_relaxed(cells, outputs, relaxation);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "";
}

TEST(MaskableModel, SaysWhichRelaxationItDoesNotTake) {
  const auto first = [](const std::vector<double>& x) { return x[0]; };
  const std::vector<Feature> features = {0};
  const std::vector<float> half = {0.5f};
  const std::vector<CellGates> gates = {{features, half}};
  const PlainModel plain(2, first);
  EXPECT_NE(complaint(plain, Noise{}).find("noise"), std::string::npos);
  EXPECT_NE(complaint(plain, gates).find("gates"), std::string::npos);
  const testing::FormulaModel gated(2, first);
  EXPECT_NE(complaint(gated, Noise{}).find("noise"), std::string::npos);
  EXPECT_EQ(complaint(gated, gates), "");
}

}  // namespace
}  // namespace grids::core
