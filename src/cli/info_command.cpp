#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "math/gemm_rate.hpp"
#include "math/machine.hpp"

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

}  // namespace

Command info_command() {
  return {"info", "What this program runs on, and how fast it multiplies matrices",
          "  grids info\n"
          "  grids info --json",
          [](OptionSet& options) -> CommandBody {
            auto json = std::make_shared<bool>(false);
            options.flag("--json", *json, "For machines");
            return [json](const Context& context) {
              const Info info = gather(context);
              const std::string text = *json ? as_json(info) : as_text(info);
              std::fputs(text.c_str(), stdout);
              if (!info.warning.empty()) context.reporter.warning(info.warning);
            };
          }};
}

}  // namespace grids::core
