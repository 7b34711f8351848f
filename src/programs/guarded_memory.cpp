// Memory of grids-probe. Blocks of a page or more end where a page begins that cannot be touched: a
// library that reads or writes beyond such a block dies here. Without, it depends on what happens
// to lie behind, and the program that trusted the file may die where this one did not.
//
// The blocks that damaged files make the HDF5 library overrun are its global heaps, of 4 KiB or
// more.
#include <malloc.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

extern "C" {
void* __libc_malloc(size_t size);             // NOLINT
void __libc_free(void* block);                // NOLINT
void* __libc_calloc(size_t n, size_t size);   // NOLINT
void* __libc_realloc(void* block, size_t n);  // NOLINT
}

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kAlignment = 16;  // what malloc promises
constexpr size_t kSlots = size_t{1} << 16;

struct GuardedBlock {
  char* at;  // where the user's part begins; null: never used
  size_t size;
  char* mapping;
  size_t mapped;  // 0: used no more
};

/// Of all guarded blocks, by where they begin. Static, because it cannot ask for memory.
GuardedBlock blocks[kSlots];
size_t count = 0;
/// Between these they all lie; libc's small blocks do not, so that most need no search.
const char* lowest = nullptr;
const char* highest = nullptr;
std::atomic_flag busy = ATOMIC_FLAG_INIT;

class Turn {
 public:
  Turn() {
    while (busy.test_and_set(std::memory_order_acquire)) {
    }
  }
  ~Turn() { busy.clear(std::memory_order_release); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
};

size_t slot_of(const char* at) {
  return (reinterpret_cast<uintptr_t>(at) / kAlignment * 0x9E3779B97F4A7C15U) >> 48;
}

/// The slot of a block, or of the place where it would be put.
GuardedBlock* find(const char* at, bool free_place) {
  if (!free_place && (at < lowest || at > highest)) return nullptr;
  for (size_t i = 0; i < kSlots; ++i) {
    GuardedBlock& block = blocks[(slot_of(at) + i) % kSlots];
    if (block.at == nullptr) return free_place ? &block : nullptr;
    if (free_place ? block.mapped == 0 : block.at == at && block.mapped > 0) return &block;
  }
  return nullptr;
}

/// Slots that end a run need not be remembered.
void take_out(GuardedBlock* block) {
  block->mapped = 0;
  auto i = static_cast<size_t>(block - blocks);
  if (blocks[(i + 1) % kSlots].at != nullptr) return;
  for (; blocks[i].at != nullptr && blocks[i].mapped == 0; i = (i + kSlots - 1) % kSlots) {
    blocks[i].at = nullptr;
  }
}

size_t rounded(size_t size, size_t to) {
  return (size + to - 1) / to * to;
}

void* guarded(size_t size) {
  const size_t data = rounded(size, kPage);
  const size_t mapped = data + kPage;
  if (data < size || mapped < data) {
    errno = ENOMEM;
    return nullptr;
  }
  void* mapping =
      ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return nullptr;
  auto* begin = static_cast<char*>(mapping);
  ::mprotect(begin + data, kPage, PROT_NONE);
  char* at = begin + data - rounded(size, kAlignment);
  const Turn turn;
  *find(at, true) = {at, size, begin, mapped};
  if (lowest == nullptr || at < lowest) lowest = at;
  if (at > highest) highest = at;
  ++count;
  return at;
}

bool is_large(size_t size) {
  if (size < kPage) return false;
  const Turn turn;
  return count < kSlots / 2;
}

}  // namespace

// The libraries are to find these in place of libc's.
#pragma GCC visibility push(default)

extern "C" {

void* malloc(size_t size) {
  return is_large(size) ? guarded(size) : __libc_malloc(size);
}

void free(void* block) {
  if (block == nullptr) return;
  GuardedBlock own = {};
  {
    const Turn turn;
    GuardedBlock* found = find(static_cast<char*>(block), false);
    if (found != nullptr) {
      own = *found;
      take_out(found);
      --count;
    }
  }
  if (own.mapped > 0) {
    ::munmap(own.mapping, own.mapped);
  } else {
    __libc_free(block);
  }
}

void* calloc(size_t n, size_t size) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(n, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return is_large(bytes) ? guarded(bytes) : __libc_calloc(n, size);  // new pages are zeros
}

void* realloc(void* block, size_t size) {
  if (block == nullptr) return malloc(size);
  size_t before = 0;
  {
    const Turn turn;
    const GuardedBlock* found = find(static_cast<char*>(block), false);
    if (found != nullptr) before = found->size;
  }
  if (before == 0 && !is_large(size)) return __libc_realloc(block, size);
  if (before == 0) before = ::malloc_usable_size(block);
  void* moved = malloc(size);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, before < size ? before : size);
  free(block);
  return moved;
}
}

#pragma GCC visibility pop
