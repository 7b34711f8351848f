/// The one lock around the HDF5 library; for the files behind hdf5.hpp.
#pragma once

#include <mutex>

namespace grids::core::hdf5 {

/// Held around every use of the library, by all threads of the process; a thread that holds it may
/// take it again. Also switches the library's own printing of errors off, which thread-safe builds
/// keep thread by thread.
class Lock {
 public:
  Lock();

 private:
  std::lock_guard<std::recursive_mutex> guard_;
};

}  // namespace grids::core::hdf5
