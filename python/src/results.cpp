/// Questions to a surrogate, and their tables.
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
namespace {

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

}  // namespace

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

}  // namespace scgrids
