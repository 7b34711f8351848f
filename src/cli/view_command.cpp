#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>

#include "base/process.hpp"
#include "cli/commands.hpp"
#include "pipeline/asked.hpp"
#include "pipeline/find_study.hpp"
#include "pipeline/inputs.hpp"
#include "report/page_script.hpp"
#include "report/report.hpp"
#include "report/results.hpp"
#include "view/open_browser.hpp"
#include "view/session.hpp"
#include "view/view_server.hpp"

namespace grids::core {
namespace {

struct ViewCommand {
  std::filesystem::path folder;
  StudyArguments inputs;
  int32_t port = 0;
  bool opens = true;
};

constexpr int kLastPort = 65535;
/// How soon Ctrl-C is heard.
constexpr std::chrono::milliseconds kLooks{50};

std::string this_machine() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "MACHINE";
}

/// A page of what the folder holds, and its script.
ViewPages pages_of(const std::filesystem::path& folder, const Context& context) {
  if (page_script().empty()) {
    context.reporter.warning(
        "this grids was built without npm, and so without the script of the page: what is served "
        "reads, but nothing can be switched");
  }
  return {live_page(folder, {}, context), std::string(page_script())};
}

/// Where it is, for people and, on standard output, for scripts.
void tell_address(const ViewServer& server, const Context& context) {
  fmt::print("{}\n", server.address());
  std::fflush(stdout);
  context.reporter.info(fmt::format(
      "Open the address above; whoever has it can look, and judge, in your name. From another "
      "machine, there: ssh -N -L {0}:127.0.0.1:{0} {1}. Ctrl-C ends it.",
      server.port(), this_machine()));
}

void view(const ViewCommand& arguments, const Context& context) {
  require_results(arguments.folder);
  const auto inputs = inputs_of_results(arguments.folder, arguments.inputs);
  const auto loaded = load_chromatin_and_surrogate(inputs, context);
  const StudySurrogate surrogate = loaded.surrogate();
  // Who judges sets elsewhere is told of these looks, too.
  const std::string this_view = fmt::format("view-{}", this_process().word());
  ViewSession session(arguments.folder, loaded.study, surrogate, context,
                      [&] { record_asking(inputs.study, loaded.study, 1, this_view, context); });
  ViewServer server(session, pages_of(arguments.folder, context), arguments.port);
  std::optional<AddressFile> file;
  if (arguments.opens && has_screen()) file.emplace(server.address());
  server.start([&file] {
    if (file) file->remove();
  });
  tell_address(server, context);
  if (file && !open_in_browser(file->path())) {
    context.reporter.info("There is no xdg-open to open a browser with.");
  }
  while (context.cancelled == nullptr || !context.cancelled->load()) {
    std::this_thread::sleep_for(kLooks);
  }
  server.stop();
}

}  // namespace

Command view_command() {
  return {"view", "Look at a results folder in a browser, and switch peaks",
          "  grids view results/\n"
          "  grids view results/ --port 8080 --no-open    # through ssh -L 8080:127.0.0.1:8080",
          [](OptionSet& options) -> CommandBody {
            auto arguments = std::make_shared<ViewCommand>();
            options.value("results", arguments->folder,
                          "Folder that grids run, explain or redundancy wrote",
                          OptionSet::Need::kRequired);
            options.value("--port", arguments->port, "Port of 127.0.0.1; 0 = any free one",
                          at_least(0).at_most(kLastPort));
            options.flag_off("--no-open", arguments->opens, "Print the address, open no browser");
            options.value("--study", arguments->inputs.study,
                          "The study, where it is not where manifest.json says");
            options.value("--surrogate-file", arguments->inputs.surrogate,
                          "The surrogate, likewise");
            return [arguments](const Context& context) { view(*arguments, context); };
          }};
}

}  // namespace grids::core
