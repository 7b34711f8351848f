/// igraph, tamed: its generator, error handler and warning handler are global to the process.
#pragma once

#include <igraph.h>

#include <functional>
#include <string_view>

#include "base/context.hpp"
#include "base/random.hpp"

namespace grids {

/// While one lives, this thread alone uses igraph (a second session waits), igraph draws from the
/// given stream, its errors are codes instead of an abort, and its warnings go to `reporter`.
/// Everything is put back at the end.
class IgraphSession {
 public:
  IgraphSession(RandomStream& random, Reporter& reporter);
  ~IgraphSession();
  IgraphSession(const IgraphSession&) = delete;
  IgraphSession& operator=(const IgraphSession&) = delete;

  /// Throws Error(kInternal), with igraph's own words, unless `code` is success.
  void check(igraph_error_t code, std::string_view doing) const;

 private:
  igraph_rng_t previous_;
  igraph_rng_t mine_;
  igraph_error_handler_t* error_handler_;
  igraph_warning_handler_t* warning_handler_;
};

}  // namespace grids
