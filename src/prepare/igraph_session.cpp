#include "prepare/igraph_session.hpp"

#include <mutex>

#include "base/error.hpp"

namespace grids {
namespace {

// Debian's igraph is not thread-safe, and its handlers carry no user data: both need one place.
std::mutex session_mutex;
Reporter* session_reporter = nullptr;

void on_error(const char*, const char*, int, igraph_error_t) {
  IGRAPH_FINALLY_FREE();
}

void on_warning(const char* reason, const char*, int) {
  if (session_reporter != nullptr) session_reporter->warning(fmt::format("igraph: {}", reason));
}

igraph_error_t no_state(void**) {
  return IGRAPH_SUCCESS;
}
void keep_state(void*) {}
igraph_error_t no_seed(void*, igraph_uint_t) {
  return IGRAPH_SUCCESS;
}
igraph_uint_t next_bits(void* state) {
  return (*static_cast<RandomStream*>(state))();
}

const igraph_rng_type_t kStreamType = {
    "Philox", 32,      no_state, keep_state, no_seed, next_bits, nullptr,
    nullptr,  nullptr, nullptr,  nullptr,    nullptr, nullptr,   nullptr,
};

}  // namespace

IgraphSession::IgraphSession(RandomStream& random, Reporter& reporter) {
  session_mutex.lock();
  session_reporter = &reporter;
  previous_ = *igraph_rng_default();
  mine_ = {&kStreamType, &random, true};
  igraph_rng_set_default(&mine_);
  error_handler_ = igraph_set_error_handler(on_error);
  warning_handler_ = igraph_set_warning_handler(on_warning);
}

IgraphSession::~IgraphSession() {
  igraph_set_warning_handler(warning_handler_);
  igraph_set_error_handler(error_handler_);
  igraph_rng_set_default(&previous_);
  session_reporter = nullptr;
  session_mutex.unlock();
}

void IgraphSession::check(igraph_error_t code, std::string_view doing) const {
  if (code == IGRAPH_SUCCESS) return;
  throw internal_error("{}: igraph says: {}", doing, igraph_strerror(code));
}

}  // namespace grids
