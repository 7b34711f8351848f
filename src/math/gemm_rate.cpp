#include "math/gemm_rate.hpp"

#include <dnnl.h>
#include <fmt/core.h>

#include <chrono>
#include <ctime>
#include <vector>

#include "math/gemm.hpp"

namespace grids::core {
namespace {

/// GFLOP/s of one core that a CPU of the last ten years exceeds when nothing is wrong.
constexpr double kLeastAvx512 = 60;
constexpr double kLeastAvx2 = 25;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What the processor has worked for this thread: other programs take none of it away.
double thread_seconds() {
  timespec time = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// One thread's matrices. Numbers of ordinary size: denormals would slow the products down.
struct Matrices {
  explicit Matrices(const GemmShape& shape)
      : a(static_cast<size_t>(shape.m * shape.k), 0.5f),
        b(static_cast<size_t>(shape.k * shape.n), 0.25f),
        c(static_cast<size_t>(shape.m * shape.n)) {}

  std::vector<float> a, b, c;
};

}  // namespace

double measure_gemm(ThreadPool& pool, const GemmShape& shape, double seconds) {
  const int threads = pool.threads();
  std::vector<double> rates(static_cast<size_t>(threads));
  pool.for_each(threads, [&](int64_t thread) {
    Matrices matrices(shape);
    const auto multiply = [&] {
      gemm(Transpose::kNo, Transpose::kNo, shape.m, shape.n, shape.k, matrices.a.data(), shape.k,
           matrices.b.data(), shape.n, 0.0f, matrices.c.data(), shape.n);
    };
    multiply();  // makes the kernel and touches the memory
    int64_t products = 0;
    const auto start = Clock::now();
    const double worked_before = thread_seconds();
    do {
      multiply();
      ++products;
    } while (seconds_since(start) < seconds);
    const double worked = thread_seconds() - worked_before;
    const double flops = 2.0 * static_cast<double>(shape.m * shape.n * shape.k);
    rates[static_cast<size_t>(thread)] = 1e-9 * flops * static_cast<double>(products) / worked;
  });
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum;
}

GemmLibrary gemm_library() {
  const dnnl_version_t* version = dnnl_version();
  GemmLibrary library;
  library.name = fmt::format("oneDNN {}.{}.{}", version->major, version->minor, version->patch);
  const auto isa = static_cast<unsigned>(dnnl_get_effective_cpu_isa());
  const auto includes = [isa](dnnl_cpu_isa_t other) {
    return (isa & static_cast<unsigned>(other)) == static_cast<unsigned>(other);
  };
  library.avx2 = includes(dnnl_cpu_isa_avx2);
  library.avx512 = includes(dnnl_cpu_isa_avx512_core);
  library.instruction_set = library.avx512                 ? "AVX-512"
                            : library.avx2                 ? "AVX2"
                            : includes(dnnl_cpu_isa_avx)   ? "AVX"
                            : includes(dnnl_cpu_isa_sse41) ? "SSE4.1"
                                                           : "none";
  return library;
}

std::string gemm_warning(const GemmLibrary& library, bool cpu_avx512, bool cpu_avx2, double rate) {
  if ((cpu_avx512 && !library.avx512) || (cpu_avx2 && !library.avx2)) {
    return fmt::format(
        "{} uses {} although this CPU has {}: unset ONEDNN_MAX_CPU_ISA and DNNL_MAX_CPU_ISA, or "
        "install oneDNN 2.6 or later",
        library.name, library.instruction_set, cpu_avx512 ? "AVX-512" : "AVX2");
  }
  const double least = cpu_avx512 ? kLeastAvx512 : cpu_avx2 ? kLeastAvx2 : 0;
  if (rate >= least) return {};
  return fmt::format(
      "one core multiplies at {:.0f} GFLOP/s, a CPU with {} should exceed {:.0f}: measure again "
      "when no other program is busy, with a laptop plugged in; on a virtual machine ask for whole "
      "cores",
      rate, cpu_avx512 ? "AVX-512" : "AVX2", least);
}

}  // namespace grids::core
