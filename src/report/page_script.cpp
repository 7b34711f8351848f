#include "report/page_script.hpp"

// The file is in the program, because a page is written wherever the program is run. As an array in
// C++ it would take the compiler a minute.
asm(".section .rodata\n"
    ".global grids_page_script\n"
    ".global grids_page_script_end\n"
    "grids_page_script:\n"
    ".incbin \"" GRIDS_PAGE_SCRIPT
    "\"\n"
    "grids_page_script_end:\n"
    ".byte 0\n"
    ".text\n");

extern "C" {
extern const char grids_page_script[];
extern const char grids_page_script_end[];
}

namespace grids::core {

std::string_view page_script() {
  return {grids_page_script, static_cast<size_t>(grids_page_script_end - grids_page_script)};
}

}  // namespace grids::core
