#include "io/zarr_keys.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "base/error.hpp"
#include "io/zip_archive.hpp"

namespace grids::core::zarr {
namespace {

namespace fs = std::filesystem;

/// What each root has one of.
constexpr std::string_view kRoots[] = {"zarr.json", ".zgroup", ".zmetadata", ".zarray"};

class FolderKeys final : public Keys {
 public:
  explicit FolderKeys(fs::path folder) : folder_(std::move(folder)) {}

  std::optional<int64_t> size(const std::string& key) const override {
    std::error_code error;
    const auto path = folder_ / key;
    if (!fs::is_regular_file(path, error)) return std::nullopt;
    const auto bytes = fs::file_size(path, error);
    return error ? std::nullopt : std::optional(static_cast<int64_t>(bytes));
  }

  std::string read(const std::string& key, int64_t first, int64_t count) const override {
    const auto path = folder_ / key;
    auto bytes = RandomFile(path).read(static_cast<uint64_t>(first), static_cast<uint64_t>(count));
    if (!bytes) throw input_error("cannot read {}: it is cut short", path.string());
    return std::move(*bytes);
  }

  std::vector<std::string> names_below(const std::string& prefix) const override {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder_ / prefix, error);
         !error && entry != fs::directory_iterator(); entry.increment(error)) {
      names.push_back(entry->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  int64_t bytes_below(const std::string& prefix) const override {
    int64_t bytes = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(folder_ / prefix, error);
         !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      std::error_code ignored;
      if (!entry->is_regular_file(ignored)) continue;
      const auto size = entry->file_size(ignored);
      if (!ignored) bytes += static_cast<int64_t>(size);
    }
    return bytes;
  }

 private:
  fs::path folder_;
};

/// The folder that all members lie in, with its slash; empty where they lie at the root.
std::string only_folder(const std::vector<std::string>& names) {
  std::string folder;
  for (const auto& name : names) {
    const size_t slash = name.find('/');
    if (slash == std::string::npos) return {};
    if (folder.empty()) folder = name.substr(0, slash + 1);
    if (!name.starts_with(folder)) return {};
  }
  return folder;
}

class ZipKeys final : public Keys {
 public:
  explicit ZipKeys(const fs::path& path)
      : archive_(path,
                 "unpack the archive and give the folder, or pack it without compression "
                 "(zip -0 -r)"),
        root_(only_folder(archive_.names())) {
    for (const auto& name : archive_.names()) {
      if (name.ends_with('/') || name.size() <= root_.size()) continue;
      const auto bytes = archive_.size(name).value_or(0);
      sizes_.emplace(name.substr(root_.size()), static_cast<int64_t>(std::min(bytes, kMost)));
    }
  }

  std::optional<int64_t> size(const std::string& key) const override {
    const auto found = sizes_.find(key);
    return found == sizes_.end() ? std::nullopt : std::optional(found->second);
  }

  std::string read(const std::string& key, int64_t first, int64_t count) const override {
    const auto name = root_ + key;
    const auto begin = static_cast<uint64_t>(first);
    const auto bytes = static_cast<uint64_t>(count);
    if (first == 0 && size(key) == count) return archive_.read(name);
    if (archive_.is_stored(name)) return archive_.read_stored(name, begin, bytes);
    const auto whole = unpacked(name);
    if (begin > whole->size() || bytes > whole->size() - begin) {
      throw input_error("cannot read {} of the archive: it is cut short", name);
    }
    return whole->substr(begin, bytes);
  }

  std::vector<std::string> names_below(const std::string& prefix) const override {
    std::set<std::string> names;
    for (auto entry = sizes_.lower_bound(prefix);
         entry != sizes_.end() && entry->first.starts_with(prefix);) {
      const size_t slash = entry->first.find('/', prefix.size());
      const auto name = entry->first.substr(prefix.size(), slash - prefix.size());
      names.insert(name);
      // Beyond all that lies below the name: '0' is what follows the slash.
      entry =
          slash == std::string::npos ? std::next(entry) : sizes_.lower_bound(prefix + name + '0');
    }
    return {names.begin(), names.end()};
  }

  int64_t bytes_below(const std::string& prefix) const override {
    if (prefix.empty()) return static_cast<int64_t>(archive_.archive_bytes());
    int64_t bytes = 0;
    for (auto entry = sizes_.lower_bound(prefix);
         entry != sizes_.end() && entry->first.starts_with(prefix); ++entry) {
      bytes += entry->second;
    }
    // Deflated members, or lies about them, are no larger for it.
    return std::min(bytes, static_cast<int64_t>(archive_.archive_bytes()));
  }

 private:
  static constexpr uint64_t kMost = uint64_t{1} << 62;

  /// A deflated member of which parts are asked for: the last one is kept.
  std::shared_ptr<const std::string> unpacked(const std::string& name) const {
    const std::lock_guard guard(mutex_);
    if (kept_name_ != name || kept_ == nullptr) {
      kept_ = std::make_shared<const std::string>(archive_.read(name));
      kept_name_ = name;
    }
    return kept_;
  }

  ZipArchive archive_;
  std::string root_;
  std::map<std::string, int64_t> sizes_;
  mutable std::mutex mutex_;
  mutable std::string kept_name_;
  mutable std::shared_ptr<const std::string> kept_;
};

}  // namespace

bool is_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

std::unique_ptr<Keys> open_folder(const fs::path& path) {
  return std::make_unique<FolderKeys>(path);
}

std::unique_ptr<Keys> open_zip(const fs::path& path) {
  return std::make_unique<ZipKeys>(path);
}

bool has_root(const Keys& keys) {
  return std::any_of(std::begin(kRoots), std::end(kRoots),
                     [&](std::string_view name) { return keys.size(std::string(name)); });
}

}  // namespace grids::core::zarr
