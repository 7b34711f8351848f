#include "pipeline/retrained_halves.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "io/folder.hpp"
#include "pipeline/sibling.hpp"
#include "redundancy/stability.hpp"

namespace grids::core {
namespace {

constexpr const char* kHalves = "halves";

std::string half_name(int64_t half) {
  return fmt::format("{}/{}/{:03}", kStateFolder, kHalves, half + 1);
}

std::string surrogate_of_half(int64_t half) {
  return half_name(half) + ".safetensors";
}

/// A study on disk for as long as training reads it.
class StudyOnDisk {
 public:
  StudyOnDisk(std::filesystem::path path, const Study& study) : path_(std::move(path)) {
    write_study(path_, study);
  }
  ~StudyOnDisk() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  StudyOnDisk(const StudyOnDisk&) = delete;
  StudyOnDisk& operator=(const StudyOnDisk&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

RunStage train_half_stage(OutputFolder& out, const Study& study, int64_t half,
                          const std::vector<std::string>& words, const std::string& settings) {
  return {fmt::format("half {}", half + 1), fmt::format("{}{}", settings, fmt::join(words, " ")),
          [&out, &study, half, words](const Context& context) -> std::vector<std::string> {
            const auto& folder = out.path();
            make_folder(folder / kStateFolder / kHalves);
            const StudyOnDisk part(folder / (half_name(half) + ".h5mu"),
                                   half_of(study, half, context.seed));
            std::vector<std::string> arguments = {
                "train", part.path().string(), "--out", (folder / surrogate_of_half(half)).string(),
                "--seed", std::to_string(context.seed), "--threads",
                std::to_string(context.pool.threads()),
                // The study that is in memory here takes half at most.
                "--memory", std::to_string(std::max<int64_t>(1, context.memory / 2))};
            arguments.insert(arguments.end(), words.begin(), words.end());
            for (auto& word : context.reporter.words()) arguments.push_back(std::move(word));
            Sibling sibling;
            sibling.on_start = [&](pid_t pid) { out.shared_with(pid); };
            run_sibling(sibling, arguments, context);
            return {surrogate_of_half(half)};
          }};
}

FoldedSurrogate read_half(const std::filesystem::path& folder, int64_t half) {
  return FoldedSurrogate(read_surrogate(folder / surrogate_of_half(half)));
}

}  // namespace grids::core
