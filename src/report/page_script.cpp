#include "report/page_script.hpp"

// The file is in the program, because a page is written wherever the program is run. As an array in
// C++ it would take the compiler a minute.
asm(".section .rodata\n"
    ".global kGridsPageScript\n"
    ".global kGridsPageScriptEnd\n"
    "kGridsPageScript:\n"
    ".incbin \"" GRIDS_PAGE_SCRIPT
    "\"\n"
    "kGridsPageScriptEnd:\n"
    ".byte 0\n"
    ".text\n");

extern "C" {
extern const char kGridsPageScript[];
extern const char kGridsPageScriptEnd[];
}

namespace grids::core {

std::string_view page_script() {
  return {kGridsPageScript, static_cast<size_t>(kGridsPageScriptEnd - kGridsPageScript)};
}

}  // namespace grids::core
