/// A model of the user's own, called while it is searched.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <span>

#include "binding.hpp"
#include "running.hpp"

namespace scgrids {
namespace {

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

}  // namespace

void bind_own_model(nb::module_& m) {
  m.def("explain_model", &explain_model_of, nb::arg("run"), nb::arg("name"), nb::arg("outputs"),
        nb::arg("predict"), nb::arg("gradient").none(), nb::arg("rows"), nb::arg("labels"),
        nb::arg("names"), nb::arg("first_of_test"), nb::arg("replacement"), nb::arg("options"));
}

}  // namespace scgrids
