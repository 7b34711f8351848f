#include "io/feature_matrix.hpp"

#include <gmock/gmock.h>
#include <zlib.h>

#include <cstring>

#include "io/npy.hpp"
#include "support.hpp"

namespace grids::core::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// A `.npy` of version 1.
std::string npy(const std::string& type, const std::string& shape, const std::string& bytes,
                const std::string& order = "False") {
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}", type, order, shape);
  header.resize((header.size() + 10 + 64) / 64 * 64 - 10, ' ');
  header.back() = '\n';
  const char length[] = {static_cast<char>(header.size() & 0xff),
                         static_cast<char>(header.size() >> 8)};
  return "\x93NUMPY" + std::string("\1\0", 2) + std::string(length, 2) + header + bytes;
}

std::string number(uint32_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

std::string deflated(const std::string& content) {
  std::string packed(content.size() + 100, '\0');
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string input = content;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

/// A zip archive as zipfile writes it; members have no extra field and comment unless these are
/// given.
std::string zip(const std::vector<std::pair<std::string, std::string>>& members, bool deflate,
                const std::string& extra = "", const std::string& comment = "") {
  std::string archive, list;
  for (const auto& [name, content] : members) {
    const std::string packed = deflate ? deflated(content) : content;
    const auto crc = static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(content.data()),
                                                 static_cast<uInt>(content.size())));
    const std::string sizes = number(deflate ? 8 : 0, 2) + number(0, 4) + number(crc, 4) +
                              number(static_cast<uint32_t>(packed.size()), 4) +
                              number(static_cast<uint32_t>(content.size()), 4) +
                              number(static_cast<uint32_t>(name.size()), 2) +
                              number(static_cast<uint32_t>(extra.size()), 2);
    list += "PK\1\2" + number(20, 2) + number(20, 2) + number(0, 2) + sizes +
            number(static_cast<uint32_t>(comment.size()), 2) + number(0, 4) + number(0, 4) +
            number(static_cast<uint32_t>(archive.size()), 4) + name + extra + comment;
    archive += "PK\3\4" + number(20, 2) + number(0, 2) + sizes + name + extra + packed;
  }
  const auto count = static_cast<uint32_t>(members.size());
  const std::string end = "PK\5\6" + number(0, 4) + number(count, 2) + number(count, 2) +
                          number(static_cast<uint32_t>(list.size()), 4) +
                          number(static_cast<uint32_t>(archive.size()), 4) + number(0, 2);
  return archive + list + end;
}

const std::vector<float> kSix = {0, 1, 2, 3, 4, 5.5f};

std::string six() {
  return npy("<f4", "(3, 2)", bytes_of(kSix));
}

TEST(Npy, EveryTypeGivesTheSameNumbers) {
  const TempFolder folder;
  const auto path = folder / "x.npy";
  const auto values = [&](const std::string& type, const std::string& bytes) {
    put(path, npy(type, "(2, 2)", bytes));
    return read_npy(path).values;
  };
  EXPECT_THAT(values("<f4", bytes_of<float>({1, 0, 200, 1})), ElementsAre(1, 0, 200, 1));
  EXPECT_THAT(values("<f8", bytes_of<double>({1, 0, 200, 1})), ElementsAre(1, 0, 200, 1));
  EXPECT_THAT(values("<i4", bytes_of<int32_t>({1, 0, 200, 1})), ElementsAre(1, 0, 200, 1));
  EXPECT_THAT(values("<i8", bytes_of<int64_t>({1, 0, 200, 1})), ElementsAre(1, 0, 200, 1));
  EXPECT_THAT(values("|u1", bytes_of<uint8_t>({1, 0, 200, 1})), ElementsAre(1, 0, 200, 1));
  EXPECT_EQ(read_npy(path).shape, (std::vector<int64_t>{2, 2}));
}

TEST(Npy, WhatCannotBeReadSaysWhyAndWhatToDo) {
  const TempFolder folder;
  const auto path = folder / "x.npy";
  const auto message = [&](const std::string& content) {
    put(path, content);
    return input_message([&] { read_npy(path); });
  };
  EXPECT_THAT(message("no array"), HasSubstr("x.npy: this is not a .npy array"));
  EXPECT_THAT(message(six().substr(0, 20)), HasSubstr("cut short"));
  EXPECT_THAT(message(six().substr(0, six().size() - 1)), HasSubstr("cut short"));
  EXPECT_THAT(message(npy("<f8", "()", "1234567")), HasSubstr("cut short"));
  EXPECT_THAT(message(npy("<c8", "(3, 2)", bytes_of(kSix))), HasSubstr("'<c8' are not read"));
  EXPECT_THAT(message(npy("<f4", "(3, 2)", bytes_of(kSix), "True")),
              HasSubstr("Fortran order; save numpy.ascontiguousarray"));
  EXPECT_THAT(message(npy("<f4", "(9999999999, 9999999999)", bytes_of(kSix))),
              HasSubstr("cut short"));
  EXPECT_THAT(message(npy("<i8", "(1, 1)", bytes_of<int64_t>({int64_t{1} << 40}))),
              HasSubstr("beyond"));
}

TEST(FeatureMatrix, StoredAndDeflatedArchivesAreTheSame) {
  const TempFolder folder;
  const auto path = folder / "images.npz";
  const std::string labels = npy("<i8", "(3,)", bytes_of<int64_t>({8, 3, 8}));
  for (const bool deflate : {false, true}) {
    put(path, zip({{"y.npy", labels}, {"x.npy", six()}}, deflate));
    const auto matrix = read_feature_matrix({path, "", "y"});
    EXPECT_EQ(matrix.rows, 3);
    EXPECT_EQ(matrix.features, 2);
    EXPECT_EQ(matrix.values, kSix);
    EXPECT_THAT(matrix.labels, ElementsAre("8", "3", "8"));
  }
}

TEST(FeatureMatrix, ExtraFieldsAndCommentsOfMembersAreSkipped) {
  const TempFolder folder;
  const auto path = folder / "images.npz";
  const std::string labels = npy("<i8", "(3,)", bytes_of<int64_t>({8, 3, 8}));
  // Lengths of two bytes, each with other bytes than the other.
  put(path, zip({{"y.npy", labels}, {"x.npy", six()}}, true, std::string(0x201, 'e'),
                std::string(0x403, 'c')));
  const auto matrix = read_feature_matrix({path, "", "y"});
  EXPECT_EQ(matrix.values, kSix);
  EXPECT_THAT(matrix.labels, ElementsAre("8", "3", "8"));
}

TEST(FeatureMatrix, TheOnlyArrayNeedsNoNameAndImagesBecomeRows) {
  const TempFolder folder;
  const auto path = folder / "images.npz";
  put(path, zip({{"pixels.npy", npy("<f4", "(1, 2, 3)", bytes_of(kSix))}}, true));
  const auto matrix = read_feature_matrix({path, "", "y"});
  EXPECT_EQ(matrix.rows, 1);
  EXPECT_EQ(matrix.features, 6);
  EXPECT_TRUE(matrix.labels.empty());
  put(path, zip({{"a.npy", six()}, {"b.npy", six()}}, true));
  EXPECT_THAT(input_message([&] {
                read_feature_matrix({path, "", "y"});
              }),
              HasSubstr("which array holds the rows? It holds a, b"));
  EXPECT_EQ(read_feature_matrix({path, "b", "y"}).values, kSix);
  EXPECT_THAT(input_message([&] {
                read_feature_matrix({path, "c", "y"});
              }),
              HasSubstr("no array 'c'; it holds: a, b"));
}

TEST(FeatureMatrix, DamageIsFoundWhereverItLies) {
  const TempFolder folder;
  const auto path = folder / "images.npz";
  const std::string whole = zip({{"x.npy", six()}}, true);
  for (size_t kept = 0; kept < whole.size(); ++kept) {
    put(path, whole.substr(0, kept));
    EXPECT_THAT(input_message([&] {
                  read_feature_matrix({path, "", "y"});
                }),
                HasSubstr(".npz"))
        << kept;
  }
  // One damaged byte is told, or changes nothing that is read (times, versions).
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string broken = whole;
    broken[i] = static_cast<char>(broken[i] ^ 0x41);
    put(path, broken);
    try {
      EXPECT_EQ(read_feature_matrix({path, "", "y"}).values, kSix) << i;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput) << i;
    }
  }
}

TEST(FeatureMatrix, ValuesMustBeFiniteAndLabelsFit) {
  const TempFolder folder;
  const auto path = folder / "images.npz";
  auto values = kSix;
  values[3] = std::nanf("");
  put(path, zip({{"x.npy", npy("<f4", "(3, 2)", bytes_of(values))}}, false));
  EXPECT_THAT(input_message([&] {
                read_feature_matrix({path, "", "y"});
              }),
              HasSubstr("row 1, feature 1 is nan"));
  put(path, zip({{"x.npy", six()}, {"y.npy", npy("<f4", "(2,)", bytes_of<float>({1, 2}))}}, false));
  EXPECT_THAT(input_message([&] {
                read_feature_matrix({path, "", "y"});
              }),
              HasSubstr("2 labels in 1 dimensions for 3 rows"));
}

}  // namespace
}  // namespace grids::core::test
