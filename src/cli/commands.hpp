/// The subcommands of `grids`: one file each, which declares options, calls stages, writes files.
#pragma once

#include "base/program.hpp"

namespace grids {

Command prepare_command();
Command train_command();
Command cis_command();
Command predict_command();
Command explain_command();
Command knockout_command();
Command compare_command();
Command evaluate_command();
Command report_command();
Command simulate_command();
Command info_command();
Command docs_command();
Command run_command();

}  // namespace grids
