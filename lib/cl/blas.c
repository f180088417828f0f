/* CLBlast's SGEMM. */
#include "blas.h"

#include "device_state.h"

#include <clblast_c.h>
#include <string.h>

/* CLBlast hands OpenCL's codes on; its own lie outside their range. */
static fovea_status check_blas(CLBlastStatusCode code, const fovea__gemm *gemm)
{
    if (code == CLBlastSuccess)
        return FOVEA_OK;
    if (code > -1000)
        return fovea__cl_check((cl_int)code, "CLBlast's product %zu x %zu x %zu", gemm->m, gemm->n, gemm->k);
    return fovea__fail(FOVEA_ERROR_DEVICE, "CLBlast refused the product %zu x %zu x %zu: its error %d", gemm->m,
                       gemm->n, gemm->k, (int)code);
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
    if (device->info.type == FOVEA_DEVICE_CPU && strncmp(device->info.platform, "Portable", 8) == 0) {
        FOVEA_TRY(check_blas(CLBlastOverrideParameters(device->id, "Xgemm", CLBlastPrecisionSingle,
                                                       sizeof values / sizeof *values, (const char **)names, values),
                             gemm));
        FOVEA_TRY(check_blas(CLBlastOverrideParameters(device->id, "GemmRoutine", CLBlastPrecisionSingle, 1,
                                                       (const char **)routine_names, routine_values),
                             gemm));
    }
    device->blas_is_set = true;
    return FOVEA_OK;
}

/* An event that is done when all work queued before it is; NULL on devices without .profile. CLBlast's own event tells
 * of the last of its kernels only. */
static fovea_status mark(fovea_device *device, cl_event *event)
{
    *event = NULL;
    if (!device->profile)
        return FOVEA_OK;
    return fovea__cl_check(clEnqueueMarkerWithWaitList(device->queue, 0, NULL, event), "%s: marking a time",
                           device->info.name);
}

static CLBlastTranspose transposed(bool is)
{
    return is ? CLBlastTransposeYes : CLBlastTransposeNo;
}

fovea_status fovea__gemm_room(fovea_device *device, const fovea__gemm *gemm, size_t *bytes)
{
    *bytes = 0;
    if (gemm->m == 0 || gemm->n == 0 || gemm->k == 0)
        return FOVEA_OK;
    FOVEA_TRY(set_parameters(device, gemm));
    const size_t somewhere = 1; /* a matrix at offset 0 may serve as it is, at others it is copied */
    return check_blas(CLBlastSGemmTempBufferSize(CLBlastLayoutRowMajor, transposed(gemm->transpose_a),
                                                 transposed(gemm->transpose_b), gemm->m, gemm->n, gemm->k, somewhere,
                                                 gemm->ld_a, somewhere, gemm->ld_b, somewhere, gemm->ld_c,
                                                 &device->queue, bytes),
                      gemm);
}

fovea_status fovea__gemm_run(fovea_device *device, const fovea__gemm *gemm)
{
    size_t bytes = 0;
    fovea__buffer *room = NULL;
    FOVEA_TRY(fovea__gemm_room(device, gemm, &bytes)); /* it sets CLBlast's parameters, too */
    if (gemm->m == 0 || gemm->n == 0 || gemm->k == 0)
        return FOVEA_OK;
    if (bytes)
        FOVEA_TRY(fovea__buffer_slice(&room, gemm->room, gemm->room_offset, bytes));
    cl_event before = NULL, after = NULL;
    fovea_status status = mark(device, &before);
    if (!status)
        status = check_blas(
            CLBlastSgemmWithTempBuffer(CLBlastLayoutRowMajor, transposed(gemm->transpose_a),
                                       transposed(gemm->transpose_b), gemm->m, gemm->n, gemm->k, 1.0f,
                                       fovea__buffer_memory(gemm->a), gemm->a_offset, gemm->ld_a,
                                       fovea__buffer_memory(gemm->b), gemm->b_offset, gemm->ld_b, gemm->beta,
                                       fovea__buffer_memory(gemm->c), gemm->c_offset, gemm->ld_c, &device->queue, NULL,
                                       room ? fovea__buffer_memory(room) : NULL),
            gemm);
    fovea__buffer_free(room);
    if (!status)
        status = mark(device, &after);
    if (after)
        return fovea__timing_add(device, "CLBlast", "CLBlastSgemm", before, after);
    if (before)
        clReleaseEvent(before);
    return status;
}

void fovea__blas_clear(void)
{
    CLBlastClearCache();
}
