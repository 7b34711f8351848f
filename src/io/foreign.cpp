#include "io/foreign.hpp"

#include <fmt/ranges.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <vector>

#include "io/feature_kind.hpp"
#include "io/foreign_lines.hpp"
#include "io/lines.hpp"
#include "io/utf8.hpp"
#include "io/zarr.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

/// The first bytes of a file, of gzip those inside; empty where it cannot be read.
std::string first_content(const fs::path& path) {
  constexpr unsigned kBytes = 1 << 16;
  const auto file = ::gzopen(path.c_str(), "rb");
  if (file == nullptr) return {};
  std::string content(kBytes, '\0');
  const int count = ::gzread(file, content.data(), kBytes);
  ::gzclose(file);
  content.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return content;
}

struct Magic {
  std::string_view bytes;
  size_t place;
  std::string_view what;  ///< with what to do
};

constexpr std::string_view kReads =
    "are reads, not counts; count them with Cell Ranger ARC and give its outs/";

/// Files that only their first bytes have to be known of.
constexpr std::array<Magic, 17> kMagics = {{
    {"version https://git-lfs", 0,
     "it is a pointer of Git LFS, and the file itself was not fetched: git lfs pull"},
    {"PK\x03\x04", 0, "it is a zip archive; unpack it and give what is inside"},
    {"ustar", 257, "it is a tar archive; unpack it (tar xf) and give the folder or file inside"},
    {"BZh", 0, "it is compressed by bzip2; unpack it (bunzip2), or, of an .rds, read it in R"},
    {"\xFD"
     "7zXZ",
     0, "it is compressed by xz; unpack it (unxz), or, of an .rds, read it in R"},
    {"\x28\xB5\x2F\xFD", 0, "it is compressed by zstd; unpack it (unzstd)"},
    {"7z\xBC\xAF", 0, "it is a 7z archive; unpack it and give what is inside"},
    {"BAM\x01", 0,
     "it is a BAM file: these are reads, not counts; count them with Cell Ranger ARC"},
    {"CRAM", 0, "it is a CRAM file: these are reads, not counts; count them with Cell Ranger ARC"},
    {"NCBI.sra", 0, "it is an SRA archive: these are reads, not counts; count them first"},
    {"PAR1", 0, "it is a Parquet table; write it as .h5ad in Python (pandas, anndata)"},
    {"ARROW1", 0, "it is a table of Apache Arrow; write it as .h5ad in Python (pandas, anndata)"},
    {"\x93NUMPY", 0,
     "it is an array of NumPy without names; write it as .h5ad with names of cells and features"},
    {"\x26\xFC\x8F\x88", 0, "it is a bigWig track, not counts of cells"},
    {"SQLite format 3", 0, "it is an SQLite database"},
    {"\x0B\x0E\x0A\x0C", 0,
     "it is an R object written by qs; in R: saveRDS(qs::qread(FILE), \"x.rds\"), then give that"},
    {"MuData (", 0, "it is a MuData that ends after its first bytes; copy it anew"},
}};

std::string by_magic(std::string_view content) {
  for (const auto& magic : kMagics) {
    if (content.size() > magic.place && content.substr(magic.place).starts_with(magic.bytes)) {
      return std::string(magic.what);
    }
  }
  return {};
}

std::string r_object(const fs::path& path, std::string_view content) {
  for (const std::string_view saved : {"RDX2\n", "RDX3\n", "RDA2\n", "RDA3\n"}) {
    if (content.starts_with(saved)) {
      return "it holds R objects (.RData); " + lines_for_rds(path, true);
    }
  }
  const bool serialised =
      content.size() > 6 && (content.starts_with(std::string_view("X\n\0\0\0", 5)) ||
                             content.starts_with("A\n2\n") || content.starts_with("A\n3\n"));
  return serialised ? "it is an R object (.rds); " + lines_for_rds(path, false) : std::string();
}

std::string_view without_space_before(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  return text;
}

std::string web_page(std::string_view content) {
  const auto begin = lower_case(without_space_before(content).substr(0, 64));
  constexpr std::string_view kAgain =
      "that was saved in place of the file (a login, or a link that has expired); download it "
      "again";
  if (begin.starts_with("<!doctype html") || begin.starts_with("<html")) {
    return fmt::format("it is a page of HTML {}", kAgain);
  }
  if (begin.starts_with("<?xml") || begin.starts_with("<error")) {
    return fmt::format("it is XML, often the answer of a server {}", kAgain);
  }
  return begin.starts_with("{\"")
             ? fmt::format("it is JSON, often the answer of a server {}", kAgain)
             : std::string();
}

bool is_text(std::string_view content) {
  return std::none_of(content.begin(), content.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' && c != '\r';
  });
}

/// The first lines that are no comments; the last may be cut.
std::vector<std::string_view> first_lines(std::string_view content) {
  std::vector<std::string_view> lines;
  for (const auto line : split(content, '\n')) {
    if (line.empty() || line[0] == '#' || line.starts_with("track") ||
        line.starts_with("browser")) {
      continue;
    }
    lines.push_back(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
    if (lines.size() == 4) break;
  }
  return lines;
}

bool is_place(const std::vector<std::string_view>& fields) {
  int64_t start = 0;
  int64_t end = 0;
  return fields.size() >= 3 && parse_position(fields[1], start) && parse_position(fields[2], end) &&
         end > start;
}

std::string table_of_text(const fs::path& path, std::string_view content) {
  constexpr size_t kManyColumns = 20;
  if (content.empty() || !is_text(content)) return {};
  const auto lines = first_lines(content);
  if (lines.size() < 2) return {};
  const auto fields = split(lines[1], '\t');
  if (is_place(fields)) {
    return "it is a BED file: places without counts; give the matrix by --atac, and the places by "
           "--peaks";
  }
  if (lines.size() > 2 && lines[0].starts_with('@') && lines[2].starts_with('+')) {
    return fmt::format("it is FASTQ: these {}", kReads);
  }
  const auto columns =
      std::max({fields.size(), split(lines[1], ',').size(), split(lines[1], ' ').size()});
  if (columns < kManyColumns) return {};
  return fmt::format("it is a table of text with {} columns, cells or features; {}", columns,
                     lines_for_text(path));
}

bool has_all(const store::Group& root, std::initializer_list<const char*> names) {
  return std::all_of(names.begin(), names.end(), [&](const char* name) { return root.has(name); });
}

std::string by_groups(const fs::path& path, const store::Group& root) {
  if (has_all(root, {"assays", "cell.names"})) {
    return "it is an h5Seurat; " + lines_for_h5seurat(path);
  }
  if (has_all(root, {"matrix", "row_attrs", "col_attrs"})) {
    return "it is a loom file; " + lines_for_loom(path);
  }
  if (has_all(root, {"Class", "Fragments"}) || has_all(root, {"Fragments", "Metadata"})) {
    return "it is an Arrow file of ArchR; " + lines_for_arrow();
  }
  if (has_all(root, {"barcode_idx", "umi"}) || has_all(root, {"barcode_idx", "feature_idx"})) {
    return "it is Cell Ranger's molecule_info.h5, not the matrix; give "
           "filtered_feature_bc_matrix.h5, which lies beside it";
  }
  if (has_all(root, {"storage_order", "shape"})) {
    return "it is a matrix of BPCells; in R, BPCells::write_matrix_10x_hdf5 writes what grids "
           "reads";
  }
  if (root.has("X") || root.has("obs") || root.has("var")) {
    return fmt::format(
        "it is like an AnnData, but has no {}: both obs (cells) and var (features) "
        "are needed; write it anew with anndata's write_h5ad",
        root.has("obs") ? "var" : "obs");
  }
  const auto names = root.names();
  return fmt::format("it is {} with other content: {}",
                     zarr::is_zarr(path) ? "a Zarr store" : "an HDF5 file",
                     names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", ")));
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string by_members(const fs::path& folder) {
  const auto names = names_in(folder);
  const auto has = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (names.empty()) return "it is an empty folder";
  if (has(".zattrs") || has("c") || has("0")) {
    return "it is like a part of a Zarr store, without the zarr.json or .zgroup that one begins "
           "with; name the folder around it, or copy the store again";
  }
  if (has("ArrowFiles") || has("Save-ArchR-Project.rds")) {
    return "it is a project of ArchR; " + lines_for_arrow();
  }
  if (has("storage_order") && has("shape")) {
    return "it is a matrix of BPCells; in R, BPCells::write_matrix_10x_hdf5 writes what grids "
           "reads";
  }
  if (has("raw_feature_bc_matrix.h5") || has("raw_feature_bc_matrix")) {
    return "it holds Cell Ranger's raw matrix, with all droplets, and not the filtered one; give "
           "filtered_feature_bc_matrix.h5";
  }
  constexpr size_t kShown = 8;
  auto shown = names;
  if (shown.size() > kShown) shown.resize(kShown);
  return fmt::format("it is a folder with {}{}; name the file or folder in it that holds the cells",
                     fmt::join(shown, ", "), names.size() > kShown ? ", …" : "");
}

}  // namespace

std::string what_it_is(const fs::path& path, const std::optional<store::Group>& root) {
  if (root) return by_groups(path, *root);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return by_members(path);
  if (!fs::is_regular_file(path, ignored)) return "it is no file and no folder";
  const auto content = first_content(path);
  for (const auto& found : {by_magic(content), r_object(path, content), web_page(content)}) {
    if (!found.empty()) return found;
  }
  return table_of_text(path, content);
}

std::string fragments_without_matrix(const store::Group& anndata) {
  for (const auto* name : {"obsm/fragment_paired", "obsm/fragment_single"}) {
    if (!anndata.has(name)) continue;
    return fmt::format(
        "it holds fragments ({}) as SnapATAC2 imports them, and no peaks are counted; in Python: "
        "snapatac2.pp.make_peak_matrix, and give what that returns, written as .h5ad",
        name);
  }
  return {};
}

}  // namespace grids::core
