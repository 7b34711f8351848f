#include "model/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>

#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "model/surrogate_file.hpp"
#include "support/fixtures.hpp"
#include "support/random_cis.hpp"
#include "support/random_surrogate.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

class SafeTensorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = fs::temp_directory_path() / fmt::format("grids_{}.safetensors", ::getpid());
  }
  void TearDown() override { fs::remove(path_); }

  std::string reading(const std::string& content) {
    replace_file(path_, content);
    try {
      read_safetensors(path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "no error";
  }

  fs::path path_;
};

std::string with_header(const std::string& json, const std::string& data = "") {
  const uint64_t length = json.size();
  std::string content(8, '\0');
  std::memcpy(content.data(), &length, 8);
  return content + json + data;
}

TEST_F(SafeTensorsTest, ReadsBackWhatWasWritten) {
  SafeTensors file;
  file.metadata["note"] = "\xCE\xB2-cells \"quoted\"";
  file.tensors["a.weight"] = Tensor::of_f32({2, 3}, {1, 2, 3, 4, 5, 6});
  file.tensors["b"] = Tensor::of_i64({1}, {1ll << 40});
  file.tensors["empty"] = Tensor::of_f64({0}, {});
  write_safetensors(path_, file);
  const SafeTensors back = read_safetensors(path_);
  EXPECT_EQ(back.metadata, file.metadata);
  ASSERT_EQ(back.tensors.size(), 3u);
  for (const auto& [name, tensor] : file.tensors) {
    EXPECT_EQ(back.tensors.at(name).shape, tensor.shape);
    EXPECT_EQ(back.tensors.at(name).bytes, tensor.bytes);
  }
  EXPECT_THROW(back.at("a.weight", {3, 2}), Error);
  EXPECT_NO_THROW(back.at("a.weight", {-1, 3}));
  EXPECT_THROW(back.at("c", {1}), Error);
}

TEST_F(SafeTensorsTest, BrokenFilesAreToldApart) {
  EXPECT_NE(reading("abc").find("shorter than its header"), std::string::npos);
  EXPECT_NE(reading(std::string(8, '\x7f')).find("no safetensors file"), std::string::npos);
  EXPECT_NE(reading({"\7\0\0\0\0\0\0\0{", 9}).find("is it complete?"), std::string::npos);
  EXPECT_NE(reading(with_header("[1]")).find("not a JSON object"), std::string::npos);
  EXPECT_NE(reading(with_header(R"({"w":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})", "ab"))
                .find("w: type F16"),
            std::string::npos);
  EXPECT_NE(
      reading(with_header(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "abcd"))
          .find("needs 8 bytes"),
      std::string::npos);
  EXPECT_NE(reading(with_header(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "ab"))
                .find("needs 4 bytes"),
            std::string::npos);
  EXPECT_NE(
      reading(with_header(
                  R"({"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})"))
          .find("impossible shape"),
      std::string::npos);
  EXPECT_NE(reading(with_header(R"({"w":{"shape":[1]}})")).find("malformed entry"),
            std::string::npos);
}

std::string two_bytes(const std::string& first, const std::string& second) {
  return fmt::format(R"({{"a":{{"dtype":"U8","shape":[1],"data_offsets":{}}},)"
                     R"("b":{{"dtype":"U8","shape":[1],"data_offsets":{}}}}})",
                     first, second);
}

TEST_F(SafeTensorsTest, EachByteBelongsToOneTensor) {
  EXPECT_EQ(reading(with_header(two_bytes("[1,2]", "[0,1]"), "xy")), "no error");
  EXPECT_NE(reading(with_header(two_bytes("[0,1]", "[0,1]"), "x")).find("b: shares bytes"),
            std::string::npos);
  EXPECT_NE(reading(with_header(two_bytes("[0,1]", "[2,3]"), "xyz"))
                .find("the 1 bytes before 'b' belong to no tensor"),
            std::string::npos);
  EXPECT_NE(reading(with_header(two_bytes("[1,2]", "[2,3]"), "xyz")).find("before 'a'"),
            std::string::npos);
  EXPECT_NE(reading(with_header(two_bytes("[0,1]", "[1,2]"), "xyz"))
                .find("the tensors take 2 bytes, the file holds 3"),
            std::string::npos);
}

TEST_F(SafeTensorsTest, AHeaderOfOtherThingsIsDroppedAtOnce) {
  std::string many = "[0";
  for (int i = 0; i < 1000; ++i) many += ",0";
  const auto entry = R"({"w":{"dtype":"F32","data_offsets":[0,0],"shape":)";
  EXPECT_NE(reading(with_header(entry + many + "]}}")).find("none of tensors"), std::string::npos);
  EXPECT_NE(reading(with_header(entry + std::string("[[[[0]]]]}}"))).find("none of tensors"),
            std::string::npos);
}

TEST(SurrogateFile, ConformanceModelsSurviveARoundTrip) {
  const SurrogateFile file = read_surrogate(test::fixture("conformance/small.model.safetensors"));
  EXPECT_EQ(file.shape.peaks(), 164);
  EXPECT_EQ(file.shape.genes, 40);
  EXPECT_EQ(file.shape.discriminator_columns, 4);
  const fs::path copy =
      fs::temp_directory_path() / fmt::format("grids_copy_{}.safetensors", ::getpid());
  write_surrogate(copy, file);
  const SurrogateFile back = read_surrogate(copy);
  fs::remove(copy);
  EXPECT_EQ(back.shape, file.shape);
  ASSERT_EQ(back.tensors.size(), file.tensors.size());
  for (const auto& [name, tensor] : file.tensors) {
    EXPECT_EQ(back.tensors.at(name).bytes, tensor.bytes) << name;
  }
}

TEST(SurrogateFile, AWeightThatIsNotFiniteIsNamedWithItsPlace) {
  const test::TempFolder folder;
  for (const int64_t place : {0, 5, 12}) {  // the first, one between and the last of 13
    SurrogateFile file = testing::random_surrogate(testing::small_shape(), 1);
    file.tensors.at("rna_model.decoder.6.bias").f32()[place] =
        place == 5 ? std::numeric_limits<float>::infinity() : std::nanf("");
    write_surrogate(folder / "s.safetensors", file);
    try {
      read_surrogate(folder / "s.safetensors");
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.what(),
                  ::testing::AllOf(::testing::HasSubstr("tensor 'rna_model.decoder.6.bias' holds"),
                                   ::testing::HasSubstr(fmt::format("at position {};", place))));
    }
  }
}

/// What reading a random surrogate says after a change of its header's fields.
std::string reading_with(const std::function<void(std::map<std::string, std::string>&)>& change) {
  const test::TempFolder folder;
  write_surrogate(folder / "s.safetensors", testing::random_surrogate(testing::small_shape(), 1));
  SafeTensors raw = read_safetensors(folder / "s.safetensors");
  change(raw.metadata);
  write_safetensors(folder / "s.safetensors", raw);
  try {
    read_surrogate(folder / "s.safetensors");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "no error";
}

TEST(SurrogateFile, SaysItsFormatAndOneThatDoesNotIsOfTheFirst) {
  EXPECT_EQ(reading_with([](auto& fields) { EXPECT_EQ(fields.at("format_version"), "1"); }),
            "no error");
  EXPECT_EQ(reading_with([](auto& fields) { fields.erase("format_version"); }), "no error");
}

TEST(SurrogateFile, OfALaterFormatIsRefusedWithBothFormatsAndWhatToDo) {
  // Before anything else is looked at: the rest may be of other names.
  const auto message = reading_with([](auto& fields) { fields = {{"format_version", "2"}}; });
  EXPECT_THAT(message, ::testing::AllOf(
                           ::testing::HasSubstr("s.safetensors: header field 'format_version': the "
                                                "surrogate is of format 2"),
                           ::testing::HasSubstr("grids " GRIDS_VERSION " knows formats up to 1"),
                           ::testing::HasSubstr("use the grids that wrote it"),
                           ::testing::HasSubstr("grids train STUDY -o SURROGATE")));
  EXPECT_THAT(reading_with([](auto& fields) { fields["format_version"] = "0"; }),
              ::testing::HasSubstr("'format_version' is 0, not a whole number from 1"));
  EXPECT_THAT(reading_with([](auto& fields) { fields["format_version"] = "\"two\""; }),
              ::testing::HasSubstr("header: "));
}

TEST(SurrogateFile, ThoseOfVersion1AreReadWithAndWithoutACisPath) {
  const auto plain = read_surrogate(test::fixture("version_1/run/surrogate.safetensors"));
  const auto with = read_surrogate(test::fixture("version_1/run/surrogate-cis.safetensors"));
  EXPECT_EQ(plain.shape, with.shape);
  EXPECT_EQ(plain.shape.peaks(), 150);
  EXPECT_EQ(plain.shape.genes, 45);
  EXPECT_EQ(plain.shape.latent, 4);
  EXPECT_EQ(plain.cell_types, (std::vector<std::string>{"B", "Mono_DC", "NK", "T"}));
  EXPECT_EQ(plain.peaks.size(), 150u);
  EXPECT_FALSE(cis_path_of(plain).has_value());
  const auto cis = cis_path_of(with);
  ASSERT_TRUE(cis.has_value());
  EXPECT_EQ(cis->genes.size(), 40u);
  for (const auto& [name, tensor] : plain.tensors) {
    EXPECT_EQ(with.tensors.at(name).bytes, tensor.bytes) << name;
  }
}

TEST(SurrogateFile, ACisPathSurvivesARoundTripAndCanBeTakenAway) {
  SurrogateFile file = testing::random_surrogate(testing::small_shape(), 1);
  const auto plain = file.tensors.size();
  EXPECT_FALSE(cis_path_of(file).has_value());
  const CisPath path = testing::random_cis(file.shape, 1);
  set_cis_path(file, &path);
  const fs::path copy =
      fs::temp_directory_path() / fmt::format("grids_cis_{}.safetensors", ::getpid());
  write_surrogate(copy, file);
  SurrogateFile back = read_surrogate(copy);
  fs::remove(copy);
  EXPECT_TRUE(cis_path_of(back) == path);
  set_cis_path(back, &path);  // again: in the place of the first
  EXPECT_EQ(back.tensors.size(), file.tensors.size());
  set_cis_path(back, nullptr);
  EXPECT_EQ(back.tensors.size(), plain);
  EXPECT_FALSE(cis_path_of(back).has_value());
}

TEST(SurrogateFile, ACisPathOfAnotherSurrogateOrStudyIsRefused) {
  SurrogateFile file = testing::random_surrogate(testing::small_shape(), 1);
  CisPath path = testing::random_cis(file.shape, 1);
  path.peaks += 1;
  set_cis_path(file, &path);
  EXPECT_THROW(cis_path_of(file), Error);
  path.peaks -= 1;
  Study study;
  study.cells.type.names = {"a", "b", "c"};
  study.cells.donor.names = {"x", "y"};
  study.cells.batch.names = {"p", "q", "r"};
  study.counts.pattern.rows = 1;
  EXPECT_NO_THROW(require_same_cells(path, file, study));
  file.cell_types = {"a", "b", "d"};
  EXPECT_THROW(require_same_cells(path, file, study), Error);
  file.cell_types.clear();
  study.cells.donor.names.clear();
  EXPECT_THROW(require_same_cells(path, file, study), Error);
  study.cells.donor.names = {"x", "y"};
  file.batches = {"p", "q", "other"};
  EXPECT_THROW(require_same_cells(path, file, study), Error);
  file.batches.clear();
  study.cells.batch.names.pop_back();
  EXPECT_THROW(require_same_cells(path, file, study), Error);
  study.cells.batch.names.push_back("r");
  study.cells.donor.names = {"x", "y"};
  study.counts.pattern.rows = 0;  // no counts
  EXPECT_THROW(require_same_cells(path, file, study), Error);
}

TEST(SurrogateFile, AForeignStudyIsNamed) {
  SurrogateFile file;
  file.shape.chromosome_peaks = {2};
  file.shape.genes = 1;
  file.peaks = {"chr1:1-2", "chr1:5-9"};
  file.genes = {"MYC"};
  Study study;
  study.peaks.names = {"chr1:1-2", "chr1:7-8"};
  study.genes.names = {"MYC"};
  try {
    require_same_features(file, study);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("only in the surrogate: 1 (chr1:5-9)"),
              std::string::npos);
    EXPECT_NE(std::string(error.what()).find("only in the study: 1 (chr1:7-8)"), std::string::npos);
  }
  study.peaks.names = file.peaks;
  EXPECT_NO_THROW(require_same_features(file, study));
}

}  // namespace
}  // namespace grids::core
