// Zarr stores of any keys and bytes, and any bytes as a zip archive of one.
#include <cstring>
#include <map>

#include "fuzz.hpp"
#include "io/anndata.hpp"
#include "io/store_walk.hpp"
#include "io/zarr.hpp"
#include "io/zarr_keys.hpp"

namespace {

using namespace grids::core;

/// Keys that end in a zero, each with a value before which stand two bytes of its length.
class FuzzKeys final : public zarr::Keys {
 public:
  explicit FuzzKeys(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\0');
      if (end == std::string_view::npos || bytes.size() - end < 3) return;
      std::string key(bytes.substr(0, end));
      uint16_t length = 0;
      std::memcpy(&length, bytes.data() + end + 1, sizeof length);
      bytes.remove_prefix(end + 3);
      values_[key] = bytes.substr(0, length);
      bytes.remove_prefix(values_[key].size());
    }
  }

  std::optional<int64_t> size(const std::string& key) const override {
    const auto found = values_.find(key);
    return found == values_.end() ? std::nullopt : std::optional(std::ssize(found->second));
  }
  std::string read(const std::string& key, int64_t first, int64_t count) const override {
    const auto& value = values_.at(key);
    if (first < 0 || count < 0 || first > std::ssize(value) || count > std::ssize(value) - first) {
      std::abort();  // the reader has been told the size
    }
    return value.substr(static_cast<size_t>(first), static_cast<size_t>(count));
  }
  std::vector<std::string> names_below(const std::string& prefix) const override {
    std::vector<std::string> names;
    for (const auto& [key, value] : values_) {
      if (!key.starts_with(prefix)) continue;
      auto name = key.substr(prefix.size(), key.find('/', prefix.size()) - prefix.size());
      if (names.empty() || names.back() != name) names.push_back(std::move(name));
    }
    return names;
  }
  int64_t bytes_below(const std::string& prefix) const override {
    int64_t bytes = 0;
    for (const auto& [key, value] : values_) {
      if (key.starts_with(prefix)) bytes += std::ssize(value);
    }
    return bytes;
  }

 private:
  std::map<std::string, std::string> values_;
};

void read(const store::Group& root) {
  fuzz::attempt([&] { store::walk(root, store::WalkBulk::kAll, [](const std::string&) {}); });
  fuzz::attempt([&] { read_anndata(root, {}); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1 && data[0] == 'P' && data[1] == 'K') {
    const fuzz::Input input(data, size);
    if (zarr::is_zarr(input.path())) {
      fuzz::attempt([&] { read(zarr::open_path(input.path())); });
    }
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  fuzz::attempt([&] { read(zarr::open(std::make_shared<FuzzKeys>(bytes), "input.zarr")); });
  return 0;
}
