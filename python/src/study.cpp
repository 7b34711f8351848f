/// A prepared experiment.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrays.hpp"
#include "binding.hpp"
#include "running.hpp"

namespace scgrids {
namespace {

nb::dict places_dict(const std::vector<grids::GenePlace>& places) {
  std::vector<std::string> names, chromosomes, strands;
  std::vector<int64_t> starts, ends;
  for (const auto& place : places) {
    names.push_back(place.name);
    chromosomes.push_back(place.chromosome);
    starts.push_back(place.start);
    ends.push_back(place.end);
    strands.emplace_back(1, place.strand);
  }
  nb::dict result;
  result["name"] = names;
  result["chrom"] = chromosomes;
  result["start"] = owning(std::move(starts));
  result["end"] = owning(std::move(ends));
  result["strand"] = strands;
  return result;
}

nb::tuple sparse_tuple(const grids::SparseRows& rows, const grids::Study& keeper) {
  return nb::make_tuple(rows.rows, rows.columns, showing(rows.offsets, keeper),
                        showing(rows.indices, keeper),
                        rows.values.empty() ? nb::none() : nb::cast(showing(rows.values, keeper)));
}

std::vector<int8_t> parts_of(const grids::Study& study) {
  std::vector<int8_t> parts(study.barcodes().size());
  for (size_t i = 0; i < parts.size(); ++i) {
    parts[i] = static_cast<int8_t>(study.part_of_cell(static_cast<int64_t>(i)));
  }
  return parts;
}

}  // namespace

void bind_study(nb::module_& m) {
  nb::class_<grids::Study>(m, "Study", "A prepared experiment.")
      .def_static("read",
                  [](const Run& with, const std::filesystem::path& path) {
                    return run(with, [&](grids::Session&) { return grids::Study::read(path); });
                  })
      .def("write",
           [](const grids::Study& study, const Run& with, const std::filesystem::path& path) {
             run(with, [&](grids::Session&) {
               study.write(path);
               return true;
             });
           })
      .def_prop_ro("barcodes", [](const grids::Study& study) { return study.barcodes(); })
      .def_prop_ro("peaks", [](const grids::Study& study) { return study.peaks(); })
      .def_prop_ro("genes", [](const grids::Study& study) { return study.genes(); })
      .def_prop_ro("cell_types", [](const grids::Study& study) { return study.cell_types(); })
      .def_prop_ro("batches", [](const grids::Study& study) { return study.batches(); })
      .def_prop_ro(
          "rows_in_file",
          [](const grids::Study& study) { return nb::cast(showing(study.rows_in_file(), study)); })
      .def_prop_ro(
          "type_of_cell",
          [](const grids::Study& study) { return nb::cast(showing(study.type_of_cell(), study)); })
      .def_prop_ro("part_of_cell",
                   [](const grids::Study& study) { return nb::cast(owning(parts_of(study))); })
      .def_prop_ro("open",
                   [](const grids::Study& study) { return sparse_tuple(study.open(), study); })
      .def_prop_ro(
          "expression",
          [](const grids::Study& study) { return sparse_tuple(study.expression(), study); })
      .def_prop_ro("gene_places",
                   [](const grids::Study& study) { return places_dict(grids::gene_places(study)); })
      .def_prop_ro("peak_places", [](const grids::Study& study) {
        return places_dict(grids::peak_places(study));
      });
}

}  // namespace scgrids
