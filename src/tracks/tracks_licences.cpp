#include <bigWig.h>
#include <fmt/core.h>
#include <htslib/hts.h>

#include "base/linked_library.hpp"
#include "tracks/tracks_commands.hpp"

#define GRIDS_AS_TEXT_OF(word) #word
#define GRIDS_AS_TEXT(word) GRIDS_AS_TEXT_OF(word)

namespace grids::core {
namespace {

constexpr const char* kLoadedByTracks =
    R"(HTSlib and libBigWig load others, as Debian builds them: htscodecs, libdeflate, bzip2, XZ Utils, and
libcurl with GnuTLS and what these need, all under permissive licences or the LGPL. Nothing is read from
elsewhere by this program. GCC's exception is for what is compiled by it: such programs may have any
licence.)";

}  // namespace

std::string tracks_licences() {
  // The versions are CMake's, or the library's own. tests/licences compares the files with the
  // program.
  return licence_lines("grids-tracks",
                       {{"HTSlib", ::hts_version(), "MIT AND BSD-3-Clause", "libhts"},
                        {"libBigWig", GRIDS_AS_TEXT(LIBBIGWIG_VERSION), "MIT", "libBigWig"},
                        {"HDF5", GRIDS_HDF5_VERSION, "BSD-3-Clause", "libhdf5_serial"},
                        {"OpenSSL", GRIDS_OPENSSL_VERSION, "Apache-2.0", "libcrypto"},
                        {"zlib", GRIDS_ZLIB_VERSION, "Zlib", "libz"},
                        {"ISA-L", "", "BSD-3-Clause", "libisal"},
                        {"LibLZF", "", "BSD-2-Clause", "liblzf"},
                        {"Zstandard", "", "BSD-3-Clause", "libzstd"},
                        {"C-Blosc", "", "BSD-3-Clause", "libblosc"},
                        {"oneDNN", "", "Apache-2.0", "libdnnl"},
                        {"fmt", GRIDS_FMT_VERSION, "MIT", "libfmt"},
                        {"toml++", "", "MIT", "libtomlplusplus"},
                        {"CLI11", GRIDS_CLI11_VERSION, "BSD-3-Clause", ""},
                        {"JSON for Modern C++", GRIDS_JSON_VERSION, "MIT", ""},
                        {"Random123", "", "BSD-3-Clause", ""},
                        {"GCC's libraries", "", "GPL-3.0-or-later WITH GCC-exception-3.1",
                         "libstdc++ libgcc_s libgomp"},
                        {"GNU C library", "", "LGPL-2.1-or-later", "libc libm"}}) +
         fmt::format("\n{}", kLoadedByTracks);
}

}  // namespace grids::core
