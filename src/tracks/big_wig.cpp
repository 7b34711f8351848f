#include "tracks/big_wig.hpp"

#include <bigWig.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>

#include "base/error.hpp"
#include "io/atomic_file.hpp"

namespace grids::core {
namespace {

using BigWigFile = std::unique_ptr<bigWigFile_t, void (*)(bigWigFile_t*)>;

BigWigFile open_big_wig(const std::filesystem::path& path, const char* mode) {
  return {::bwOpen(path.c_str(), nullptr, mode), &::bwClose};
}

Error big_wig_error(const std::filesystem::path& path) {
  return input_error("cannot write {}: {}", path.string(),
                     errno != 0 ? std::strerror(errno) : "is the disk full?");
}

/// Names and lengths of all chromosomes, as the file begins with them.
bool write_header(bigWigFile_t& file, const ChromosomeSizes& sizes) {
  constexpr int32_t kZoomLevels = 10;
  std::vector<const char*> names;
  std::vector<uint32_t> lengths;
  names.reserve(sizes.size());
  lengths.reserve(sizes.size());
  for (const auto& [name, length] : sizes) {
    names.push_back(name.c_str());
    lengths.push_back(length);
  }
  if (::bwCreateHdr(&file, kZoomLevels) != 0) return false;
  file.cl = ::bwCreateChromList(names.data(), lengths.data(), static_cast<int64_t>(names.size()));
  return file.cl != nullptr && ::bwWriteHdr(&file) == 0;
}

/// The first span of a chromosome names it, the others are appended.
bool write_signal(bigWigFile_t& file, const std::string& chromosome, const Signal& signal) {
  const char* name = chromosome.c_str();
  const auto rest = static_cast<uint32_t>(signal.starts.size() - 1);
  return ::bwAddIntervals(&file, &name, signal.starts.data(), signal.ends.data(),
                          signal.values.data(), 1) == 0 &&
         (rest == 0 || ::bwAppendIntervals(&file, signal.starts.data() + 1, signal.ends.data() + 1,
                                           signal.values.data() + 1, rest) == 0);
}

/// Whether the file ends as a whole one does: with its magic number, which is written last.
bool ends_whole(const std::filesystem::path& path) {
  uint32_t last = 0;
  std::ifstream file(path, std::ios::binary);
  file.seekg(-static_cast<std::streamoff>(sizeof last), std::ios::end);
  file.read(reinterpret_cast<char*>(&last), sizeof last);
  return file && last == BIGWIG_MAGIC;
}

uint64_t covered_bases(const GenomeSignal& signal) {
  uint64_t bases = 0;
  for (const auto& entry : signal) {
    const Signal& each = entry.second;
    for (size_t i = 0; i < each.starts.size(); ++i) bases += each.ends[i] - each.starts[i];
  }
  return bases;
}

/// What the library writes as it closes the file can fail without a word.
bool is_whole(const std::filesystem::path& path, const GenomeSignal& signal) {
  if (!ends_whole(path)) return false;
  const BigWigFile file = open_big_wig(path, "r");
  return file != nullptr && file->hdr->nBasesCovered == covered_bases(signal);
}

}  // namespace

void write_big_wig(const std::filesystem::path& path, const ChromosomeSizes& sizes,
                   const GenomeSignal& signal) {
  replace_file(path, [&](const std::filesystem::path& temporary) {
    errno = 0;
    BigWigFile file = open_big_wig(temporary, "w");
    bool written = file != nullptr && write_header(*file, sizes);
    for (auto each = signal.begin(); written && each != signal.end(); ++each) {
      written = write_signal(*file, each->first, each->second);
    }
    file.reset();
    if (!written || !is_whole(temporary, signal)) throw big_wig_error(path);
  });
}

}  // namespace grids::core
