#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/unpaired_info.hpp"
#include "math/gemm_rate.hpp"
#include "math/machine.hpp"
#include "redundancy/reach.hpp"
#include "study/unpaired_study.hpp"

namespace grids::core {
namespace {

/// Seconds of each of the four measurements: half a second for one core, half for all.
constexpr double kSeconds = 0.25;

struct Rates {
  double tail = 0;  ///< GFLOP/s
  double square = 0;
};

Rates measure(ThreadPool& pool) {
  return {measure_gemm(pool, kTailShape, kSeconds), measure_gemm(pool, kSquareShape, kSeconds)};
}

struct Info {
  Machine machine;
  int threads = 0;
  GemmLibrary gemm;
  Rates one_core;
  Rates all;
  std::string warning;
};

Info gather(const Context& context) {
  Info info;
  info.machine = describe_machine();
  info.threads = context.pool.threads();
  info.gemm = gemm_library();
  ThreadPool one(1);
  info.one_core = measure(one);
  context.check_cancelled();
  info.all = info.threads == 1 ? info.one_core : measure(context.pool);
  info.warning =
      gemm_warning(info.gemm, info.machine.avx512, info.machine.avx2, info.one_core.square);
  return info;
}

std::string shape_name(const GemmShape& shape) {
  return fmt::format("{}x{}x{}", shape.m, shape.k, shape.n);
}

std::string as_json(const Info& info) {
  const auto rates = [](const Rates& measured) {
    return nlohmann::ordered_json{{shape_name(kTailShape), measured.tail},
                                  {shape_name(kSquareShape), measured.square}};
  };
  const nlohmann::ordered_json json = {
      {"version", GRIDS_VERSION},
      {"cpu", info.machine.cpu},
      {"cpu_features", info.machine.features},
      {"kernels", info.machine.kernels},
      {"threads", info.threads},
      {"memory_bytes", info.machine.memory_bytes},
      {"available_bytes", info.machine.available_bytes},
      {"gemm", info.gemm.name},
      {"gemm_instruction_set", info.gemm.instruction_set},
      {"gflops_one_core", rates(info.one_core)},
      {"gflops_all_threads", rates(info.all)},
      {"warnings",
       info.warning.empty() ? std::vector<std::string>{} : std::vector<std::string>{info.warning}},
  };
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string as_text(const Info& info) {
  constexpr double kGiB = 1024.0 * 1024 * 1024;
  std::string text;
  const auto line = [&](const char* key, const std::string& value) {
    text += fmt::format("{:<9} {}\n", key, value);
  };
  const auto rate_line = [&](const GemmShape& shape, double one, double all) {
    line("", fmt::format("{:>14}: {:6.0f} GFLOP/s on one core, {:6.0f} on {} thread{}",
                         shape_name(shape), one, all, info.threads, info.threads == 1 ? "" : "s"));
  };
  line("grids", GRIDS_VERSION);
  line("CPU", info.machine.cpu);
  line("", info.machine.features.empty()
               ? "none of AVX2, FMA, AVX-512"
               : fmt::format("{}", fmt::join(info.machine.features, ", ")));
  line("kernels", info.machine.kernels);
  line("threads", std::to_string(info.threads));
  line("memory", fmt::format("{:.1f} GiB, {:.1f} GiB available",
                             static_cast<double>(info.machine.memory_bytes) / kGiB,
                             static_cast<double>(info.machine.available_bytes) / kGiB));
  line("products", fmt::format("{}, {}", info.gemm.name, info.gemm.instruction_set));
  rate_line(kTailShape, info.one_core.tail, info.all.tail);
  rate_line(kSquareShape, info.one_core.square, info.all.square);
  return text;
}

/// "2.3", "1.08", "-" where nothing would do.
std::string fold_words(double fold) {
  return std::isfinite(fold) ? fmt::format("{:.3g}", fold) : "-";
}

std::string share_words(double share) {
  return std::isfinite(share) ? fmt::format("{:.0f} %", 100 * share) : "-";
}

std::string hidden_words(double share) {
  return std::isfinite(share) ? fmt::format("{:.2f}", share) : "-";
}

std::string split_words(const Study& study) {
  return fmt::format("{} training, {} validation, {} test", study.cells_of(Split::kTrain).size(),
                     study.cells_of(Split::kValidation).size(),
                     study.cells_of(Split::kTest).size());
}

std::string reach_as_text(const std::string& path, const Study& study, const ReachOptions& options,
                          const std::vector<ReachRow>& rows) {
  std::string text = fmt::format(
      "{}: {} cells ({}) of {} types, {} peaks, {} genes\n\n"
      "What these cells could show before anything is trained, at best: the smallest fold change "
      "by one element that\n"
      "test cells show with a probability of 0.8; and of two elements, each of which alone makes "
      "the gene {:g} times\n"
      "as high, how often that is called redundant (or quorum), and the smallest hidden share that "
      "would be.\n"
      "capture: chance that ATAC sees an open element; open: share of cells in which a typical "
      "element is seen open.\n\n",
      path, study.cells.size(), split_words(study), study.cells.type.names.size(),
      study.peaks.size(), study.genes.size(), options.fold);
  size_t width = 9;
  for (const auto& row : rows) width = std::max(width, row.cell_type.size());
  text += fmt::format("{:<{}}  {:>26}  {:>7} {:>6}  {:>7}  {:>22}  {:>22}\n", "", width, "", "", "",
                      "", "pair, test cells", "pair, all (--cross-fit)");
  text += fmt::format("{:<{}}  {:>10} {:>15}  {:>7} {:>6}  {:>7}  {:>10} {:>11}  {:>10} {:>11}\n",
                      "cell type", width, "test cells", "counts of genes", "capture", "open",
                      "fold", "called", "share", "called", "share");
  const std::string* last = nullptr;
  for (const auto& row : rows) {
    const bool is_new = last == nullptr || *last != row.cell_type;
    last = &row.cell_type;
    text += fmt::format(
        "{:<{}}  {:>10} {:>15}  {:>7g} {:>6}  {:>7}  {:>10} {:>11}  {:>10} {:>11}\n",
        is_new ? row.cell_type : "", width, is_new ? fmt::format("{:.0f}", row.test.cells) : "",
        fmt::format("{:.2g} ({:.0f} %)", row.test.counts, 100 * row.quantile), row.test.capture,
        share_words(row.test.open), fold_words(row.fold), share_words(row.of_test.called),
        hidden_words(row.of_test.hidden_share), share_words(row.of_cells.called),
        hidden_words(row.of_cells.hidden_share));
  }
  return text;
}

nlohmann::ordered_json pair_as_json(const PairReach& pair) {
  return {{"called", pair.called}, {"hidden_share", pair.hidden_share}};
}

/// Numbers that are none become null.
std::string reach_as_json(const std::string& path, const Study& study, const ReachOptions& options,
                          const std::vector<ReachRow>& rows) {
  nlohmann::ordered_json json = {{"study", path},
                                 {"cells", study.cells.size()},
                                 {"types", study.cells.type.names.size()},
                                 {"peaks", study.peaks.size()},
                                 {"genes", study.genes.size()},
                                 {"pair_fold", options.fold},
                                 {"reach", nlohmann::ordered_json::array()}};
  for (const auto& row : rows) {
    json["reach"].push_back({{"cell_type", row.cell_type},
                             {"quantile", row.quantile},
                             {"counts", row.test.counts},
                             {"dispersion", row.test.dispersion},
                             {"open", row.test.open},
                             {"capture", row.test.capture},
                             {"test_cells", row.test.cells},
                             {"all_cells", row.cells},
                             {"smallest_fold", row.fold},
                             {"pair_test", pair_as_json(row.of_test)},
                             {"pair_all", pair_as_json(row.of_cells)}});
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void tell_reach(const std::filesystem::path& path, bool json, const Context& context) {
  const Study study = read_study(path, context);
  if (!study.has_counts()) {
    throw input_error(
        "{}: the study has no counts (its RNA came normalised), and what cells could show cannot "
        "be "
        "told from values; prepare it from counts (--rna-layer)",
        path.string());
  }
  const ReachOptions options;
  const auto rows = reach_of(study, options, context);
  const auto text = (json ? reach_as_json : reach_as_text)(path.string(), study, options, rows);
  std::fputs(text.c_str(), stdout);
}

void tell_study(const std::filesystem::path& path, bool json, const Context& context) {
  if (!is_unpaired(path)) {
    tell_reach(path, json, context);
    return;
  }
  const auto study = read_unpaired_study(path, context);
  const auto text = (json ? unpaired_as_json : unpaired_as_text)(path.string(), study);
  std::fputs(text.c_str(), stdout);
}

void tell_machine(bool json, const Context& context) {
  const Info info = gather(context);
  const std::string text = json ? as_json(info) : as_text(info);
  std::fputs(text.c_str(), stdout);
  if (!info.warning.empty()) context.reporter.warning(info.warning);
}

struct InfoCommand {
  std::filesystem::path study;
  bool json = false;
};

}  // namespace

Command info_command() {
  return {"info", "What this program runs on; of a study, what its cells could show",
          "  grids info\n"
          "  grids info study.h5mu\n"
          "  grids info study.h5mu --json",
          [](OptionSet& options) -> CommandBody {
            auto asked = std::make_shared<InfoCommand>();
            options.value("study", asked->study,
                          "Study written by prepare: how strong an element must be, and how well "
                          "redundancy would be called, by type and counts; of cells that were not "
                          "measured together how many there are of each type");
            options.flag("--json", asked->json, "For machines");
            return [asked](const Context& context) {
              if (asked->study.empty()) {
                tell_machine(asked->json, context);
              } else {
                tell_study(asked->study, asked->json, context);
              }
            };
          }};
}

}  // namespace grids::core
