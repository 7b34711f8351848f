// grids-tracks: writes files for genome browsers that need htslib and libBigWig. `grids export`
// runs this program, so that no other command loads those and what they load.
#include "base/program.hpp"
#include "tracks/tracks_commands.hpp"

int main(int argc, char** argv) {
  const grids::core::ProgramText text{
      "grids-tracks",
      "Packed and binary tracks for genome browsers; usually run by `grids export`.",
      "Each command:   grids-tracks COMMAND --help\n", grids::core::tracks_licences};
  return grids::core::run_program(text, grids::core::tracks_commands(), argc, argv);
}
