/// Marks a function to be compiled for several instruction sets, the best chosen at load time, so
/// that one binary is fast on a laptop of 2013 and on a server of today.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(GRIDS_NO_CLONES)
#define GRIDS_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GRIDS_CLONES
#endif
