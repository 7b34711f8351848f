/// The one lock around the HDF5 library; for the files behind hdf5.hpp.
#pragma once

#include <mutex>

namespace grids::core::hdf5 {

/// A lock of someone else in this process who uses the same library: taken before ours, given back
/// after it. `take` returns what `give` is handed, null where there is nothing to give back.
struct OuterLock {
  void* (*take)() = nullptr;
  void (*give)(void* taken) = nullptr;
};
/// For the whole process, before other threads use the library.
void set_outer_lock(OuterLock lock);

/// Holds the outer lock, if there is one.
class OuterGuard {
 public:
  OuterGuard();
  ~OuterGuard();
  OuterGuard(const OuterGuard&) = delete;
  OuterGuard& operator=(const OuterGuard&) = delete;

 private:
  void* taken_ = nullptr;
};

/// Held around every use of the library, by all threads of the process; a thread that holds it may
/// take it again. Also switches the library's own printing of errors off, which thread-safe builds
/// keep thread by thread.
class Lock {
 public:
  Lock();

 private:
  OuterGuard outer_;
  std::lock_guard<std::recursive_mutex> guard_;
};

}  // namespace grids::core::hdf5
