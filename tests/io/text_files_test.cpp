// Peak names, gene positions, labels, manifests.
#include <gmock/gmock.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

#include <fstream>

#include "io/annotation.hpp"
#include "io/delimited.hpp"
#include "io/labels.hpp"
#include "io/manifest.hpp"
#include "io/peak_list.hpp"
#include "io/peak_name.hpp"
#include "io/support.hpp"
#include "io/utf8.hpp"
#include "support/fixtures.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;
using ::testing::HasSubstr;

RC_GTEST_PROP(Utf8, EveryCharacterIsItAndNoPartOfOneIs, ()) {
  const auto code = *rc::gen::element<std::string>("\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80");
  const auto before = *rc::gen::string<std::string>();
  RC_ASSERT(is_utf8(code));
  RC_ASSERT(!is_utf8(code.substr(0, code.size() - 1)));
  RC_ASSERT(!is_utf8(code.substr(1)));
  RC_ASSERT(is_utf8(before + code) == is_utf8(before));
  // Whatever bytes there are, what comes back is UTF-8 or nothing.
  const auto text = as_utf8(before);
  if (text) RC_ASSERT(is_utf8(*text));  // RC_ASSERT evaluates both sides of ||
}

TEST(Utf8, OtherBytesAreWindows1252) {
  EXPECT_EQ(as_utf8("na\xEFve"), "na\xC3\xAFve");
  EXPECT_EQ(as_utf8("\x80"), "\xE2\x82\xAC");
  EXPECT_EQ(as_utf8("\x81"), std::nullopt);
  EXPECT_EQ(as_utf8("na\xC3\xAFve"), "na\xC3\xAFve");
  for (const auto* longer_than_needed : {"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80"}) {
    EXPECT_FALSE(is_utf8(longer_than_needed));
  }
}

RC_GTEST_PROP(Fields, QuotedOnesReadBack, ()) {
  const auto separator = *rc::gen::element('\t', ',', ';');
  const auto fields = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::element('a', ' ', '"', ',', ';', '\t', '#'))));
  std::string line;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += separator;
    line += '"';
    for (const char c : fields[i]) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  std::vector<std::string> back;
  split_fields(line, separator, back);
  RC_ASSERT(back == fields);
}

TEST(Names, HeadersAndRowNumbersAreNoNames) {
  const TempFolder folder;
  using List = std::vector<std::string>;
  const auto read = [&](const std::string& text, const char* name = "list") {
    test::put(folder / name, text);
    return read_name_list(folder / name);
  };
  EXPECT_EQ(read("a\nb\n"), (List{"a", "b"}));
  EXPECT_EQ(read("\"a\"\r\n\r\n# c\r\n\"b\"\r\n"), (List{"a", "b"}));
  EXPECT_EQ(read("gene\na\nb\n"), (List{"a", "b"}));
  EXPECT_EQ(read("\"x\"\n\"1\"\t\"a\"\n\"2\"\t\"b\"\n"), (List{"a", "b"}));
  EXPECT_EQ(read("\"\",\"x\"\n\"1\",\"a\"\n\"2\",\"b\"\n"), (List{"a", "b"}));
  EXPECT_EQ(read("0,a\n1,b\n", "list.csv"), (List{"a", "b"}));
  EXPECT_EQ(read("R1.1,P1.2\nR1.2,P1.2\n"), (List{"R1.1,P1.2", "R1.2,P1.2"}));  // SHARE-seq
  EXPECT_EQ(read(""), List());
  test::put(folder / "list", "gene\na\nb\n");
  const int64_t sizes[] = {3, 7};  // as many as the matrix has
  EXPECT_EQ(read_names(folder / "list", sizes).columns[0], (List{"gene", "a", "b"}));
}

TEST(PeakList, RowNamesOfRAreNoChromosomes) {
  const TempFolder folder;
  const auto read = [&](const std::string& text) {
    test::put(folder / "peaks", text);
    return read_peak_list(folder / "peaks").index;
  };
  const std::vector<std::string> expected = {"1:10-20", "2:5-9"};
  EXPECT_EQ(read("1\t10\t20\n2\t5\t9\n"), expected);
  EXPECT_EQ(read("\"seqnames\"\t\"start\"\t\"end\"\n\"1\"\t\"1\"\t10\t20\n"
                 "\"2\"\t\"2\"\t5\t9\n"),
            expected);
  EXPECT_EQ(read("\"\",\"seqnames\",\"start\",\"end\"\n\"1\",\"1\",10,20\n\"2\",\"2\",5,9\n"),
            expected);
  EXPECT_EQ(read("peak\n1:10-20\n2:5-9\n"), expected);
}

TEST(PeakName, ThoseWithoutLengthAreFound) {
  Frame var{{"chr1:5-5", "chr1:5-6", "chr2_7_7", "x"}, {}};
  EXPECT_EQ(peaks_without_length(var), (std::vector<int32_t>{0, 2}));
  add_interval_columns(var, {{"chr1", 5, 6}, {"chr1", 5, 6}, {"chr1", 5, 6}, {"chr1", 9, 9}});
  EXPECT_EQ(peaks_without_length(var), (std::vector<int32_t>{3}));
}

RC_GTEST_PROP(PeakName, AnyChromosomeAndSeparatorReadBack, ()) {
  const auto chromosome = *rc::gen::element<std::string>(
      "chr1", "X", "chr1_KI270706v1_random", "HLA-A", "chrUn_GL000220.1", "HLA-DRB1*15:01:01:01");
  const auto start = *rc::gen::inRange<int64_t>(0, 3000000000);
  const auto end = start + *rc::gen::inRange<int64_t>(1, 5000);
  const auto separators = *rc::gen::element<std::string>(":-", "--", "__", ":_");
  const auto name = fmt::format("{}{}{}{}{}", chromosome, separators[0], start, separators[1], end);
  RC_ASSERT(parse_peak_name(name) == (Interval{chromosome, start, end}));
}

TEST(PeakName, OtherTextsAreNoPlaces) {
  for (const auto* name :
       {"", "TP53", "chr1", "chr1:5", "chr1:5-", "chr1:-5-9", ":5-9", "5-9", "-5-9", "chr1:a-9",
        "chr1:5-9x", "chr1:9-5", "chr1:5-5", "chr1:5-9-", "chr1:1-99999999999999999999"}) {
    EXPECT_FALSE(parse_peak_name(name)) << name;
  }
}

TEST(PeakName, ColumnsComeFirstInAnySpelling) {
  const std::vector<Interval> expected = {{"chr1", 5, 9}, {"X", 7, 8}};
  Frame var{{"peak1", "peak2"}, {}};
  add_interval_columns(var, expected);
  EXPECT_EQ(peak_intervals(var, "a"), expected);
  var.columns = {{"seqnames", std::vector<std::string>{"chr1", "X"}},
                 {"chromStart", std::vector<std::string>{"5", "7"}},
                 {"chromEnd", std::vector<double>{9, 8}}};
  EXPECT_EQ(peak_intervals(var, "a"), expected);
  std::get<0>(var.columns[1].values)[1] = "-";
  EXPECT_THAT(test::input_message([&] { peak_intervals(var, "f.h5ad: X"); }),
              HasSubstr("f.h5ad: X: 1 of 2 peaks have no place, the first is 'peak2' (by its "
                        "columns); peaks need names like chr1:100-200"));
  var.columns.clear();
  var.index = {"chr1-5-9", "X_7_8"};
  EXPECT_EQ(peak_intervals(var, "a"), expected);
}

class GenePositions : public ::testing::Test {
 protected:
  std::vector<GenePosition> read(const std::string& text) {
    test::put(folder_ / "genes", text);
    return read_gene_positions(folder_ / "genes");
  }
  std::string message(const std::string& text) {
    return test::input_message([&] { read(text); });
  }
  TempFolder folder_;
};

TEST_F(GenePositions, BedWithAndWithoutHeader) {
  const std::string row = "chr1\t34610\t36081\tFAM138A\t0\t-\tENSG00000237613\tlincRNA\n";
  for (const auto* header :
       {"", "#chr\tstart\tend\tname\n", "chrom\tstart\tend\tname\n", "track name=genes\n#c\n"}) {
    const auto genes = read(header + row);
    ASSERT_EQ(genes.size(), 1u) << header;
    EXPECT_EQ(genes[0].name, "FAM138A");
    EXPECT_EQ(genes[0].id, "ENSG00000237613");
    EXPECT_EQ(genes[0].chromosome, "chr1");
    EXPECT_EQ(genes[0].start, 34610);
    EXPECT_EQ(genes[0].end, 36081);
    EXPECT_EQ(genes[0].strand, '-');
  }
  const auto plain = read("chr2\t1\t5\tA\t.\t+\r\nchr3\t2\t6\tB");
  ASSERT_EQ(plain.size(), 2u);
  EXPECT_EQ(plain[0].strand, '+');
  EXPECT_EQ(plain[1].strand, '.');
  EXPECT_EQ(plain[1].id, "");
}

TEST_F(GenePositions, GtfBecomesHalfOpen) {
  const std::string text =
      "#!genome-build GRCh38\n"
      "chr1\tHAVANA\tgene\t11\t20\t.\t+\t.\tgene_id \"ENSG1.2\"; gene_type \"x\"; gene_name "
      "\"A\";\n"
      "chr1\tHAVANA\ttranscript\t11\t20\t.\t+\t.\tgene_id \"ENSG1.2\"; gene_name \"A\";\n"
      "chr2\tHAVANA\tgene\t1\t1\t.\t-\t.\tgene_id \"ENSG2\"\n";
  gzFile file = gzopen((folder_ / "genes.gtf.gz").c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  const auto genes = read_gene_positions(folder_ / "genes.gtf.gz");
  ASSERT_EQ(genes.size(), 2u);
  EXPECT_EQ(genes[0].name, "A");
  EXPECT_EQ(genes[0].id, "ENSG1.2");
  EXPECT_EQ(genes[0].start, 10);
  EXPECT_EQ(genes[0].end, 20);
  EXPECT_EQ(genes[1].name, "ENSG2");
  EXPECT_EQ(genes[1].start, 0);
  EXPECT_EQ(genes[1].end, 1);
  EXPECT_EQ(genes[1].strand, '-');
}

TEST_F(GenePositions, TranscriptsOfAGtfSayWhereTheyBegin) {
  const auto line = [](const std::string& feature, int start, int end, const char* strand,
                       const std::string& id, const std::string& chromosome = "chr1") {
    return fmt::format("{}\tx\t{}\t{}\t{}\t.\t{}\t.\tgene_id \"{}\"; gene_name \"N{}\";\n",
                       chromosome, feature, start, end, strand, id, id);
  };
  std::ofstream(folder_ / "transcripts.gtf")
      << line("gene", 11, 90, "+", "a") << line("transcript", 31, 90, "+", "a")
      << line("exon", 41, 90, "+", "a") << line("transcript", 11, 80, "+", "a")
      << line("transcript", 31, 70, "+", "a") << line("transcript", 5, 20, "-", "b")
      << line("transcript", 7, 40, "-", "b") << line("gene", 1, 9, "+", "a", "chrY");
  const auto genes = read_gene_positions(folder_ / "transcripts.gtf");
  ASSERT_EQ(genes.size(), 3u);
  EXPECT_EQ(genes[0].sites, (std::vector<int64_t>{10, 30}));
  EXPECT_EQ(genes[0].start, 10);
  EXPECT_EQ(genes[0].end, 90);
  // No line of its own: what its transcripts cover.
  EXPECT_EQ(genes[1].sites, (std::vector<int64_t>{19, 39}));
  EXPECT_EQ(genes[1].start, 4);
  EXPECT_EQ(genes[1].end, 40);
  EXPECT_EQ(genes[1].name, "Nb");
  EXPECT_TRUE(genes[2].sites.empty());
}

TEST_F(GenePositions, BadLinesAreNamed) {
  const std::string good = "chr1\t1\t5\tA\t0\t+\n";
  EXPECT_THAT(message(good + "chr1\tx\t5\tB\n"), HasSubstr("line 2: start 'x' and end '5'"));
  EXPECT_THAT(message(good + "chr1\t5\t5\tB\n"), HasSubstr("line 2: 'B' has no length"));
  EXPECT_THAT(message(good + "chr1\t1\t5\tB\t0\t*\n"), HasSubstr("line 2: the strand is '*'"));
  EXPECT_THAT(message(good + "chr1 1 5 B\n"),
              HasSubstr("line 2: expected chrom, start, end, name"));
  EXPECT_THAT(message("a\tb\tgene\t1\t5\t.\t+\t.\tID=g;Name=A\n"),
              HasSubstr("line 1: there is no gene_id"));
  EXPECT_THAT(message("a\tb\tgene\t0\t5\t.\t+\t.\tgene_id \"g\"\n"),
              HasSubstr("line 1: start '0' and end '5' must be whole numbers from 1"));
  EXPECT_THAT(message("a\tb\texon\t1\t5\t.\t+\t.\tgene_id \"g\"\n"),
              HasSubstr("there are no genes"));
  EXPECT_THAT(message(""), HasSubstr("there are no genes"));
  EXPECT_THAT(test::input_message([&] { read_gene_positions(folder_ / "none"); }),
              HasSubstr("none: No such file"));
}

TEST_F(GenePositions, PartOfARealAnnotation) {
  const auto genes = read_gene_positions(test::fixture("pbmc/genes.bed"));
  ASSERT_EQ(genes.size(), 42u);
  EXPECT_EQ(genes[0].name, "CDC14A");
  EXPECT_EQ(genes[0].id, "ENSG00000079335");
}

TEST_F(GenePositions, RealAnnotation) {
  const auto path = test::shared("data/genes/hg38.genes.bed");
  GRIDS_NEEDS(path);
  const auto genes = read_gene_positions(path);
  EXPECT_EQ(genes.size(), 20666u);
  EXPECT_EQ(genes[0].name, "FAM138A");
}

TEST_F(GenePositions, ChromosomeSizes) {
  const auto read_sizes = [&](const std::string& text) {
    std::ofstream(folder_ / "sizes") << text;
    return read_chromosome_sizes(folder_ / "sizes");
  };
  const auto sizes = read_sizes("# made by hand\nchr1\t10\r\n2\t20\t7\t60\t61\n");  // .fai has five
  ASSERT_EQ(sizes.size(), 2u);
  EXPECT_EQ(sizes[0].name, "chr1");
  EXPECT_EQ(sizes[0].length, 10);
  EXPECT_EQ(sizes[1].length, 20);
  EXPECT_THAT(test::input_message([&] { read_sizes("chr1\t10\nchr2\t-3\n"); }),
              HasSubstr("line 2: expected a chromosome and its length"));
  EXPECT_THAT(test::input_message([&] { read_sizes("chr1\t10\nchr2\n"); }),
              HasSubstr("line 2: expected a chromosome and its length"));
  EXPECT_THAT(test::input_message([&] { read_sizes("#\n"); }),
              HasSubstr("there are no chromosomes in it"));
}

class Labels : public ::testing::Test {
 protected:
  std::unordered_map<std::string, std::string> read(const std::string& text) {
    test::put(folder_ / "labels", text);
    return read_labels(folder_ / "labels").of_barcode;
  }
  std::string message(const std::string& text) {
    return test::input_message([&] { read(text); });
  }
  TempFolder folder_;
};

TEST_F(Labels, TabsOrCommasWithOrWithoutHeader) {
  const std::unordered_map<std::string, std::string> expected = {{"AA-1", "CD4, naive"},
                                                                 {"CC-1", "B"}};
  EXPECT_EQ(read("AA-1\tCD4, naive\nCC-1\tB\n"), expected);
  EXPECT_EQ(read("barcode\tcell_type\nAA-1\tCD4, naive\nCC-1\tB"), expected);
  EXPECT_EQ(read("Barcode,Cluster\nAA-1,\"CD4, naive\"\nCC-1,B\n"), expected);
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "Barcode,Cluster\r\nAA-1,\"CD4, naive\"\r\n\r\nCC-1,B\r\n"),
            expected);
  EXPECT_EQ(read("\"\"\t\"x\"\n\"AA-1\"\t\"CD4, naive\"\nCC-1\t B \n"), expected);
  EXPECT_EQ(read("AA-1\t\n").at("AA-1"), "");
}

TEST_F(Labels, OfMoreColumnsOneIsNamedOrNumbered) {
  const std::unordered_map<std::string, std::string> expected = {{"AA", "B"}, {"CC", "D"}};
  const auto named = [&](const std::string& text, const std::string& column) {
    test::put(folder_ / "labels", text);
    return read_labels(folder_ / "labels", column).of_barcode;
  };
  EXPECT_EQ(named("cell;n;type\nAA;1;B\nCC;2;D\n", "type"), expected);
  EXPECT_EQ(named("n,type,barcode\n1,B,AA\n2,D,CC\n", "type"), expected);
  EXPECT_EQ(named("AA\t1\tB\nCC\t2\tD\n", "3"), expected);
  // A column whose name is a number is meant before the number of a column.
  EXPECT_EQ(named("cell\t3\tx\nAA\tB\t1\nCC\tD\t2\n", "3"), expected);
  for (const auto* column : {"0", "4", "none"}) {
    EXPECT_THAT(test::input_message([&] { named("AA\t1\tB\n", column); }),
                HasSubstr(fmt::format("there is no column '{}'", column)));
  }
}

TEST_F(Labels, BadLinesAreNamed) {
  EXPECT_THAT(message("AA\tB\nCC\tD\nAA\tD\n"),
              HasSubstr("line 3: barcode 'AA' has a label already, on line 1"));
  EXPECT_THAT(message("AA\tB\nCC\n"), HasSubstr("line 2: 1 columns, where the lines before"));
  EXPECT_THAT(message("AA B\n"), HasSubstr("line 1: expected two columns"));
  EXPECT_THAT(message("AA\tB\tC\n"),
              HasSubstr("line 1: which column holds the labels? There are 3 columns"));
  EXPECT_THAT(message("AA\tB\n\tC\n"), HasSubstr("line 2: the barcode is empty"));
  EXPECT_THAT(message("barcode\tx\n"), HasSubstr("there are no labels in it"));
}

TEST(ManifestFile, ReadsBackWhatWasWritten) {
  const TempFolder folder;
  Manifest manifest;
  manifest.command = "prepare";
  manifest.version = "0.1.0";
  manifest.options = R"({"min_cells":3,"labels":"cell type α"})";
  manifest.seed = 18446744073709551615u;
  manifest.threads = 2;
  manifest.warnings = {"few cells"};
  manifest.stages = {{"read", 0.125}, {"write", 3}};
  test::put(folder / "input.txt", "abc");
  manifest.inputs = {record_file(folder / "input.txt")};
  manifest.outputs = {{"study.h5mu", std::string(64, 'a'), 7}};
  // FIPS 180-4's example.
  EXPECT_EQ(manifest.inputs[0].sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(manifest.inputs[0].bytes, 3);
  add_to_manifest(folder / "manifest.json", manifest);
  EXPECT_THAT(read_manifests(folder / "manifest.json"), ::testing::ElementsAre(manifest));
}

TEST(ManifestFile, HasASectionForEachCommand) {
  const TempFolder folder;
  const auto path = folder / "manifest.json";
  const auto section = [](const char* command, const char* version, const char* output) {
    Manifest manifest;
    manifest.command = command;
    manifest.version = version;
    manifest.outputs = {{output, std::string(64, 'a'), 7}};
    return manifest;
  };
  Manifest explain = section("explain", "1", "redundancy.tsv");
  explain.outputs.push_back({"subsets.tsv", std::string(64, 'b'), 8});
  add_to_manifest(path, explain);
  add_to_manifest(path, section("evaluate", "1", "accuracy.tsv"));
  const auto again = section("evaluate", "2", "accuracy.tsv");
  add_to_manifest(path, again);
  EXPECT_THAT(read_manifests(path), ::testing::ElementsAre(explain, again))
      << "the section of a command is replaced, others stay";
  const auto redundancy = section("redundancy", "2", "redundancy.tsv");
  add_to_manifest(path, redundancy);
  explain.outputs.erase(explain.outputs.begin());
  EXPECT_THAT(read_manifests(path), ::testing::ElementsAre(explain, again, redundancy))
      << "what another command wrote over is no longer an output of the first";
}

TEST(ManifestFile, OfAVersionWithOneSectionIsReadAndKept) {
  const TempFolder folder;
  const auto path = folder / "manifest.json";
  test::put(path, R"({"command": "run", "version": "0.1.0", "options": {}, "seed": 1, "threads": 2,
                      "inputs": [], "outputs": [], "warnings": [], "stages": []})");
  Manifest more;
  more.command = "explain";
  add_to_manifest(path, more);
  const auto sections = read_manifests(path);
  ASSERT_EQ(sections.size(), 2u);
  EXPECT_EQ(sections[0].version, "0.1.0");
  EXPECT_EQ(sections[1], more);
}

TEST(ManifestFile, SaysWhatIsMissing) {
  const TempFolder folder;
  const auto path = folder / "manifest.json";
  test::put(path, "{}");
  EXPECT_THAT(test::input_message([&] { read_manifests(path); }), HasSubstr("'commands'"));
  test::put(path, "{");
  EXPECT_THAT(test::input_message([&] { read_manifests(path); }),
              HasSubstr("not a manifest of grids"));
  EXPECT_THAT(test::input_message([&] { sha256_of(folder / "none"); }), HasSubstr("none"));
  EXPECT_THAT(test::input_message([&] { sha256_of(folder.path()); }), HasSubstr("reading"));
  Manifest broken;
  broken.options = "{";
  EXPECT_THROW(add_to_manifest(folder / "other.json", broken), Error);
}

}  // namespace
}  // namespace grids::core
