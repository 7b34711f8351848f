/// Fast products for torch's own layers, whatever BLAS the system has.
#pragma once

namespace grids::core {

/// Does nothing: a call keeps blas.cpp, and with it the program's own `sgemm_`, in the program.
void serve_torch_with_onednn();

}  // namespace grids::core
