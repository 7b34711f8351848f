/// scgrids._core: libgrids for Python. What is Python's own (names, DataFrames, AnnData, figures)
/// is in python/scgrids; here every function takes and returns plain things.
#include "binding.hpp"
#include "grids/grids.hpp"

NB_MODULE(_core, m) {
  using namespace scgrids;
  m.doc() = "libgrids for Python; scgrids is what people use.";
  m.attr("version") = grids::version();
  bind_running(m);
  bind_cells(m);
  bind_study(m);
  bind_surrogate(m);
  bind_results(m);
  bind_own_model(m);
  bind_view(m);
}
