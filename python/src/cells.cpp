/// Raw cells: as Python has them in memory, or of files; and what is made of them.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <memory>
#include <variant>

#include "arrays.hpp"
#include "binding.hpp"
#include "running.hpp"

namespace scgrids {
namespace {

using AnyArray = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

/// Keeps an array of Python's alive, whichever thread lets it go.
std::shared_ptr<const void> keeper_of(const AnyArray& array) {
  auto* held = new AnyArray(array);
  return {held, [](const void* p) {
            const nb::gil_scoped_acquire lock;
            delete static_cast<const AnyArray*>(p);
          }};
}

template <typename T>
bool show_as(const AnyArray& array, grids::StoredArray& stored) {
  if (array.dtype() != nb::dtype<T>()) return false;
  stored.entries = std::span<const T>(static_cast<const T*>(array.data()), array.size());
  return true;
}

using Attributes = std::vector<std::pair<std::string, grids::StoredAttribute>>;

std::map<std::string, grids::StoredAttribute> attributes_of(Attributes&& given) {
  return {std::make_move_iterator(given.begin()), std::make_move_iterator(given.end())};
}

void add_numbers(grids::StoredGroup& group, const std::string& name, const AnyArray& array,
                 bool boolean, Attributes attributes) {
  grids::StoredArray stored;
  for (size_t d = 0; d < array.ndim(); ++d) {
    stored.shape.push_back(static_cast<int64_t>(array.shape(d)));
  }
  const bool known = show_as<float>(array, stored) || show_as<double>(array, stored) ||
                     show_as<int8_t>(array, stored) || show_as<uint8_t>(array, stored) ||
                     show_as<int32_t>(array, stored) || show_as<uint32_t>(array, stored) ||
                     show_as<int64_t>(array, stored);
  if (!known) throw nb::type_error(("array '" + name + "' has a type that is not read").c_str());
  stored.boolean = boolean;
  stored.owner = keeper_of(array);
  stored.attributes = attributes_of(std::move(attributes));
  group.arrays[name] = std::make_shared<grids::StoredArray>(std::move(stored));
}

void add_texts(grids::StoredGroup& group, const std::string& name, std::vector<std::string> texts,
               bool scalar, Attributes attributes) {
  grids::StoredArray stored;
  if (!scalar) stored.shape = {static_cast<int64_t>(texts.size())};
  stored.entries = std::move(texts);
  stored.attributes = attributes_of(std::move(attributes));
  group.arrays[name] = std::make_shared<grids::StoredArray>(std::move(stored));
}

nb::list columns_of(std::vector<grids::FrameColumn>&& columns) {
  nb::list result;
  for (auto& column : columns) {
    nb::object values;
    if (auto* numbers = std::get_if<std::vector<double>>(&column.values)) {
      values = nb::cast(owning(std::move(*numbers)));
    } else {
      values = nb::cast(std::get<std::vector<std::string>>(column.values));
    }
    result.append(nb::make_tuple(column.name, values, column.categories));
  }
  return result;
}

nb::dict raw_dict(grids::RawCells&& raw) {
  nb::dict result;
  result["source"] = raw.source;
  result["barcodes"] = raw.barcodes;
  result["features"] = raw.features;
  result["obs"] = columns_of(std::move(raw.obs));
  result["var"] = columns_of(std::move(raw.var));
  result["offsets"] = owning(std::move(raw.counts.offsets));
  result["indices"] = owning(std::move(raw.counts.indices));
  result["values"] = owning(std::move(raw.counts.values));
  return result;
}

}  // namespace

void bind_cells(nb::module_& m) {
  nb::class_<grids::StoredGroup>(m, "StoredGroup", "A group as AnnData lays it out in a file.")
      .def(nb::init<>())
      .def("add_group",
           [](grids::StoredGroup& group, const std::string& name, const grids::StoredGroup& part) {
             group.groups[name] = std::make_shared<grids::StoredGroup>(part);
           })
      .def("add_numbers", &add_numbers, nb::arg("name"), nb::arg("array"), nb::arg("boolean"),
           nb::arg("attributes"))
      .def("add_texts", &add_texts, nb::arg("name"), nb::arg("texts"), nb::arg("scalar"),
           nb::arg("attributes"))
      .def("set_attribute",
           [](grids::StoredGroup& group, const std::string& name,
              grids::StoredAttribute attribute) { group.attributes[name] = std::move(attribute); });
  nb::class_<grids::Cells>(m, "Cells", "Raw cells: nothing matched, filtered or normalised yet.")
      .def("raw", [](const grids::Cells& cells) {
        std::pair<grids::RawCells, grids::RawCells> raw;
        {
          const nb::gil_scoped_release free;
          raw = grids::raw_cells(cells);
        }
        return nb::make_tuple(raw_dict(std::move(raw.first)), raw_dict(std::move(raw.second)));
      });
  m.def("read_cells",
        [](const Run& with, const std::filesystem::path& path, const GivenOptions& given) {
          return run(with, [&](grids::Session& session) {
            return grids::read_cells(path, options_of(given), session);
          });
        });
  m.def("cells_of", [](const Run& with, const grids::StoredGroup& root, const std::string& name,
                       const GivenOptions& given) {
    return run(with, [&](grids::Session& session) {
      return grids::read_cells(std::make_shared<grids::StoredGroup>(root), name, options_of(given),
                               session);
    });
  });
  m.def("prepare", [](const Run& with, grids::Cells& cells, const GivenOptions& given) {
    auto made = run(with, [&](grids::Session& session) {
      return grids::prepare_with_places(std::move(cells), options_of(given), session);
    });
    return nb::make_tuple(std::move(made.study), owning(std::move(made.cells)),
                          owning(std::move(made.genes)), owning(std::move(made.peaks)),
                          std::move(made.table));
  });
}

}  // namespace scgrids
