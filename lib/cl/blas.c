/* CLBlast's SGEMM. */
#include "blas.h"

#include "device_state.h"

#include <clblast_c.h>

/* CLBlast's own codes lie outside OpenCL's range. */
static fovea_status check_blas(CLBlastStatusCode code, const fovea__gemm *gemm)
{
    if (code == CLBlastSuccess)
        return FOVEA_OK;
    return fovea__fail(FOVEA_ERROR_DEVICE, "CLBlast refused the product %zu x %zu x %zu: %s (%d)", gemm->m, gemm->n,
                       gemm->k, fovea__cl_error_name((cl_int)code), (int)code);
}

fovea_status fovea__gemm_run(fovea_device *device, const fovea__gemm *gemm)
{
    if (gemm->m == 0 || gemm->n == 0 || gemm->k == 0)
        return FOVEA_OK;
    cl_event event = NULL;
    const CLBlastStatusCode code = CLBlastSgemm(
        CLBlastLayoutRowMajor, gemm->transpose_a ? CLBlastTransposeYes : CLBlastTransposeNo,
        gemm->transpose_b ? CLBlastTransposeYes : CLBlastTransposeNo, gemm->m, gemm->n, gemm->k, 1.0f,
        fovea__buffer_memory(gemm->a), gemm->a_offset, gemm->ld_a, fovea__buffer_memory(gemm->b), gemm->b_offset,
        gemm->ld_b, gemm->beta, fovea__buffer_memory(gemm->c), gemm->c_offset, gemm->ld_c, &device->queue,
        device->profile ? &event : NULL);
    FOVEA_TRY(check_blas(code, gemm));
    return event ? fovea__timing_add(device, "CLBlast", "CLBlastSgemm", event) : FOVEA_OK;
}
