/* Tensors of a safetensors file as float32 and int64, whatever floating type they are stored in. */
#include "safetensors.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float_of_bf16(uint16_t bits)
{
    return float_of_bits((uint32_t)bits << 16);
}

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. Every value is exact in float32. */
static float float_of_f16(uint16_t bits)
{
    const uint32_t sign = (uint32_t)(bits & 0x8000u) << 16, exponent = (bits >> 10) & 31u, fraction = bits & 1023u;
    if (exponent == 31)
        return float_of_bits(sign | 0x7f800000u | fraction << 13); /* infinity, NaN */
    if (exponent == 0) {
        const float value = (float)fraction * 0x1p-24f; /* zero, subnormal */
        return sign ? -value : value;
    }
    return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

/* The halves are read into the upper half of `out` and widened from its start: value i is read no later than its bytes
 * are overwritten. */
static fovea_status read_halves(const fovea__safetensors *file, const fovea__safetensors_entry *entry, float *out,
                                float (*widen)(uint16_t))
{
    const unsigned char *halves = (unsigned char *)out + entry->size_bytes;
    FOVEA_TRY(fovea__safetensors_read_bytes(file, entry, (unsigned char *)out + entry->size_bytes));
    for (size_t i = 0; i < entry->n_elements; i++) {
        uint16_t bits;
        memcpy(&bits, halves + 2 * i, sizeof bits);
        out[i] = widen(bits);
    }
    return FOVEA_OK;
}

static fovea_status read_doubles(const fovea__safetensors *file, const fovea__safetensors_entry *entry, float *out)
{
    double *values = NULL;
    FOVEA_TRY(fovea__allocate(&values, entry->n_elements, sizeof *values, entry->name));
    const fovea_status status = fovea__safetensors_read_bytes(file, entry, values);
    for (size_t i = 0; !status && i < entry->n_elements; i++)
        out[i] = (float)values[i];
    free(values);
    return status;
}

bool fovea__safetensors_holds_floats(const fovea__safetensors_entry *entry)
{
    return entry->dtype == FOVEA__DTYPE_F32 || entry->dtype == FOVEA__DTYPE_F64 || entry->dtype == FOVEA__DTYPE_F16 ||
           entry->dtype == FOVEA__DTYPE_BF16;
}

fovea_status fovea__safetensors_read_floats(const fovea__safetensors *file, const fovea__safetensors_entry *entry,
                                            float *out)
{
    switch (entry->dtype) {
    case FOVEA__DTYPE_F32: return fovea__safetensors_read_bytes(file, entry, out);
    case FOVEA__DTYPE_F64: return read_doubles(file, entry, out);
    case FOVEA__DTYPE_F16: return read_halves(file, entry, out, float_of_f16);
    case FOVEA__DTYPE_BF16: return read_halves(file, entry, out, float_of_bf16);
    default:
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: is of type %s, expected F32, F16, BF16 or F64",
                   fovea__safetensors_path(file), entry->name, fovea__dtype_name(entry->dtype));
    }
}

fovea_status fovea__safetensors_read_int64(const fovea__safetensors *file, const fovea__safetensors_entry *entry,
                                           int64_t *out)
{
    if (entry->dtype != FOVEA__DTYPE_I64)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: is of type %s, expected I64", fovea__safetensors_path(file),
                   entry->name, fovea__dtype_name(entry->dtype));
    return fovea__safetensors_read_bytes(file, entry, out);
}
