/// scgrids._core: libgrids for Python. What is Python's own (names, DataFrames, AnnData, figures)
/// is in python/scgrids; here every function takes and returns plain things.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <algorithm>

#include "arrays.hpp"
#include "grids/commands.hpp"
#include "grids/grids.hpp"
#include "running.hpp"

namespace scgrids {

void hand_on(const nb::object& reporter, const Said::One& one) {
  if (reporter.is_none()) return;
  switch (one.kind) {
    case Said::Kind::kInfo:
      reporter.attr("info")(one.text);
      return;
    case Said::Kind::kWarning:
      reporter.attr("warning")(one.text);
      return;
    case Said::Kind::kProgress:
      reporter.attr("progress")(one.text, one.done, one.total);
      return;
  }
}

namespace {

/// Name and words of each option.
using GivenOptions = std::vector<std::pair<std::string, std::vector<std::string>>>;

grids::Options options_of(const GivenOptions& given) {
  grids::Options options;
  options.reserve(given.size());
  for (const auto& [name, words] : given) options.emplace_back(name, words);
  return options;
}

// ---- cells ----

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

// ---- results ----

/// Column by column, as texts.
nb::list columns_of(const grids::Table& table) {
  nb::list columns;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    nb::list column;
    // Cells of a column repeat: types, genes, notes.
    const std::string* before = nullptr;
    nb::object text;
    for (const auto& row : table.rows) {
      if (before == nullptr || row[c] != *before) {
        text = nb::cast(row[c]);
        before = &row[c];
      }
      column.append(text);
    }
    columns.append(column);
  }
  return columns;
}

nb::dict knockout_dict(grids::Knockout&& found) {
  nb::dict result;
  result["cell_types"] = found.cell_types;
  result["genes"] = owning(std::move(found.genes));
  result["is_matrix"] = found.is_matrix;
  nb::list matrices;
  for (auto& type : found.matrices) {
    nb::dict one;
    const auto rows = static_cast<size_t>(type.change.rows);
    const auto columns = static_cast<size_t>(type.change.columns);
    one["cell_type"] = type.cell_type;
    one["open_cells"] = owning(std::move(type.open_cells));
    one["mean_prediction"] = owning(std::move(type.mean_prediction));
    one["change"] = owning(std::move(type.change.values), {rows, columns});
    matrices.append(one);
  }
  result["matrices"] = matrices;
  auto& rows = found.rows;
  result["cell_type"] = owning(std::move(rows.cell_type));
  result["gene"] = owning(std::move(rows.gene));
  result["peak"] = owning(std::move(rows.peak));
  result["open_cells"] = owning(std::move(rows.open_cells));
  result["change"] = owning(std::move(rows.change));
  result["change_cp100k"] = owning(std::move(rows.change_cp100k));
  return result;
}

// ---- the lock of h5py ----

/// h5py's lock, where h5py is loaded: held around every use of HDF5. Debian's HDF5 is not safe for
/// several threads, and h5py of Debian is linked with the same one.
void* take_lock_of_h5py() {
  if (Py_IsInitialized() == 0) return nullptr;
  const nb::gil_scoped_acquire lock;
  PyObject* name = PyUnicode_FromString("h5py._hl.base");
  PyObject* module = PyImport_GetModule(name);
  Py_DECREF(name);
  PyObject* phil = module == nullptr ? nullptr : PyObject_GetAttrString(module, "phil");
  Py_XDECREF(module);
  PyObject* taken = phil == nullptr ? nullptr : PyObject_CallMethod(phil, "acquire", nullptr);
  if (taken == nullptr) {
    PyErr_Clear();
    Py_XDECREF(phil);
    return nullptr;
  }
  Py_DECREF(taken);
  return phil;
}

void give_lock_of_h5py(void* taken) {
  const nb::gil_scoped_acquire lock;
  auto* phil = static_cast<PyObject*>(taken);
  Py_XDECREF(PyObject_CallMethod(phil, "release", nullptr));
  Py_DECREF(phil);
}

void translate_error(const std::exception_ptr& pointer, void* payload) {
  try {
    std::rethrow_exception(pointer);
  } catch (const grids::Error& error) {
    auto* type = static_cast<PyObject*>(payload);
    const char* kind = "internal";
    if (error.kind() == grids::ErrorKind::kUsage) kind = "usage";
    if (error.kind() == grids::ErrorKind::kInput) kind = "input";
    if (error.kind() == grids::ErrorKind::kCancelled) kind = "cancelled";
    PyObject* made = PyObject_CallFunction(type, "ss", error.what(), kind);
    if (made == nullptr) return;
    PyErr_SetObject(type, made);
    Py_DECREF(made);
  }
}

nb::list described(const std::string& command) {
  nb::list result;
  for (auto& option : grids::options_of(command)) {
    nb::dict one;
    one["name"] = option.name;
    one["group"] = option.group;
    one["help"] = option.help;
    constexpr const char* kKinds[] = {"flag", "whole", "number", "text", "path", "choice", "list"};
    one["kind"] = kKinds[static_cast<size_t>(option.kind)];
    one["standard"] = option.standard;
    one["choices"] = option.choices;
    one["range"] = option.range;
    one["numbers"] = option.numbers;
    result.append(one);
  }
  return result;
}

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

/// A command that makes tables of a study and a surrogate.
template <typename Command>
void bind_command(nb::module_& m, const char* name, Command command) {
  m.def(name, [command](const Run& with, const grids::Study& study,
                        const grids::Surrogate& surrogate, const GivenOptions& given) {
    return run(with, [&](grids::Session& session) {
      return command(study, surrogate, options_of(given), session);
    });
  });
}

void bind_results(nb::module_& m) {
  nb::class_<grids::Table>(m, "Table", "A result table, as texts.")
      .def_ro("file", &grids::Table::file)
      .def_ro("names", &grids::Table::columns)
      .def("columns", [](const grids::Table& table) { return columns_of(table); })
      .def("__len__", [](const grids::Table& table) { return table.rows.size(); });
  m.def("write_tables",
        [](const std::vector<grids::Table>& tables, const std::filesystem::path& folder) {
          const nb::gil_scoped_release free;
          grids::write(tables, folder);
        });
  bind_command(m, "explain", grids::explain_tables);
  bind_command(m, "redundancy", grids::redundancy_tables);
  bind_command(m, "evaluate", grids::evaluate_tables);
  m.def("compare", [](const Run& with, const grids::Study& study, const grids::Surrogate& surrogate,
                      const GivenOptions& given) {
    auto compared = run(with, [&](grids::Session& session) {
      return grids::compare_tables(study, surrogate, options_of(given), session);
    });
    return nb::make_tuple(std::move(compared.tables), std::move(compared.page));
  });
  m.def("knockout", [](const Run& with, const grids::Study& study,
                       const grids::Surrogate& surrogate, const GivenOptions& given) {
    return knockout_dict(run(with, [&](grids::Session& session) {
      return grids::knock_out_all(study, surrogate, options_of(given), session);
    }));
  });
  m.def("validate", [](const Run& with, const GivenOptions& given) {
    return run(with, [&](grids::Session& session) {
      return grids::validate_tables(options_of(given), session);
    });
  });
  m.def("report",
        [](const Run& with, const std::filesystem::path& folder, const GivenOptions& given) {
          return run(with, [&](grids::Session& session) {
            return grids::report(folder, options_of(given), session);
          });
        });
}

// ---- a model of the user's own ----

/// NumPy's view of numbers that are there for one call.
template <typename T>
nb::object shown(std::span<T> numbers, int64_t rows) {
  const auto count = static_cast<size_t>(rows);
  return nb::cast(
      nb::ndarray<nb::numpy, T>(numbers.data(), {count, numbers.size() / count}, nb::handle()),
      nb::rv_policy::reference);
}

/// Copies what a function of Python's returned. Throws TypeError where it has another shape.
void take_numbers(const nb::object& returned, std::span<float> out, int64_t rows) {
  using Returned = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
  const auto numbers = nb::cast<Returned>(returned);
  if (static_cast<int64_t>(numbers.shape(0)) != rows || numbers.size() != out.size()) {
    throw nb::type_error("the model returned an array of another shape than before");
  }
  std::copy_n(numbers.data(), out.size(), out.data());
}

nb::object explain_model_of(const Run& with, const std::string& name, int32_t outputs,
                            const nb::object& predict, const nb::object& gradient,
                            nb::ndarray<const float, nb::ndim<2>, nb::c_contig> rows,
                            std::vector<std::string> labels, std::vector<std::string> names,
                            int64_t first_of_test, std::vector<float> replacement,
                            const GivenOptions& given) {
  grids::OwnModel model;
  model.name = name;
  model.outputs = outputs;
  // Called on the stage's thread, which does not hold the interpreter's lock.
  model.predict = [&](std::span<const float> values, int64_t count, std::span<float> out) {
    const nb::gil_scoped_acquire lock;
    take_numbers(predict(shown(values, count)), out, count);
  };
  if (!gradient.is_none()) {
    model.gradient = [&](std::span<const float> values, std::span<const float> cotangent,
                         int64_t count, std::span<float> out) {
      const nb::gil_scoped_acquire lock;
      take_numbers(gradient(shown(values, count), shown(cotangent, count)), out, count);
    };
  }
  grids::OwnRows own;
  own.rows = static_cast<int64_t>(rows.shape(0));
  own.features = static_cast<int64_t>(rows.shape(1));
  own.values.assign(rows.data(), rows.data() + rows.size());
  own.labels = std::move(labels);
  own.names = std::move(names);
  own.first_of_test = first_of_test;
  own.replacement = std::move(replacement);
  return nb::cast(run(with, [&](grids::Session& session) {
    return grids::explain_model(model, std::move(own), options_of(given), session);
  }));
}

// ---- the live page ----

grids::SessionSettings settings_of(const Run& with) {
  grids::SessionSettings settings;
  settings.seed = with.seed;
  settings.threads = with.threads;
  return settings;
}

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

}  // namespace
}  // namespace scgrids

NB_MODULE(_core, m) {
  using namespace scgrids;
  m.doc() = "libgrids for Python; scgrids is what people use.";
  m.attr("version") = grids::version();
  // class Error(ValueError): made here, so that what is thrown below is of it.
  nb::object error = nb::module_::import_("scgrids._error").attr("Error");
  m.attr("Error") = error;
  nb::register_exception_translator(translate_error, error.ptr());
  nb::class_<Run>(m, "Run", "What a stage is run with.")
      .def(
          "__init__",
          [](Run* self, uint64_t seed, int threads, std::string trainer, nb::object reporter) {
            new (self) Run{seed, threads, std::move(trainer), std::move(reporter)};
          },
          nb::arg("seed"), nb::arg("threads"), nb::arg("trainer"), nb::arg("reporter").none());
  m.def("options_of", &described, nb::arg("command"));
  bind_cells(m);
  bind_study(m);
  bind_surrogate(m);
  bind_results(m);
  bind_view(m);
  m.def("explain_model", &explain_model_of, nb::arg("run"), nb::arg("name"), nb::arg("outputs"),
        nb::arg("predict"), nb::arg("gradient").none(), nb::arg("rows"), nb::arg("labels"),
        nb::arg("names"), nb::arg("first_of_test"), nb::arg("replacement"), nb::arg("options"));
  grids::set_hdf5_lock(take_lock_of_h5py, give_lock_of_h5py);
}
