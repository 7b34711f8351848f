/// What of libgrids others may link to; all else stays inside.
#pragma once

#if defined(__GNUC__)
#define GRIDS_API __attribute__((visibility("default")))
#define GRIDS_INNER __attribute__((visibility("hidden")))
#else
#define GRIDS_API
#define GRIDS_INNER
#endif
