/// The learned model.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrays.hpp"
#include "binding.hpp"
#include "running.hpp"

namespace scgrids {

void bind_surrogate(nb::module_& m) {
  nb::class_<grids::Surrogate>(m, "Surrogate", "The learned model from open peaks to expression.")
      .def_static("read",
                  [](const std::filesystem::path& path) {
                    const nb::gil_scoped_release free;
                    return grids::Surrogate::read(path);
                  })
      .def("write",
           [](const grids::Surrogate& surrogate, const std::filesystem::path& path) {
             const nb::gil_scoped_release free;
             surrogate.write(path);
           })
      .def_prop_ro("has_cis", &grids::Surrogate::has_cis)
      .def("without_cis", &grids::Surrogate::without_cis, nb::call_guard<nb::gil_scoped_release>());
  m.def("train", [](const Run& with, const grids::Study& study, const GivenOptions& given) {
    return run(with, [&](grids::Session& session) {
      return grids::train(study, options_of(given), session);
    });
  });
  m.def("fit_cis", [](const Run& with, const grids::Study& study, const grids::Surrogate& surrogate,
                      const GivenOptions& given) {
    auto fitted = run(with, [&](grids::Session& session) {
      return grids::fit_cis_table(study, surrogate, options_of(given), session);
    });
    return nb::make_tuple(std::move(fitted.surrogate), std::move(fitted.table));
  });
  using Positions = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
  m.def("predict", [](const Run& with, const grids::Study& study, const grids::Surrogate& surrogate,
                      const Positions& cells, const Positions& masked) {
    auto made = run(with, [&](grids::Session& session) {
      return grids::predict(study, surrogate, {cells.data(), cells.size()},
                            {masked.data(), masked.size()}, session);
    });
    const auto rows = static_cast<size_t>(made.rows);
    const auto columns = static_cast<size_t>(made.columns);
    return owning(std::move(made.values), {rows, columns});
  });
}

}  // namespace scgrids
