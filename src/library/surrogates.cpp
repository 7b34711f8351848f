#include <dlfcn.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "grids/commands.hpp"
#include "io/folder.hpp"
#include "library/options.hpp"
#include "library/parts.hpp"
#include "model/train_options.hpp"
#include "pipeline/cis_into.hpp"
#include "pipeline/sibling.hpp"

namespace grids {
namespace {

namespace fs = std::filesystem;

Surrogate surrogate_of(core::SurrogateFile file, bool with_cis = true) {
  return Surrogate(std::make_shared<Surrogate::Parts>(std::move(file), with_cis));
}

/// A folder of our own that goes when it is no longer needed.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "grids-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw core::input_error("{}: cannot make a folder there; set TMPDIR to a place with room",
                              fs::temp_directory_path().string());
    }
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  fs::path operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

/// grids-torch as it is installed beside this library; else PATH decides.
fs::path installed_trainer() {
  Dl_info own = {};
  std::error_code ignored;
  if (::dladdr(reinterpret_cast<const void*>(&installed_trainer), &own) != 0 &&
      own.dli_fname != nullptr) {
    const fs::path folder = fs::absolute(own.dli_fname, ignored).parent_path();
    for (const fs::path up : {"../bin", "../../bin", "."}) {
      fs::path program = folder / up / "grids-torch";
      if (fs::exists(program, ignored)) return program;
    }
  }
  return "grids-torch";
}

std::vector<std::string> training_words(const fs::path& study, const TemporaryFolder& folder,
                                        const Session::Parts& session,
                                        const std::vector<std::string>& given) {
  std::vector<std::string> words = {"train",      study.string(),
                                    "--out",      (folder / "surrogate.safetensors").string(),
                                    "--seed",     std::to_string(session.settings.seed),
                                    "--threads",  std::to_string(session.pool.threads()),
                                    "--progress", "json"};
  words.insert(words.end(), given.begin(), given.end());
  return words;
}

/// What the trainer says, a JSON object a line: a message, a warning, or how far it is.
void hand_on(std::string_view line, core::Reporter& reporter) {
  const auto said = nlohmann::json::parse(line, nullptr, false);
  if (!said.is_object()) return reporter.info(line);
  const auto text = [&](const char* key) { return said.value(key, std::string()); };
  if (said.contains("warning")) return reporter.warning(text("warning"));
  if (said.contains("stage")) {
    return reporter.progress(text("stage"), said.value("done", int64_t{0}),
                             said.value("total", int64_t{0}), text("note"));
  }
  reporter.info(said.contains("info") ? text("info") : text("error"));
}

}  // namespace

Surrogate::Parts::Parts(core::SurrogateFile content, bool with_cis)
    : file(std::move(content)), folded(file) {
  if (with_cis) cis = core::cis_path_of(file);
}

core::StudySurrogate Surrogate::Parts::view_on(const core::Study& study) const {
  core::with_context("the surrogate", [&] {
    core::require_same_features(file, study);
    if (cis) core::require_same_cells(*cis, file, study);
  });
  return view();
}

Surrogate Surrogate::read(const std::filesystem::path& path) {
  auto file = core::read_surrogate(path);
  return core::with_context("reading " + path.string(),
                            [&] { return surrogate_of(std::move(file)); });
}

void Surrogate::write(const std::filesystem::path& path) const {
  core::write_surrogate(path, parts_->file);
}

bool Surrogate::has_cis() const {
  return parts_->cis.has_value();
}

Surrogate Surrogate::without_cis() const {
  core::SurrogateFile file = parts_->file;
  core::set_cis_path(file, nullptr);
  return surrogate_of(std::move(file), false);
}

Surrogate train_on_file(const std::filesystem::path& study, const Options& options,
                        Session& session) {
  core::TrainSettings settings;
  core::OptionSet set;
  set.section("train");
  settings.describe(set);
  assign(set, options, "train");
  Session::Parts& parts = session.parts();
  const TemporaryFolder folder;
  core::Sibling sibling;
  sibling.program = parts.settings.trainer.empty() ? installed_trainer() : parts.settings.trainer;
  sibling.on_line = [&](std::string_view line) { hand_on(line, parts.reporter); };
  core::run_sibling(sibling, training_words(study, folder, parts, set.given("train")()),
                    parts.context());
  return Surrogate::read(folder / "surrogate.safetensors");
}

Surrogate train(const Study& study, const Options& options, Session& session) {
  const TemporaryFolder folder;
  const auto file = folder / "study.h5mu";
  study.write(file);
  return train_on_file(file, options, session);
}

Surrogate fit_cis(const Study& study, const Surrogate& surrogate, const Options& options,
                  Session& session) {
  core::CisArguments arguments;
  assign(arguments, options, "cis");
  const core::Study& cells = study.parts().study;
  surrogate.parts().view_on(cells);
  const auto context = session.parts().context();
  const auto latents = surrogate.parts().folded.atac_latents(context.pool, cells.open);
  const core::CisFit fit = core::fit_cis(cells, latents, arguments.resolved(), context);
  core::SurrogateFile file = surrogate.parts().file;
  core::set_cis_path(file, &fit.path);
  return surrogate_of(std::move(file));
}

}  // namespace grids
