#include "io/manifest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "io/atomic_file.hpp"

namespace grids::core {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const std::vector<FileRecord>& files) {
  auto list = ordered_json::array();
  for (const auto& file : files) {
    list.push_back({{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}});
  }
  return list;
}

std::vector<FileRecord> files_from(const ordered_json& list) {
  std::vector<FileRecord> files;
  for (const auto& file : list) {
    files.push_back({file.at("path").get<std::string>(), file.at("sha256").get<std::string>(),
                     file.at("bytes").get<int64_t>()});
  }
  return files;
}

class Sha256 {
 public:
  Sha256() : digest_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    require(digest_ && EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr) == 1);
  }
  void add(std::string_view bytes) {
    require(EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size()) == 1);
  }
  /// In hexadecimal; nothing can be added after that.
  std::string text() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    require(EVP_DigestFinal_ex(digest_.get(), hash.data(), &length) == 1);
    std::string text;
    for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", hash[i]);
    return text;
  }

 private:
  static void require(bool good) {
    if (!good) throw internal_error("SHA-256 is not available");
  }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest_;
};

Manifest section_from(const ordered_json& json) {
  Manifest manifest;
  manifest.command = json.at("command").get<std::string>();
  manifest.version = json.at("version").get<std::string>();
  manifest.options = json.at("options").dump();
  manifest.seed = json.at("seed").get<uint64_t>();
  manifest.threads = json.at("threads").get<int>();
  manifest.inputs = files_from(json.at("inputs"));
  manifest.outputs = files_from(json.at("outputs"));
  manifest.warnings = json.at("warnings").get<std::vector<std::string>>();
  for (const auto& stage : json.at("stages")) {
    manifest.stages.push_back(
        {stage.at("name").get<std::string>(), stage.at("seconds").get<double>()});
  }
  return manifest;
}

ordered_json to_json(const Manifest& manifest) {
  ordered_json json;
  json["command"] = manifest.command;
  json["version"] = manifest.version;
  json["options"] = ordered_json::parse(manifest.options, nullptr, false);
  if (json["options"].is_discarded()) {
    throw internal_error("the options of a manifest are not JSON: {}", manifest.options);
  }
  json["seed"] = manifest.seed;
  json["threads"] = manifest.threads;
  json["inputs"] = to_json(manifest.inputs);
  json["outputs"] = to_json(manifest.outputs);
  json["warnings"] = manifest.warnings;
  json["stages"] = ordered_json::array();
  for (const auto& stage : manifest.stages) {
    json["stages"].push_back({{"name", stage.name}, {"seconds", stage.seconds}});
  }
  return json;
}

/// The section without what another wrote over.
void forget_outputs(Manifest& section, const std::vector<FileRecord>& written) {
  std::erase_if(section.outputs, [&](const FileRecord& own) {
    return std::any_of(written.begin(), written.end(),
                       [&](const FileRecord& other) { return other.path == own.path; });
  });
}

}  // namespace

std::string sha256_of(const std::filesystem::path& path) {
  std::error_code ignored;
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path, ignored)) {
    throw input_error("reading {}: {}", path.string(),
                      errno != 0 ? std::strerror(errno) : "is not a file");
  }
  Sha256 digest;
  std::vector<char> block(1 << 20);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    digest.add({block.data(), static_cast<size_t>(file.gcount())});
  }
  if (file.bad()) throw input_error("reading {}: {}", path.string(), std::strerror(errno));
  return digest.text();
}

std::string sha256_of_text(std::string_view text) {
  Sha256 digest;
  digest.add(text);
  return digest.text();
}

namespace {

FileRecord record_folder(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) files.push_back(entry->path());
  }
  if (error) throw input_error("reading {}: {}", folder.string(), error.message());
  std::sort(files.begin(), files.end());
  FileRecord record;
  record.path = folder.string();
  std::string list;
  for (const auto& file : files) {
    list += fmt::format("{}  {}\n", sha256_of(file), file.lexically_relative(folder).string());
    record.bytes += static_cast<int64_t>(fs::file_size(file));
  }
  record.sha256 = sha256_of_text(list);
  return record;
}

}  // namespace

FileRecord record_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return record_folder(path);
  FileRecord record;
  record.path = path.string();
  record.sha256 = sha256_of(path);
  record.bytes = static_cast<int64_t>(std::filesystem::file_size(path));
  return record;
}

std::vector<Manifest> read_manifests(const std::filesystem::path& path) {
  const auto text = read_file(path);
  try {
    const auto json = ordered_json::parse(text);
    std::vector<Manifest> sections;
    if (json.contains("command")) {
      sections.push_back(section_from(json));
    } else {
      for (const auto& section : json.at("commands")) sections.push_back(section_from(section));
    }
    return sections;
  } catch (const nlohmann::json::exception& error) {
    throw input_error(
        "reading {}: not a manifest of grids; run the command that wrote the folder again: {}",
        path.string(), error.what());
  }
}

void write_manifest(const std::filesystem::path& path, std::span<const Manifest> sections) {
  ordered_json json;
  json["commands"] = ordered_json::array();
  for (const auto& section : sections) json["commands"].push_back(to_json(section));
  // Paths and warnings may hold bytes that are no UTF-8; they must not stop a run at its end.
  replace_file(path, json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

void add_to_manifest(const std::filesystem::path& path, const Manifest& manifest) {
  std::vector<Manifest> sections;
  if (std::filesystem::exists(path)) sections = read_manifests(path);
  std::erase_if(sections, [&](const Manifest& each) { return each.command == manifest.command; });
  for (auto& section : sections) forget_outputs(section, manifest.outputs);
  sections.push_back(manifest);
  write_manifest(path, sections);
}

}  // namespace grids::core
