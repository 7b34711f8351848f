#include "io/annotation.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "io/delimited.hpp"
#include "io/lines.hpp"
#include "io/peak_list.hpp"

namespace grids::core {
namespace {

using BedRow = DelimitedReader::Row;

bool is_comment(std::string_view line) {
  return line.empty() || line[0] == '#' || line.starts_with("track ") || line == "track" ||
         line.starts_with("browser ");
}

constexpr const char* kBadStrand = "the strand is '{}' instead of +, - or .";

char strand_of(const LineReader& reader, std::string_view text) {
  if (text == "+" || text == "-" || text == ".") return text[0];
  throw reader.error(fmt::format(kBadStrand, text));
}

char bed_strand(const DelimitedReader& reader, const BedRow& row, const std::string& text) {
  if (text == "+" || text == "-" || text == ".") return text[0];
  const bool biomart = text == "1" || text == "-1";
  throw reader.error(
      row, fmt::format("{}{}", fmt::format(kBadStrand, text),
                       biomart ? " (as BioMart has it, whose start counts from 1: write + and -, "
                                 "and a start less by one)"
                               : ""));
}

GenePosition bed_gene(const DelimitedReader& reader, const BedRow& row,
                      std::span<const std::string> fields) {
  GenePosition gene;
  gene.chromosome = fields[0];
  gene.name = fields[3];
  if (!parse_position(fields[1], gene.start) || !parse_position(fields[2], gene.end)) {
    throw reader.error(
        row, fmt::format("start '{}' and end '{}' must be whole numbers; BED has chrom, start, "
                         "end, name, score and strand, in this order",
                         fields[1], fields[2]));
  }
  if (gene.end == gene.start && !gene.name.empty()) {
    throw reader.error(row, fmt::format("'{}' has no length: a BED of single sites has end = "
                                        "start + 1",
                                        gene.name));
  }
  if (gene.end < gene.start || gene.chromosome.empty() || gene.name.empty()) {
    throw reader.error(row, "a gene needs a chromosome, a name, and an end after its start");
  }
  if (fields.size() > 5) gene.strand = bed_strand(reader, row, fields[5]);
  if (fields.size() > 6 && fields[6] != ".") gene.id = fields[6];
  return gene;
}

/// The chromosomes of an assembly in RefSeq: NC_ and numbers that follow each other.
struct RefSeqChromosomes {
  int64_t first;
  int64_t autosomes;
  int64_t mitochondrial;
};

/// "NC_000001.11" → "chr1": human and mouse; others stay.
std::string chromosome_called(std::string_view name) {
  constexpr RefSeqChromosomes kAssemblies[] = {{1, 22, 12920}, {67, 19, 5089}};
  constexpr std::string_view kPrefix = "NC_";
  int64_t number = 0;
  const auto digits = name.substr(std::min(kPrefix.size(), name.size()));
  if (!name.starts_with(kPrefix) || !parse_position(digits.substr(0, digits.find('.')), number)) {
    return std::string(name);
  }
  for (const auto& assembly : kAssemblies) {
    const int64_t chromosome = number - assembly.first + 1;
    if (chromosome >= 1 && chromosome <= assembly.autosomes)
      return fmt::format("chr{}", chromosome);
    if (chromosome == assembly.autosomes + 1) return "chrX";
    if (chromosome == assembly.autosomes + 2) return "chrY";
    if (number == assembly.mitochondrial) return "chrM";
  }
  return std::string(name);
}

/// The value of `key "value";` in the last column of a GTF line, or empty.
std::string_view attribute(std::string_view attributes, std::string_view key) {
  size_t at = 0;
  while ((at = attributes.find(key, at)) != std::string_view::npos) {
    const bool begins = at == 0 || attributes[at - 1] == ' ' || attributes[at - 1] == ';';
    at += key.size();
    if (!begins || at >= attributes.size() || attributes[at] != ' ') continue;
    auto value = attributes.substr(at + 1);
    while (!value.empty() && value[0] == ' ') value.remove_prefix(1);
    if (!value.empty() && value[0] == '"') {
      value.remove_prefix(1);
      return value.substr(0, value.find('"'));
    }
    return value.substr(0, value.find(';'));
  }
  return {};
}

GenePosition gtf_gene(const LineReader& reader, const std::vector<std::string_view>& fields) {
  GenePosition gene;
  gene.chromosome = chromosome_called(fields[0]);
  if (!parse_position(fields[3], gene.start) || !parse_position(fields[4], gene.end) ||
      gene.start < 1 || gene.end < gene.start) {
    throw reader.error(fmt::format(
        "start '{}' and end '{}' must be whole numbers from 1, the end not before the start",
        fields[3], fields[4]));
  }
  gene.start -= 1;
  gene.strand = strand_of(reader, fields[6]);
  gene.id = attribute(fields[8], "gene_id");
  gene.name = attribute(fields[8], "gene_name");
  if (gene.id.empty()) {
    throw reader.error(R"(there is no gene_id "…" (GFF3 is not understood; convert it to GTF))");
  }
  if (gene.name.empty()) gene.name = gene.id;
  return gene;
}

/// Genes of a GTF, with what their transcripts say.
class GtfGenes {
 public:
  void add_gene(GenePosition gene) {
    Entry& entry = entry_of(gene);
    entry.has_line = true;
    gene.sites = std::move(genes_[entry.place].sites);
    genes_[entry.place] = std::move(gene);
  }
  void add_transcript(const GenePosition& transcript) {
    Entry& entry = entry_of(transcript);
    GenePosition& gene = genes_[entry.place];
    gene.sites.push_back(transcript.first_site());
    if (entry.has_line) return;
    gene.start = std::min(gene.start, transcript.start);
    gene.end = std::max(gene.end, transcript.end);
  }
  std::vector<GenePosition> finish() {
    for (auto& gene : genes_) {
      std::sort(gene.sites.begin(), gene.sites.end());
      gene.sites.erase(std::unique(gene.sites.begin(), gene.sites.end()), gene.sites.end());
    }
    return std::move(genes_);
  }

 private:
  struct Entry {
    size_t place = 0;
    bool has_line = false;
  };

  Entry& entry_of(const GenePosition& gene) {
    const auto [found, is_new] =
        entries_.try_emplace({gene.id, gene.chromosome}, Entry{genes_.size()});
    if (is_new) genes_.push_back(gene);
    return found->second;
  }

  std::map<std::pair<std::string, std::string>, Entry> entries_;
  std::vector<GenePosition> genes_;
};

bool looks_like_gtf(const std::vector<std::string_view>& fields) {
  int64_t ignored = 0;
  return fields.size() == 9 && parse_position(fields[3], ignored) &&
         parse_position(fields[4], ignored) && !parse_position(fields[1], ignored);
}

/// Whether the first line that says something has the columns of GTF.
bool is_gtf(const std::filesystem::path& path) {
  LineReader reader(path);
  std::string_view line;
  while (reader.next(line)) {
    if (!is_comment(line)) return looks_like_gtf(split(line, '\t'));
  }
  return false;
}

std::vector<GenePosition> genes_of_gtf(const std::filesystem::path& path) {
  LineReader reader(path);
  GtfGenes genes;
  std::string_view line;
  while (reader.next(line)) {
    if (is_comment(line)) continue;
    const auto fields = split(line, '\t');
    if (fields.size() != 9) {
      throw reader.error(fmt::format("a GTF line has 9 columns, this one {}", fields.size()));
    }
    if (fields[2] == "gene") genes.add_gene(gtf_gene(reader, fields));
    if (fields[2] == "transcript") genes.add_transcript(gtf_gene(reader, fields));
  }
  return genes.finish();
}

std::vector<GenePosition> genes_of_bed(const std::filesystem::path& path) {
  DelimitedReader reader(path, "\t,", DelimitedReader::Kind::kBed);
  const auto before = skip_bed_header(reader);
  std::vector<GenePosition> genes;
  BedRow row;
  while (reader.next(row)) {
    const std::span<const std::string> fields(row.fields);
    const auto bed =
        fields.subspan(std::min(before.value_or(fields_before_bed(fields)), fields.size()));
    if (bed.size() < 4) {
      throw reader.error(
          row, fmt::format("expected chrom, start, end, name (BED) or the 9 columns of GTF, "
                           "separated by tabs; found {} column{}",
                           bed.size(), bed.size() == 1 ? "" : "s"));
    }
    genes.push_back(bed_gene(reader, row, bed));
  }
  return genes;
}

}  // namespace

std::vector<GenePosition> read_gene_positions(const std::filesystem::path& path) {
  auto genes = is_gtf(path) ? genes_of_gtf(path) : genes_of_bed(path);
  if (genes.empty()) {
    throw input_error(
        "reading {}: there are no genes in it (BED with names, or GTF with features "
        "'gene' or 'transcript', is expected)",
        path.string());
  }
  return genes;
}

std::vector<ChromosomeSize> read_chromosome_sizes(const std::filesystem::path& path) {
  LineReader reader(path);
  std::vector<ChromosomeSize> sizes;
  std::string_view line;
  while (reader.next(line)) {
    if (is_comment(line)) continue;
    const auto fields = split(line, '\t');
    ChromosomeSize size;
    if (fields.size() < 2 || fields[0].empty() || !parse_position(fields[1], size.length) ||
        size.length == 0) {
      throw reader.error("expected a chromosome and its length, separated by a tab");
    }
    size.name = fields[0];
    sizes.push_back(std::move(size));
  }
  if (sizes.empty()) {
    throw input_error("reading {}: there are no chromosomes in it (name and length are expected)",
                      path.string());
  }
  return sizes;
}

}  // namespace grids::core
