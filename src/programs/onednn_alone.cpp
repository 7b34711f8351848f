// oneDNN for programs whose LibTorch has another oneDNN inside (GRIDS_TORCH_DIR,
// cmake/torch.cmake).
//
// Both libraries offer templates of std:: over oneDNN's own types, under equal names, and the
// loader gives both of them the first: the call_once by which ours would make its kernels made
// torch's (oneDNN 2.6 beside LibTorch 2.15), and no product succeeded. So ours is not linked but
// loaded, where it finds its own names first and torch finds none of them. These are all of its
// functions that grids calls.
#include <dlfcn.h>
#include <dnnl.h>

#include <stdexcept>

namespace {

void* onednn() {
  static void* const library = dlopen(GRIDS_ONEDNN, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (library == nullptr) throw std::runtime_error(dlerror());
  return library;
}

/// `declared` only tells the type.
template <typename Function>
Function* found(const char* name, Function* /*declared*/) {
  void* const address = dlsym(onednn(), name);
  if (address == nullptr) throw std::runtime_error(dlerror());
  return reinterpret_cast<Function*>(address);
}

}  // namespace

dnnl_status_t dnnl_sgemm(char transa, char transb, dnnl_dim_t m, dnnl_dim_t n, dnnl_dim_t k,
                         float alpha, const float* a, dnnl_dim_t lda, const float* b,
                         dnnl_dim_t ldb, float beta, float* c, dnnl_dim_t ldc) {
  static auto* const function = found("dnnl_sgemm", &dnnl_sgemm);
  return function(transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

const dnnl_version_t* dnnl_version() {
  static auto* const function = found("dnnl_version", &dnnl_version);
  return function();
}

dnnl_cpu_isa_t dnnl_get_effective_cpu_isa() {
  static auto* const function = found("dnnl_get_effective_cpu_isa", &dnnl_get_effective_cpu_isa);
  return function();
}
