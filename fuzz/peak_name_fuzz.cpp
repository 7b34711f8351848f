#include "fuzz.hpp"
#include "io/peak_name.hpp"

/// A name that is understood is understood as it is spelt anew.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace grids::core;
  const std::string name(reinterpret_cast<const char*>(data), size);
  fuzz::attempt([&] {
    const auto place = parse_peak_name(name);
    if (!place) return;
    const auto again =
        parse_peak_name(fmt::format("{}:{}-{}", place->chromosome, place->start, place->end));
    if (!again || again->start != place->start || again->end != place->end) std::abort();
  });
  return 0;
}
