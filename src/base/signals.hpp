/// Signals are for the thread that began the program: only it has a stack for their handlers
/// (program.cpp says why they need one).
#pragma once

#include <pthread.h>

#include <csignal>

namespace grids::core {

/// Threads that are started while it lives receive no signals.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace grids::core
