#include "base/error.hpp"
#include "library/parts.hpp"

namespace grids {
namespace {

constexpr int kMostThreads = 4096;

SessionSettings checked(SessionSettings settings) {
  if (settings.threads < 0 || settings.threads > kMostThreads) {
    throw core::usage_error("a session cannot have {} threads; 0 = as many as there are cores",
                            settings.threads);
  }
  return settings;
}

}  // namespace

std::string version() {
  return GRIDS_VERSION;
}

void SessionReporter::info(std::string_view message) {
  if (settings_.on_info) settings_.on_info(message);
}

void SessionReporter::warning(std::string_view message) {
  if (settings_.on_warning) settings_.on_warning(message);
}

void SessionReporter::progress(std::string_view task, int64_t done, int64_t total,
                               std::string_view) {
  if (settings_.on_progress) settings_.on_progress(task, done, total);
}

Session::Parts::Parts(SessionSettings given)
    : settings(checked(std::move(given))), pool(settings.threads), reporter(settings) {}

Session::Session(SessionSettings settings) : parts_(std::make_unique<Parts>(std::move(settings))) {}
Session::~Session() = default;

void Session::stop() noexcept {
  parts_->stopped.store(true);
}

}  // namespace grids
