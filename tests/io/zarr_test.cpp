#include "io/zarr.hpp"

#include <gmock/gmock.h>

#include <map>

#include "io/support.hpp"
#include "io/zarr_codecs.hpp"
#include "io/zarr_keys.hpp"

namespace grids::core::zarr {
namespace {

namespace fs = std::filesystem;
using store::Array;
using test::TempFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A store in memory, of which a test writes any text and bytes.
class Values final : public Keys {
 public:
  std::optional<int64_t> size(const std::string& key) const override {
    const auto found = values.find(key);
    return found == values.end() ? std::nullopt : std::optional(std::ssize(found->second));
  }
  std::string read(const std::string& key, int64_t first, int64_t count) const override {
    ++reads;
    return values.at(key).substr(static_cast<size_t>(first), static_cast<size_t>(count));
  }
  std::vector<std::string> names_below(const std::string& prefix) const override {
    std::vector<std::string> names;
    for (const auto& [key, value] : values) {
      if (!key.starts_with(prefix)) continue;
      auto name = key.substr(prefix.size(), key.find('/', prefix.size()) - prefix.size());
      if (names.empty() || names.back() != name) names.push_back(std::move(name));
    }
    return names;
  }
  int64_t bytes_below(const std::string& prefix) const override {
    int64_t bytes = 0;
    for (const auto& [key, value] : values) {
      if (key.starts_with(prefix)) bytes += std::ssize(value);
    }
    return bytes;
  }

  std::map<std::string, std::string> values;
  mutable int64_t reads = 0;
};

constexpr const char* kGroup3 = R"({"zarr_format": 3, "node_type": "group"})";

template <typename T>
std::string bytes_of(const std::vector<T>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)};
}

/// The parts of zarr.json of an array of eight numbers of four bytes, in two chunks.
struct Array3 {
  std::string shape = "[8]";
  std::string type = R"("int32")";
  std::string chunks = R"({"name": "regular", "configuration": {"chunk_shape": [4]}})";
  std::string keys = R"({"name": "default"})";
  std::string codecs = R"([{"name": "bytes", "configuration": {"endian": "little"}}])";
  std::string fill = "0";
  std::string more = {};

  std::string json() const {
    return fmt::format(
        R"({{"zarr_format": 3, "node_type": "array", "shape": {}, "data_type": {},)"
        R"("chunk_grid": {}, "chunk_key_encoding": {}, "codecs": {}, "fill_value": {}{}}})",
        shape, type, chunks, keys, codecs, fill, more);
  }
};

/// A store of the version 3 with the array "a".
std::shared_ptr<Values> store_of(const Array3& array,
                                 std::map<std::string, std::string> chunks = {}) {
  auto values = std::make_shared<Values>();
  values->values = {{"zarr.json", kGroup3}, {"a/zarr.json", array.json()}};
  for (auto& [key, bytes] : chunks) values->values["a/" + key] = std::move(bytes);
  return values;
}

std::map<std::string, std::string> two_chunks() {
  return {{"c/0", bytes_of<int32_t>({0, 1, 2, 3})}, {"c/1", bytes_of<int32_t>({4, 5, 6, 7})}};
}

Array array_of(const std::shared_ptr<const Values>& values) {
  return open(values, "x.zarr").array("a");
}

std::vector<double> numbers_of(const std::shared_ptr<const Values>& values) {
  return array_of(values).read<double>();
}

/// What reading the array says is wrong with it.
std::string refusal(const std::shared_ptr<const Values>& values) {
  return test::input_message([&] { numbers_of(values); });
}

TEST(Zarr, BothVersionsAndGatheredMetadata) {
  auto values = store_of({}, two_chunks());
  EXPECT_EQ(numbers_of(values), (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}));
  // Metadata that only the root has.
  values->values["zarr.json"] = fmt::format(
      R"({{"zarr_format": 3, "node_type": "group", "consolidated_metadata": {{"metadata": {{"a": {}, "gone": {}}}}}}})",
      Array3().json(), Array3().json());
  values->values.erase("a/zarr.json");
  EXPECT_EQ(numbers_of(values), (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_THAT(open(values, "x.zarr").names(), ElementsAre("a"));
  // Of what is not there any more, nothing is read.
  EXPECT_FALSE(open(values, "x.zarr").has("gone"));

  auto second = std::make_shared<Values>();
  const std::string array =
      R"({"zarr_format": 2, "shape": [8], "chunks": [4], "dtype": "<i4", "compressor": null,
          "filters": null, "fill_value": 0, "order": "C"})";
  second->values = {{".zmetadata", fmt::format(R"({{"zarr_consolidated_format": 1, "metadata": {{
      ".zgroup": {{"zarr_format": 2}}, "a/.zarray": {}, "a/.zattrs": {{"unit": "m", "n": [1, 2]}}}}}})",
                                               array)},
                    {"a/0", bytes_of<int32_t>({0, 1, 2, 3})},
                    {"a/1", bytes_of<int32_t>({4, 5, 6, 7})}};
  EXPECT_EQ(numbers_of(second), (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(array_of(second).text_attribute("unit"), "m");
  EXPECT_THAT(array_of(second).integers_attribute("n"), ElementsAre(1, 2));
}

TEST(Zarr, OnlyTheChunksThatAreAskedForAreRead) {
  const auto values = store_of({.shape = "[4000]"});
  for (int i = 0; i < 1000; ++i) {
    values->values[fmt::format("a/c/{}", i)] = bytes_of<int32_t>({i, i, i, i});
  }
  const auto array = array_of(values);
  const int64_t before = values->reads;
  std::vector<int32_t> some(6);
  array.read_rows<int32_t>(2, some);
  EXPECT_THAT(some, ElementsAre(0, 0, 1, 1, 1, 1));
  EXPECT_EQ(values->reads - before, 2);
  // The chunk in which a slice ends is not fetched again for the next.
  array.read_rows<int32_t>(9, std::span(some).first(2));
  array.read_rows<int32_t>(11, std::span(some).first(1));
  EXPECT_EQ(values->reads - before, 3);
}

TEST(Zarr, MetadataThatMakeNoSenseSayWhichFieldIsWrong) {
  const auto message = [](const Array3& array) { return refusal(store_of(array, two_chunks())); };
  const std::string bytes = R"({"name": "bytes"})";
  EXPECT_THAT(message({.shape = "[-1]"}), HasSubstr("x.zarr: a: 'shape' has a length that none"));
  EXPECT_THAT(message({.shape = "[18446744073709551615]"}), HasSubstr("'shape' has a length"));
  EXPECT_THAT(message({.shape = "8"}), HasSubstr("'shape' is no list"));
  EXPECT_THAT(message({.shape = "[2, 4]"}), HasSubstr("has 2 dimensions, but chunks of 1"));
  EXPECT_THAT(message({.type = "3"}), HasSubstr("'data_type' is no name"));
  EXPECT_THAT(message({.type = R"("complex64")"}), HasSubstr("expected numbers"));
  EXPECT_THAT(message({.chunks = R"({"name": "rectilinear"})"}),
              HasSubstr("'rectilinear', which is not read"));
  EXPECT_THAT(message({.chunks = R"({"name": "regular", "configuration": {"chunk_shape": [0]}})"}),
              HasSubstr("'chunk_shape' has a length"));
  EXPECT_THAT(message({.keys = R"({"name": "suffix"})"}), HasSubstr("'suffix', which is not read"));
  EXPECT_THAT(message({.codecs = "[]"}), HasSubstr("'codecs' is no list of codecs"));
  EXPECT_THAT(message({.codecs = R"([{"name": "snappy"}])"}),
              HasSubstr("the codec 'snappy', which is not read"));
  EXPECT_THAT(message({.codecs = fmt::format(R"([{}, {{"name": "own.packer"}}])", bytes)}),
              HasSubstr("the codec 'own.packer'"));
  EXPECT_THAT(message({.fill = R"("NaN")"}),
              HasSubstr("'fill_value' is \"NaN\", which is no value of int32"));
  EXPECT_THAT(message({.fill = "3000000000"}), HasSubstr("no value of int32"));
  EXPECT_THAT(message({.more = R"(, "storage_transformers": [{"name": "x"}])"}),
              HasSubstr("storage transformers"));
  EXPECT_THAT(
      message({.more = ", \"attributes\": " + std::string(100, '[') + std::string(100, ']')}),
      HasSubstr("nested too deeply"));
  auto values = store_of({});
  values->values["a/zarr.json"] = "{\"node_type\": \"array\"}";
  EXPECT_THAT(refusal(values), HasSubstr("its metadata have no 'shape'"));
  values->values["zarr.json"] = R"({"zarr_format": 4, "node_type": "group"})";
  EXPECT_THAT(refusal(values), HasSubstr("the version 4 of the format; read are 2 and 3"));
  values->values["zarr.json"] = Array3().json();
  EXPECT_THAT(refusal(values), HasSubstr("is a Zarr array by itself"));
}

TEST(Zarr, NoNameLeadsOutOfTheStore) {
  const TempFolder folder;
  fs::create_directories(folder / "x.zarr/in");
  fs::create_directories(folder / "other");
  test::put(folder / "x.zarr/zarr.json", kGroup3);
  test::put(folder / "x.zarr/in/zarr.json", kGroup3);
  test::put(folder / "other/zarr.json", kGroup3);
  const auto root = store::open(folder / "x.zarr");
  EXPECT_TRUE(root.has("in"));
  for (const std::string name : {"../other", "in/../../other", "/in", "in/", ".", "in//.", ""}) {
    EXPECT_FALSE(root.has(name)) << name;
  }
}

TEST(Zarr, ChunksAreHeldAgainstWhatTheyMustBe) {
  auto chunks = two_chunks();
  const auto with = [&](const std::string& bytes, const Array3& array = {}) {
    chunks["c/1"] = bytes;
    return refusal(store_of(array, chunks));
  };
  EXPECT_THAT(with("1234"), HasSubstr("x.zarr: a: chunk 'c/1': holds 4 bytes instead of 16"));
  EXPECT_THAT(with(std::string(2000, ' ')),
              HasSubstr("chunk 'c/1': has 2000 bytes, more than it can"));
  const std::string crc = R"([{"name": "bytes"}, {"name": "crc32c"}])";
  const auto checked = [](std::string bytes) {
    const uint32_t sum = crc32c_of(bytes);
    return bytes + bytes_of<uint32_t>({sum});
  };
  for (auto& [key, bytes] : chunks) bytes = checked(bytes);
  EXPECT_EQ(
      numbers_of(store_of({.codecs = crc}, {{"c/0", checked(bytes_of<int32_t>({1, 2, 3, 4}))}}))[3],
      4);
  EXPECT_THAT(with(chunks["c/0"].substr(0, 19) + "x", {.codecs = crc}),
              HasSubstr("chunk 'c/1': its checksum disagrees"));
  for (const std::string codec : {"gzip", "zstd", "blosc"}) {
    const auto message =
        with("no such stream, of more than sixteen bytes",
             {.codecs = fmt::format(R"([{{"name": "bytes"}}, {{"name": "{}"}}])", codec)});
    EXPECT_THAT(message, AllOf(HasSubstr("chunk 'c/0'"), HasSubstr("damaged"))) << codec;
  }
  EXPECT_EQ(crc32c_of("123456789"), 0xe3069283u);  // the check value of CRC-32C
}

TEST(Zarr, ShardsAreHeldAgainstTheirIndex) {
  const Array3 array{.codecs =
                         R"([{"name": "sharding_indexed", "configuration": {"chunk_shape": [2],
      "codecs": [{"name": "bytes"}], "index_codecs": [{"name": "bytes"}, {"name": "crc32c"}]}}])"};
  const auto shard = [](const std::string& content, const std::vector<uint64_t>& index) {
    const auto table = bytes_of(index);
    return content + table + bytes_of<uint32_t>({crc32c_of(table)});
  };
  constexpr uint64_t kNone = ~uint64_t{0};
  const auto whole = shard(bytes_of<int32_t>({1, 2}), {0, 8, kNone, kNone});
  EXPECT_EQ(numbers_of(store_of(array, {{"c/0", whole}})),
            (std::vector<double>{1, 2, 0, 0, 0, 0, 0, 0}));
  const auto message = [&](const std::string& bytes) {
    return refusal(store_of(array, {{"c/0", bytes}}));
  };
  EXPECT_THAT(message("short"), HasSubstr("chunk 'c/0': is shorter than the index"));
  EXPECT_THAT(message(whole.substr(0, whole.size() - 1) + "x"),
              HasSubstr("checksum of its index disagrees"));
  for (const uint64_t place : {uint64_t{100}, kNone, kNone - 3}) {
    EXPECT_THAT(message(shard(bytes_of<int32_t>({1, 2}), {place, 8, 0, 8})),
                HasSubstr("beyond the end of its shard"));
  }
}

TEST(Zarr, TextsAreHeldAgainstTheirLengths) {
  const Array3 array{.shape = "[2]",
                     .type = R"("string")",
                     .chunks = R"({"name": "regular", "configuration": {"chunk_shape": [2]}})",
                     .codecs = R"([{"name": "vlen-utf8"}])",
                     .fill = R"("-")"};
  const auto number = [](uint32_t value) { return bytes_of<uint32_t>({value}); };
  const auto texts = [&](std::map<std::string, std::string> chunks) {
    return array_of(store_of(array, std::move(chunks))).read_text();
  };
  EXPECT_THAT(texts({{"c/0", number(2) + number(1) + "x" + number(0)}}), ElementsAre("x", ""));
  EXPECT_THAT(texts({}), ElementsAre("-", "-"));
  for (const auto& bytes : {std::string("ab"), number(3) + number(0) + number(0) + number(0),
                            number(2) + number(1) + "x", number(2) + number(0) + number(9) + "x"}) {
    EXPECT_THAT(test::input_message([&] {
                  texts({{"c/0", bytes}});
                }),
                HasSubstr("a: chunk 'c/0': "));
  }
}

TEST(Zarr, SmallStoresCannotClaimMuch) {
  EXPECT_THAT(refusal(store_of({.shape = "[1000000000]"})), HasSubstr("claims 1000000000 entries"));
  EXPECT_THAT(
      refusal(store_of(
          {.chunks =
               R"({"name": "regular", "configuration": {"chunk_shape": [4000000000000000000]}})"})),
      HasSubstr("is cut into pieces of"));
  EXPECT_THAT(
      test::input_message([] {
        array_of(
            store_of(
                {.type = R"({"name": "fixed_length_utf32", "configuration": {"length_bytes": 4}})",
                 .chunks = R"({"name": "regular", "configuration": {"chunk_shape": [4000000000]}})",
                 .fill = R"("")"}))
            .read_text();
      }),
      HasSubstr("is cut into pieces of"));
}

TEST(Zarr, MissingChunksWithoutAFillValueAreNamed) {
  auto values = std::make_shared<Values>();
  values->values = {{".zgroup", R"({"zarr_format": 2})"},
                    {"a/.zarray", R"({"zarr_format": 2, "shape": [8], "chunks": [4], "dtype": "<i4",
                       "compressor": null, "filters": null, "fill_value": null, "order": "C"})"},
                    {"a/0", bytes_of<int32_t>({0, 1, 2, 3})}};
  EXPECT_THAT(refusal(values),
              HasSubstr("a: chunk '1': is missing, and the array has no fill value"));
}

TEST(Zarr, NumbersBeyondATypeBecomeItsLargest) {
  const Array3 doubles{.shape = "[4]", .type = R"("float64")", .fill = R"("0x7ff0000000000000")"};
  const auto array =
      array_of(store_of(doubles, {{"c/0", bytes_of<double>({1e300, -1e300, NAN, 2.5})}}));
  EXPECT_THAT(array.read<int32_t>(), ElementsAre(INT32_MAX, INT32_MIN, 0, 2));
  EXPECT_THAT(array.read<uint8_t>(), ElementsAre(255, 0, 0, 2));
  EXPECT_EQ(array.read<int64_t>()[0], INT64_MAX);
  EXPECT_EQ(array.read<float>()[0], INFINITY);
  EXPECT_EQ(*array.info().fill, INFINITY);
  const Array3 large{.shape = "[2]", .type = R"("uint64")"};
  EXPECT_EQ(array_of(store_of(large, {{"c/0", bytes_of<uint64_t>({~uint64_t{0}, 5, 0, 0})}}))
                .read<int64_t>(),
            (std::vector<int64_t>{INT64_MAX, 5}));
}

}  // namespace
}  // namespace grids::core::zarr
