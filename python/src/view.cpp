/// The live page.
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>

#include "binding.hpp"
#include "running.hpp"

namespace scgrids {
namespace {

grids::SessionSettings settings_of(const Run& with) {
  grids::SessionSettings settings;
  settings.seed = with.seed;
  settings.threads = with.threads;
  return settings;
}

}  // namespace

void bind_view(nb::module_& m) {
  nb::class_<grids::View>(m, "View", "The live page, served while it lives.")
      .def_prop_ro("address", &grids::View::address)
      .def("stop", &grids::View::stop, nb::call_guard<nb::gil_scoped_release>());
  m.def("view", [](const Run& with, const std::filesystem::path& results, const grids::Study& study,
                   const grids::Surrogate& surrogate, int port) {
    return run(with, [&](grids::Session&) {
      return grids::View(results, study, surrogate, port, settings_of(with));
    });
  });
  m.def("view_folder",
        [](const Run& with, const std::filesystem::path& results,
           const std::filesystem::path& study, const std::filesystem::path& surrogate, int port) {
          return run(with, [&](grids::Session&) {
            return grids::View(results, study, surrogate, port, settings_of(with));
          });
        });
}

}  // namespace scgrids
