// HDF5 behind the seam from several threads: one lock around it, and the same numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <span>
#include <thread>

#include "io/anndata.hpp"
#include "io/hdf5_lock.hpp"
#include "io/store.hpp"
#include "io/store_writer.hpp"
#include "io/support.hpp"

namespace grids::core {
namespace {

using test::TempFolder;

/// A matrix of `rows` × 50 with a pattern of its own for each seed.
CsrMatrix patterned(int64_t rows, int seed) {
  CsrMatrix matrix{{rows, 50, {0}, {}}, {}};
  for (int64_t row = 0; row < rows; ++row) {
    for (int32_t column = 0; column < 50; ++column) {
      if ((row * 7 + column * 3 + seed) % 5 != 0) continue;
      matrix.pattern.indices.push_back(column);
      matrix.values.push_back(static_cast<float>(row + seed) + 0.5f);
    }
    matrix.pattern.offsets.push_back(matrix.pattern.nonzeros());
  }
  return matrix;
}

Frame named(std::string_view prefix, int64_t count) {
  Frame frame;
  for (int64_t i = 0; i < count; ++i) frame.index.push_back(fmt::format("{}{}", prefix, i));
  frame.columns.push_back({"kind", std::vector<std::string>(frame.index.size(), "one")});
  return frame;
}

void write_patterned(const std::filesystem::path& path, int seed) {
  const auto matrix = patterned(400, seed);
  const auto root = store::create(path);
  begin_anndata(root, named("c", 400), named("p", 50));
  write_matrix(root, "X", matrix);
}

/// Whether the file holds what `write_patterned` wrote, read whole and by rows; what is not there
/// must be an error that names its own file.
bool holds_pattern(const std::filesystem::path& path, int seed) {
  const auto expected = patterned(400, seed);
  const auto root = store::open(path);
  const RawModality modality = read_anndata(root);
  CsrMatrix block;
  MatrixRows(root, "X").read(100, 200, block);
  const auto part = std::span(expected.values)
                        .subspan(static_cast<size_t>(expected.pattern.offsets[100]))
                        .first(block.values.size());
  const auto message = test::input_message([&] { root.array("none"); });
  return modality.values.values == expected.values &&
         modality.values.pattern.indices == expected.pattern.indices &&
         std::equal(block.values.begin(), block.values.end(), part.begin()) &&
         message == fmt::format("reading {}: none: there is no such dataset", path.string());
}

TEST(StoreThreads, TwoFilesAreReadWhileAThirdIsWritten) {
  constexpr int kRounds = 20;
  const TempFolder folder;
  write_patterned(folder / "a.h5ad", 1);
  write_patterned(folder / "b.h5ad", 2);
  std::atomic<int> good = 0;
  const auto reads = [&](const char* name, int seed) {
    for (int i = 0; i < kRounds; ++i) good += holds_pattern(folder / name, seed) ? 1 : 0;
  };
  std::vector<std::thread> threads;
  threads.emplace_back(reads, "a.h5ad", 1);
  threads.emplace_back(reads, "b.h5ad", 2);
  threads.emplace_back([&] {
    for (int i = 0; i < kRounds; ++i) write_patterned(folder / fmt::format("w{}.h5ad", i), i);
  });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 2 * kRounds);
  for (int i = 0; i < kRounds; ++i) {
    EXPECT_TRUE(holds_pattern(folder / fmt::format("w{}.h5ad", i), i));
  }
}

/// Whether another thread that does this waits for the lock of HDF5 and goes on once it is free.
/// What waits is never found not to; what does not would have to be held up for 50 ms to be missed.
bool waits_for_the_lock(const std::function<void()>& body) {
  std::atomic<bool> done = false;
  std::thread thread;
  bool waited = false;
  {
    const hdf5::Lock lock;
    thread = std::thread([&] {
      body();
      done = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    waited = !done;
  }
  thread.join();
  return waited && done;
}

TEST(StoreThreads, NothingEntersHdf5WhileItsLockIsHeld) {
  const TempFolder folder;
  const auto path = folder / "a.h5ad";
  write_patterned(path, 4);
  const auto root = store::open(path);
  std::optional<store::Group> obs = root.group("obs");
  const auto data = root.array("X/data");
  const auto texts = root.array("obs/_index");
  std::vector<float> values(3);
  const auto out = store::create(folder / "out.h5");
  const auto grows = out.create_growing("grows", store::Type::kFloat32);
  const std::pair<const char*, std::function<void()>> kEntries[] = {
      {"is_store", [&] { store::is_store(path); }},
      {"open", [&] { store::open(path); }},
      {"has", [&] { root.has("X"); }},
      {"names", [&] { root.names(); }},
      {"group", [&] { root.group("X"); }},
      {"array", [&] { root.array("X/data"); }},
      {"has_attribute", [&] { root.has_attribute("encoding-type"); }},
      {"attribute", [&] { root.text_attribute("encoding-type"); }},
      {"read", [&] { data.read_rows<float>(0, values); }},
      {"read_text", [&] { texts.read_text(); }},
      {"close", [&] { obs.reset(); }},
      {"create", [&] { store::create(folder / "other.h5"); }},
      {"create_group", [&] { out.create_group("group"); }},
      {"set_attribute", [&] { out.set_attribute("a", std::vector<std::string>{"b"}); }},
      {"extend_attribute", [&] { out.extend_attribute("a", "c"); }},
      {"write", [&] { out.write<float>("write", values); }},
      {"write_text", [&] { out.write_text("texts", std::vector<std::string>{"t"}); }},
      {"write_booleans", [&] { out.write_booleans("booleans", std::vector<uint8_t>{1}); }},
      {"write_scalar", [&] { out.write_scalar("scalar", true); }},
      {"create_growing", [&] { out.create_growing("more", store::Type::kInt32); }},
      {"create_plain", [&] { out.create_plain("plain", store::Type::kUint8, 1, 1); }},
      {"link", [&] { out.link("linked", grows); }},
      {"append", [&] { grows.append<float>(values); }},
      {"write_rows", [&] { grows.write_rows<float>(0, values); }},
      {"flush", [&] { out.flush(); }},
  };
  for (const auto& [name, entry] : kEntries) EXPECT_TRUE(waits_for_the_lock(entry)) << name;
}

TEST(StoreThreads, OneFileIsReadThroughTheSameHandles) {
  const TempFolder folder;
  write_patterned(folder / "a.h5ad", 3);
  const auto expected = patterned(400, 3);
  const MatrixRows rows(store::open(folder / "a.h5ad"), "X");
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t first = t; first + 10 <= rows.rows(); first += 10) {
        CsrMatrix block;
        rows.read(first, first + 10, block);
        const auto begin =
            static_cast<size_t>(expected.pattern.offsets[static_cast<size_t>(first)]);
        good += std::equal(block.values.begin(), block.values.end(),
                           expected.values.begin() + static_cast<std::ptrdiff_t>(begin))
                    ? 1
                    : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 79);
}

}  // namespace
}  // namespace grids::core
