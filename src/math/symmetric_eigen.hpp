/// Eigenvalues and eigenvectors of symmetric matrices.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.hpp"

namespace grids::core {

struct SymmetricEigen {
  std::vector<double> values;   ///< descending
  std::vector<double> vectors;  ///< n × n, row-major; a column each
};

/// Of a symmetric n × n matrix, by cyclic Jacobi rotations; for small n.
SymmetricEigen symmetric_eigen(std::vector<double> matrix, int64_t n);

/// The same for hundreds of rows, in a tenth of the time and with errors of a few last bits of the
/// *largest* eigenvalue: Householder's reflections to a tridiagonal matrix, then implicit QR steps
/// (Golub & Van Loan, 8.3). The same for any number of threads. Throws Error(kInternal) for values
/// that are not finite.
SymmetricEigen large_symmetric_eigen(ThreadPool& pool, std::vector<double> matrix, int64_t n);

}  // namespace grids::core
