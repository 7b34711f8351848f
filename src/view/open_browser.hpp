/// Opens the user's browser at an address that holds a secret: the address goes through a file that
/// only the user can read, never through the arguments of a program, which all users see.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/goes_with_program.hpp"

namespace grids::core {

/// A page that leads to the address, in a folder that nobody else can enter; both go with this
/// object, the page also where a signal ends the program.
class AddressFile {
 public:
  /// Throws Error(kInput) where no such file can be made.
  explicit AddressFile(const std::string& address);
  ~AddressFile();
  AddressFile(const AddressFile&) = delete;
  AddressFile& operator=(const AddressFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Once the browser has read it.
  void remove() const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path path_;
  std::unique_ptr<GoesWithProgram> goes_;
};

/// Whether there is a screen to open a browser on.
bool has_screen();

/// Asks the desktop to open the file, and does not wait; whether it could be asked.
bool open_in_browser(const std::filesystem::path& file);

}  // namespace grids::core
