// grids-probe FILE: walks through an HDF5 file for a program of grids that is about to open it, and
// dies of it in its place (io/probe.hpp).
#include <unistd.h>

#include "io/probe.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    constexpr char kUse[] =
        "grids-probe is run by grids: it looks at HDF5 files that come from elsewhere\n";
    return ::write(STDERR_FILENO, kUse, sizeof kUse - 1) < 0 ? 1 : 2;
  }
  // Nothing is tidied up: what a damaged file leaves behind is better not touched.
  ::_exit(grids::core::probe_main(argv[1], STDOUT_FILENO));
}
