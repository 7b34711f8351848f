/// What the tests of readers and writers share: a folder of their own, messages of errors, calls of
/// python3-anndata where it is installed, and a plain text of a modality that both sides can make.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "base/error.hpp"
#include "io/raw_multiome.hpp"
#include "support/temp_folder.hpp"

namespace grids::core::test {

/// The message of the Error(kInput) that `body` must end in.
inline std::string input_message(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.kind() == ErrorKind::kInput ? error.what()
                                             : fmt::format("another kind: {}", error.what());
  }
  return "no error";
}

inline void put(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string slurp(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline bool run_python(const std::string& arguments) {
  const auto command = fmt::format("/usr/bin/python3 -W ignore {}", arguments);
  return std::system(command.c_str()) == 0;
}

inline bool have_anndata() {
  static const bool have = run_python("-c 'import anndata, h5py' 2>/dev/null");
  return have;
}

#define GRIDS_NEEDS_ANNDATA() \
  if (!grids::core::test::have_anndata()) GTEST_SKIP() << "python3-anndata is not installed"

/// What `describe` makes of the cells that make_fixtures.py writes in many layouts.
inline const std::string kFixtureCells =
    "shape 4 3\n"
    "obs c1\nobs c2\nobs c3\nobs c4\n"
    "obs.cell_type\tT\tB/α\t\tT\n"
    "obs.stage\tlate\tearly\tlate\tlate\n"
    "obs.n\t3\t0\t3\t9\n"
    "obs.score\t0.5\t\t-1.25\t1000000\n"
    "obs.good\t1\t0\t1\t1\n"
    "var chr1:10-20\nvar chr1:30-40\nvar chrX:5-9\n"
    "var.name\tg1\tg2\tg3\n"
    "0 0 1\n0 2 2\n2 1 3\n3 0 4\n3 2 5\n";

/// One line for each table row, column and non-zero, as `check_anndata.py` writes it.
inline std::string describe(const RawModality& modality) {
  std::string text =
      fmt::format("shape {} {}\n", modality.values.rows(), modality.values.columns());
  const auto table = [&](std::string_view name, const Frame& frame) {
    for (const auto& row : frame.index) text += fmt::format("{} {}\n", name, row);
    for (const auto& column : frame.columns) {
      text += fmt::format("{}.{}", name, column.name);
      for (int64_t i = 0; i < frame.rows(); ++i) {
        const auto row = static_cast<size_t>(i);
        if (column.is_text()) {
          text += "\t" + column.text()[row];
        } else if (std::isnan(column.numbers()[row])) {
          text += "\t";
        } else {
          text += fmt::format("\t{:.9g}", column.numbers()[row]);
        }
      }
      text += "\n";
    }
  };
  table("obs", modality.obs);
  table("var", modality.var);
  for (int64_t i = 0; i < modality.values.rows(); ++i) {
    const auto indices = modality.values.row_indices(i);
    const auto values = modality.values.row_values(i);
    for (size_t k = 0; k < indices.size(); ++k) {
      text += fmt::format("{} {} {:.9g}\n", i, indices[k], values[k]);
    }
  }
  return text;
}

}  // namespace grids::core::test
