/* The k largest values above a threshold, sorted: larger first, of equal ones the lower index. */
#ifndef FOVEA_OPS_TOP_K_H
#define FOVEA_OPS_TOP_K_H

#include "tensor.h"

size_t fovea__top_k_workspace_bytes(size_t count, int k);

/* values[first .. first+count) floats, no NaN. indices: int32 [k], counted from `first`; best: float [k] or NULL;
 * found: int32 at found_index, how many there are. Entries behind them are -1 and -INFINITY. k up to 8192. */
fovea_status fovea__top_k(fovea_device *device, const fovea__buffer *values, size_t first, size_t count,
                          float threshold, int k, fovea__buffer *indices, fovea__buffer *best, fovea__buffer *found,
                          size_t found_index, fovea__buffer *workspace);

#endif
