/* CLBlast's SGEMM. */
#include "blas.h"

#include "device_state.h"

#include <clblast_c.h>
#include <string.h>

/* CLBlast's own codes lie outside OpenCL's range. */
static fovea_status check_blas(CLBlastStatusCode code, const fovea__gemm *gemm)
{
    if (code == CLBlastSuccess)
        return FOVEA_OK;
    return fovea__fail(FOVEA_ERROR_DEVICE, "CLBlast refused the product %zu x %zu x %zu: %s (%d)", gemm->m, gemm->n,
                       gemm->k, fovea__cl_error_name((cl_int)code), (int)code);
}

/* CLBlast was never tuned for PoCL. With groups of one work-item that keeps 16 x 16 sums in registers, and this kernel
 * for small products too, two cores went from 15 to 82 GFLOP/s at 1444 x 256 x 2304, from 10 to 75 at 5625 x 256 x 256
 * and from 10 to 37 at 22500 x 64 x 256. On Intel's runtime no other set was faster than CLBlast's own. */
static fovea_status set_parameters(fovea_device *device, const fovea__gemm *gemm)
{
    static const char *const names[] = {"GEMMK", "KREG",  "KWG",   "KWI", "MDIMA", "MDIMC", "MWG", "NDIMB",
                                        "NDIMC", "NWG",   "SA",    "SB",  "STRM",  "STRN",  "VWM", "VWN"};
    static const size_t values[] = {1, 4, 1, 1, 1, 1, 16, 1, 1, 16, 0, 0, 0, 0, 8, 4};
    static const char *const routine_names[] = {"XGEMM_MIN_INDIRECT_SIZE"};
    static const size_t routine_values[] = {1};
    if (device->blas_is_set)
        return FOVEA_OK;
    device->blas_is_set = true;
    if (device->info.type != FOVEA_DEVICE_CPU || strncmp(device->info.platform, "Portable", 8) != 0)
        return FOVEA_OK;
    FOVEA_TRY(check_blas(CLBlastOverrideParameters(device->id, "Xgemm", CLBlastPrecisionSingle,
                                                   sizeof values / sizeof *values, (const char **)names, values),
                         gemm));
    return check_blas(CLBlastOverrideParameters(device->id, "GemmRoutine", CLBlastPrecisionSingle, 1,
                                                (const char **)routine_names, routine_values),
                      gemm);
}

/* Memory in which CLBlast pads and turns its matrices: from the pool, so that it is counted. */
static fovea_status take_room(fovea_device *device, const fovea__gemm *gemm, CLBlastTranspose a, CLBlastTranspose b,
                              fovea__buffer **room)
{
    size_t bytes = 0;
    FOVEA_TRY(check_blas(CLBlastSGemmTempBufferSize(CLBlastLayoutRowMajor, a, b, gemm->m, gemm->n, gemm->k,
                                                    gemm->a_offset, gemm->ld_a, gemm->b_offset, gemm->ld_b,
                                                    gemm->c_offset, gemm->ld_c, &device->queue, &bytes),
                         gemm));
    return bytes ? fovea__buffer_create(room, device, bytes, "CLBlast's copies") : FOVEA_OK;
}

fovea_status fovea__gemm_run(fovea_device *device, const fovea__gemm *gemm)
{
    if (gemm->m == 0 || gemm->n == 0 || gemm->k == 0)
        return FOVEA_OK;
    const CLBlastTranspose a = gemm->transpose_a ? CLBlastTransposeYes : CLBlastTransposeNo;
    const CLBlastTranspose b = gemm->transpose_b ? CLBlastTransposeYes : CLBlastTransposeNo;
    fovea__buffer *room = NULL;
    FOVEA_TRY(set_parameters(device, gemm));
    FOVEA_TRY(take_room(device, gemm, a, b, &room));
    cl_event event = NULL;
    const CLBlastStatusCode code = CLBlastSgemmWithTempBuffer(
        CLBlastLayoutRowMajor, a, b, gemm->m, gemm->n, gemm->k, 1.0f, fovea__buffer_memory(gemm->a), gemm->a_offset,
        gemm->ld_a, fovea__buffer_memory(gemm->b), gemm->b_offset, gemm->ld_b, gemm->beta,
        fovea__buffer_memory(gemm->c), gemm->c_offset, gemm->ld_c, &device->queue, device->profile ? &event : NULL,
        room ? fovea__buffer_memory(room) : NULL);
    fovea__buffer_free(room);
    FOVEA_TRY(check_blas(code, gemm));
    return event ? fovea__timing_add(device, "CLBlast", "CLBlastSgemm", event) : FOVEA_OK;
}
