#include "pipeline/find_study.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "io/atomic_file.hpp"
#include "io/manifest.hpp"
#include "support/temp_folder.hpp"

namespace grids::core {
namespace {

namespace fs = std::filesystem;

/// A folder of results with links.tsv, written by `command`, and a study that it read or wrote.
struct FoundFolder {
  FoundFolder() {
    replace_file(folder / "links.tsv", "links");
    replace_file(folder / "study.h5mu", "a study");
  }

  void record(const std::string& command, const std::vector<FileRecord>& inputs,
              std::vector<FileRecord> outputs) const {
    Manifest manifest;
    manifest.command = command;
    manifest.version = "1";
    manifest.inputs = inputs;
    manifest.outputs = std::move(outputs);
    manifest.outputs.push_back({"links.tsv", sha256_of(folder / "links.tsv"), 5});
    write_manifest(folder / "manifest.json", {&manifest, 1});
  }
  FileRecord study(const std::string& path) const {
    return {path, sha256_of(folder / "study.h5mu"), 7};
  }

  test::TempFolder folder;
};

TEST(FindStudy, OfARunIsTheOneThatItWrote) {
  const FoundFolder found;
  found.record("run", {{"cells.h5mu", "0", 1}}, {found.study("study.h5mu")});
  EXPECT_EQ(study_of_results(found.folder / "links.tsv"), found.folder / "study.h5mu");
}

TEST(FindStudy, OfOtherCommandsIsTheOneThatTheyReadAlsoAfterAMove) {
  const FoundFolder found;
  found.record("explain", {found.study("/elsewhere/study.h5mu"), {"s.safetensors", "0", 1}}, {});
  EXPECT_EQ(study_of_results(found.folder / "links.tsv"), found.folder / "study.h5mu");
}

TEST(FindStudy, AnotherContentIsRefused) {
  const FoundFolder found;
  found.record("explain", {found.study("study.h5mu")}, {});
  fs::remove(found.folder / "study.h5mu");
  EXPECT_THROW(study_of_results(found.folder / "links.tsv"), Error) << "gone";
  replace_file(found.folder / "study.h5mu", "another");
  EXPECT_THROW(study_of_results(found.folder / "links.tsv"), Error);
}

TEST(FindStudy, ATableOfAnotherToolHasNone) {
  const FoundFolder found;
  EXPECT_EQ(study_beside(found.folder / "links.tsv"), std::nullopt) << "no manifest";
  found.record("explain", {found.study("study.h5mu")}, {});
  EXPECT_EQ(study_beside(found.folder / "links.tsv"), found.folder / "study.h5mu");
  EXPECT_EQ(study_beside(found.folder.path()), found.folder / "study.h5mu");
}

TEST(FindStudy, LinksAreThoseOfTheFolderOrTheFileItself) {
  const FoundFolder found;
  EXPECT_EQ(links_of_results(found.folder.path()), found.folder / "links.tsv");
  EXPECT_EQ(links_of_results("some/links.tsv"), "some/links.tsv");
  fs::remove(found.folder / "links.tsv");
  EXPECT_THROW(links_of_results(found.folder.path()), Error);
}

}  // namespace
}  // namespace grids::core
