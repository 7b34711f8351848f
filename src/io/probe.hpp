/// A look at a foreign file by a program that may die of it.
///
/// libhdf5 can crash on a damaged file, or never return. So `grids-probe` walks through a file
/// before this process opens it: through the same reader, all groups, attributes, texts and chunk
/// indexes, and of the numbers the first and the last chunk, of small files all. What it survives
/// is opened here.
#pragma once

#include <filesystem>
#include <string>

namespace grids::core {

inline constexpr const char* kProbeProgram = "grids-probe";

/// Returns once the file was walked through, at once where this process has had it done and the
/// file is as it was. Throws Error(kInput) that names file and place where the probe dies, makes no
/// progress or wants more memory than such a file can need; Error(kInternal) where the program is
/// missing. It is looked for beside the program or library that holds this code, in the `bin`
/// beside that library's folder, beside the running program, and in PATH.
void require_survivable(const std::filesystem::path& path);
/// The same of a file that messages call by another name.
void require_survivable(const std::filesystem::path& path, const std::string& name);

/// How a probe is run.
struct ProbeSettings {
  std::filesystem::path program;  ///< empty: where it is looked for
  /// Seconds of processor time that it may use without getting to the next object, beyond those in
  /// which it could read the file. Waiting for a slow disk costs none.
  double patience = 2;
  std::string name = {};  ///< of the file in messages; empty: its path
};
/// The same, whether the file was looked at before or not.
void probe(const std::filesystem::path& path, const ProbeSettings& settings);

/// What the program does: writes the place of each object to `out`, a line each, as it gets there.
/// Returns its exit code.
int probe_main(const std::filesystem::path& path, int out);

}  // namespace grids::core
