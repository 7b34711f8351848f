#include "cli/licences.hpp"

#include <fmt/core.h>

#include <vector>

#include "base/linked_library.hpp"
#include "math/gemm_rate.hpp"

namespace grids::core {
namespace {

const std::string kGccLicence = "GPL-3.0-or-later WITH GCC-exception-3.1";

// The versions are CMake's (CMakeLists.txt). tests/licences compares the files with the programs.
std::vector<LinkedLibrary> libraries_of(Program program) {
  std::vector<LinkedLibrary> libraries = {
      {gemm_library().name, "", "Apache-2.0", "libdnnl"},
      {"HDF5", GRIDS_HDF5_VERSION, "BSD-3-Clause", "libhdf5_serial"},
      {"OpenSSL", GRIDS_OPENSSL_VERSION, "Apache-2.0", "libcrypto"},
      {"zlib", GRIDS_ZLIB_VERSION, "Zlib", "libz"},
      {"ISA-L", "", "BSD-3-Clause", "libisal"},
      {"LibLZF", "", "BSD-2-Clause", "liblzf"},
      {"Zstandard", "", "BSD-3-Clause", "libzstd"},
      {"C-Blosc", "", "BSD-3-Clause", "libblosc"},
      {"fmt", GRIDS_FMT_VERSION, "MIT", "libfmt"},
      {"toml++", "", "MIT", "libtomlplusplus"},
      {"CLI11", GRIDS_CLI11_VERSION, "BSD-3-Clause", ""},
      {"JSON for Modern C++", GRIDS_JSON_VERSION, "MIT", ""},
      {"cpp-httplib", "", "MIT", "libcpp-httplib"},
      {"hnswlib", "", "Apache-2.0", ""},
      {"Random123", "", "BSD-3-Clause", ""},
      {"GCC's libraries", "", kGccLicence, "libstdc++ libgcc_s libgomp"},
      {"GNU C library", "", "LGPL-2.1-or-later", "libc libm"},
  };
  if (program == Program::kTorch) {
    libraries.insert(libraries.begin(), {"LibTorch", GRIDS_TORCH_VERSION, "BSD-3-Clause",
                                         "libtorch libtorch_cpu libc10"});
  }
  return libraries;
}

constexpr const char* kLoadedByGrids =
    R"(HDF5 and oneDNN load others, as Debian builds them: libaec, libcurl with what it needs for TLS and
Kerberos, and OpenCL's loader, all under permissive licences or the LGPL. GCC's exception is for what is
compiled by it: such programs may have any licence.)";

constexpr const char* kLoadedByTorch =
    R"(Debian's LibTorch loads some 280 others, and among them, through FFmpeg, OpenCV and GDAL, some that
are under the GPL: FFmpeg (libavcodec, libavformat, libavutil, libswresample and libswscale, built with
its GPL parts), x264, x265, Xvid, JBIG-KIT and librttopo (GPL-2.0-or-later), and Poppler (GPL-2.0 or
GPL-3.0). Who passes grids-torch on together with these does so under the GPL. A LibTorch that was built
without FFmpeg and OpenCV loads none of them, and neither does `grids`.)";

}  // namespace

std::string licences_page(Program program) {
  const bool torch = program == Program::kTorch;
  std::string page = licence_lines(torch ? "grids-torch" : "grids", libraries_of(program));
  page += fmt::format("\n{}\n", kLoadedByGrids);
  page += torch ? fmt::format("\n{}", kLoadedByTorch)
                : "\nTraining and models of your own run in a program of their own, which loads "
                  "LibTorch and much else:\nsee grids-torch --licences.";
  return page;
}

}  // namespace grids::core
