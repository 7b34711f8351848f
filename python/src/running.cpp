/// How stages are run: their messages, errors and options, and the lock around HDF5.
#include "running.hpp"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "binding.hpp"

namespace scgrids {
namespace {

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

}  // namespace

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

void bind_running(nb::module_& m) {
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
  grids::set_hdf5_lock(take_lock_of_h5py, give_lock_of_h5py);
}

}  // namespace scgrids
