#include <optional>

#include "base/process.hpp"
#include "grids/commands.hpp"
#include "library/parts.hpp"
#include "pipeline/asked.hpp"
#include "pipeline/find_study.hpp"
#include "pipeline/inputs.hpp"
#include "report/page_script.hpp"
#include "report/report.hpp"
#include "report/results.hpp"
#include "view/session.hpp"
#include "view/view_server.hpp"

namespace grids {

struct GRIDS_INNER View::Parts {
  explicit Parts(SessionSettings settings) : session(std::move(settings)) {}

  /// The page, and who answers it. `recorded`: the study's file, beside which looks at test cells
  /// are counted; empty: there is none.
  void serve(const std::filesystem::path& results, const core::Study& study,
             const core::StudySurrogate& surrogate, const std::filesystem::path& recorded,
             int port) {
    const auto on_look = [this, &study, recorded] {
      const auto words = fmt::format("view-{}", core::this_process().word());
      if (!recorded.empty()) {
        core::record_asking(recorded, study, 1, words, session.parts().context());
      }
    };
    const auto context = session.parts().context();
    answers.emplace(results, study, surrogate, context, on_look);
    server.emplace(
        *answers,
        core::ViewPages{core::live_page(results, {}, context), std::string(core::page_script())},
        port);
    server->start();
  }

  Session session;
  std::optional<Study> own_study;
  std::optional<Surrogate> own_surrogate;
  std::optional<core::StudyAndSurrogate> files;
  std::optional<core::ViewSession> answers;
  std::optional<core::ViewServer> server;
};

View::View(const std::filesystem::path& results, const Study& study, const Surrogate& surrogate,
           int port, SessionSettings settings)
    : parts_(std::make_unique<Parts>(std::move(settings))) {
  core::require_results(results);
  parts_->own_study = study;
  parts_->own_surrogate = surrogate;
  const auto& cells = parts_->own_study->parts().study;
  parts_->serve(results, cells, parts_->own_surrogate->parts().view_on(cells), {}, port);
}

View::View(const std::filesystem::path& results, const std::filesystem::path& study,
           const std::filesystem::path& surrogate, int port, SessionSettings settings)
    : parts_(std::make_unique<Parts>(std::move(settings))) {
  core::require_results(results);
  core::StudyArguments asked;
  asked.study = study;
  asked.surrogate = surrogate;
  const auto inputs = core::inputs_of_results(results, asked);
  parts_->files.emplace(
      core::load_chromatin_and_surrogate(inputs, parts_->session.parts().context()));
  parts_->serve(results, parts_->files->study, parts_->files->surrogate(), inputs.study, port);
}

View::View(View&&) noexcept = default;
View& View::operator=(View&&) noexcept = default;
View::~View() = default;

std::string View::address() const {
  return parts_->server ? parts_->server->address() : std::string();
}

void View::stop() {
  parts_->session.stop();
  parts_->server.reset();
  parts_->answers.reset();
}

}  // namespace grids
