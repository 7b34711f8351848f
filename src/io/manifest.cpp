#include "io/manifest.hpp"

#include <openssl/evp.h>

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

}  // namespace

std::string sha256_of(const std::filesystem::path& path) {
  std::error_code ignored;
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path, ignored)) {
    throw input_error("reading {}: {}", path.string(),
                      errno != 0 ? std::strerror(errno) : "is not a file");
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(),
                                                                       &EVP_MD_CTX_free);
  bool good = digest && EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) == 1;
  std::vector<char> block(1 << 20);
  while (good && file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    good = EVP_DigestUpdate(digest.get(), block.data(), static_cast<size_t>(file.gcount())) == 1;
  }
  if (file.bad()) throw input_error("reading {}: {}", path.string(), std::strerror(errno));
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned length = 0;
  if (!good || EVP_DigestFinal_ex(digest.get(), hash.data(), &length) != 1) {
    throw internal_error("SHA-256 is not available");
  }
  std::string text;
  for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", hash[i]);
  return text;
}

FileRecord record_file(const std::filesystem::path& path) {
  FileRecord record;
  record.path = path.string();
  record.sha256 = sha256_of(path);
  record.bytes = static_cast<int64_t>(std::filesystem::file_size(path));
  return record;
}

Manifest read_manifest(const std::filesystem::path& path) {
  const auto text = read_file(path);
  try {
    const auto json = ordered_json::parse(text);
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
  } catch (const nlohmann::json::exception& error) {
    throw input_error(
        "reading {}: not a manifest of grids; run the command that wrote the folder again: {}",
        path.string(), error.what());
  }
}

void write_manifest(const std::filesystem::path& path, const Manifest& manifest) {
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
  // Paths and warnings may hold bytes that are no UTF-8; they must not stop a run at its end.
  replace_file(path, json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace grids::core
