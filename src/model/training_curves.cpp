#include "model/training_curves.hpp"

namespace grids::core {

Columns<CurvePoint> curve_columns() {
  using Point = CurvePoint;
  return {"training.tsv",
          "a row for each loss whenever it is judged",
          {{"stage", "`atac`, `rna`, then `joint` or `align`", &Point::stage},
           {"step", "training step of the stage, from 1", &Point::step},
           {"split",
            "`train`: mean over the steps since the row before; `validation`: all validation cells",
            &Point::split},
           {"loss", "which term", &Point::loss},
           {"value", "lower is better; terms are not comparable with each other", &Point::value}}};
}

}  // namespace grids::core
