/* Opening and closing a device. */
#include "blas.h"
#include "device_state.h"
#include "hash.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static fovea_status set_cache_dir(fovea_device *device, const char *asked)
{
    if (asked)
        return *asked ? fovea__copy_text(&device->cache_dir, asked) : FOVEA_OK;
    const char *base = getenv("XDG_CACHE_HOME");
    const char *inside = "/fovea";
    if (!base || *base != '/') {
        base = getenv("HOME");
        inside = "/.cache/fovea";
    }
    if (!base || *base != '/')
        return FOVEA_OK;
    const size_t size = strlen(base) + strlen(inside) + 1;
    FOVEA_TRY(fovea__allocate(&device->cache_dir, size, 1, "the cache folder's name"));
    snprintf(device->cache_dir, size, "%s%s", base, inside);
    return FOVEA_OK;
}

/* Vector registers are wider than what a CPU's implementation prefers where it vectorises by itself.
 * $FOVEA_VECTOR_WIDTH, for tests and benches, makes any device one of that width. */
static fovea_status set_vector_width(fovea_device *device)
{
    const char *asked = getenv("FOVEA_VECTOR_WIDTH");
    cl_uint width = 0;
    if (asked && *asked)
        width = strcmp(asked, "4") == 0 ? 4 : strcmp(asked, "8") == 0 ? 8 : strcmp(asked, "16") == 0 ? 16 : 0;
    else if (device->info.type != FOVEA_DEVICE_CPU ||
             clGetDeviceInfo(device->id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof width, &width, NULL))
        width = 4;
    FOVEA_CHECK_ARG(width > 0 || !asked || !*asked, "FOVEA_VECTOR_WIDTH is \"%s\", expected 4, 8 or 16", asked);
    device->vector_width = width >= 16 ? 16 : width >= 8 ? 8 : 4;
    return FOVEA_OK;
}

static const char *build_flags(cl_device_id id)
{
    cl_device_fp_config config = 0;
    clGetDeviceInfo(id, CL_DEVICE_SINGLE_FP_CONFIG, sizeof config, &config, NULL);
    return config & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT ? "-cl-std=CL1.2 -cl-fp32-correctly-rounded-divide-sqrt"
                                                        : "-cl-std=CL1.2";
}

static bool names_cache(const char *variable)
{
    const char *found = strstr(variable, "_CACHE"), *end = strchr(variable, '=');
    return found && end && found < end;
}

/* Runtimes let variables choose for what, and how, they compile: CL_CONFIG_CPU_TARGET_ARCH=core-avx2, say. What was built
 * or measured under some must not be taken for what others ask for. Where caches are kept changes nothing. */
static uint64_t hash_environment(void)
{
    static const char *const prefixes[] = {"CL_CONFIG_", "POCL_", "IGC_", "AMD_OCL_", "RUSTICL_"};
    uint64_t sum = 0; /* whatever their order */
    for (char *const *each = environ; each && *each; each++)
        for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
            if (strncmp(*each, prefixes[i], strlen(prefixes[i])) == 0 && !names_cache(*each))
                sum += fovea__hash(FOVEA__HASH_EMPTY, *each, strlen(*each));
    return sum;
}

static fovea_status set_group_limits(fovea_device *device)
{
    enum { MOST_DIMENSIONS = 16 };
    size_t each[MOST_DIMENSIONS] = {0};
    cl_uint dimensions = 0;
    cl_int code = clGetDeviceInfo(device->id, CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS, sizeof dimensions, &dimensions, NULL);
    if (!code && dimensions <= MOST_DIMENSIONS)
        code = clGetDeviceInfo(device->id, CL_DEVICE_MAX_WORK_ITEM_SIZES, dimensions * sizeof *each, each, NULL);
    if (!code)
        code = clGetDeviceInfo(device->id, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof device->max_work_group,
                               &device->max_work_group, NULL);
    FOVEA_TRY(fovea__cl_check(code, "%s: asking for the limits of work-groups", device->info.name));
    for (int i = 0; i < 3; i++)
        device->max_items[i] = each[i] ? each[i] : 1;
    if (device->max_work_group > device->max_items[0])
        device->max_work_group = device->max_items[0];
    return FOVEA_OK;
}

static fovea_status open_on(fovea_device *device, const fovea_device_options *options)
{
    FOVEA_TRY(fovea__device_choose(options->match, &device->id, &device->info));
    const cl_device_id id = device->id;
    device->log = options->log;
    device->log_cookie = options->log_cookie;
    device->profile = options->profile;
    const char *kernel_dir = getenv("FOVEA_KERNEL_DIR");
    if (kernel_dir && *kernel_dir)
        FOVEA_TRY(fovea__copy_text(&device->kernel_dir, kernel_dir));
    FOVEA_TRY(set_cache_dir(device, options->cache_dir));

    cl_ulong local_bytes = 0, cache_bytes = 0;
    cl_uint align_bits = 0;
    FOVEA_TRY(set_group_limits(device));
    clGetDeviceInfo(id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local_bytes, &local_bytes, NULL);
    clGetDeviceInfo(id, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof align_bits, &align_bits, NULL);
    if (clGetDeviceInfo(id, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, sizeof cache_bytes, &cache_bytes, NULL) == CL_SUCCESS)
        device->cache_bytes = cache_bytes;
    device->local_bytes = (size_t)local_bytes;
    device->alignment = align_bits / 8 > 256 ? align_bits / 8 : 256;
    FOVEA_TRY(set_vector_width(device));
    device->build_flags = build_flags(id);
    device->environment = hash_environment();

    cl_int code = CL_SUCCESS;
    device->context = clCreateContext(NULL, 1, &id, NULL, NULL, &code);
    FOVEA_TRY(fovea__cl_check(code, "%s: creating a context", device->info.name));
    device->queue = clCreateCommandQueue(device->context, id, device->profile ? CL_QUEUE_PROFILING_ENABLE : 0, &code);
    return fovea__cl_check(code, "%s: creating a command queue", device->info.name);
}

fovea_status fovea_device_open(fovea_device **out, const fovea_device_options *options)
{
    FOVEA_CHECK_ARG(out, "fovea_device_open: out is NULL");
    *out = NULL;
    fovea_device *device = NULL;
    FOVEA_TRY(fovea__allocate(&device, 1, sizeof *device, "a device"));
    const fovea_status status = open_on(device, options ? options : &(fovea_device_options){0});
    if (status) {
        fovea_device_close(device);
        return status;
    }
    *out = device;
    return FOVEA_OK;
}

void fovea_device_close(fovea_device *device)
{
    if (!device)
        return;
    if (device->queue)
        clFinish(device->queue);
    if (device->release_kept)
        device->release_kept(device->kept);
    fovea__timing_free(device);
    fovea__programs_free(device);
    fovea__pool_free(device);
    if (device->blas_is_set)
        fovea__blas_clear();
    if (device->queue)
        clReleaseCommandQueue(device->queue);
    if (device->context)
        clReleaseContext(device->context);
    free(device->cache_dir);
    free(device->kernel_dir);
    free(device);
}

void fovea__device_key(const fovea_device *device, char out[FOVEA__DEVICE_KEY])
{
    const fovea_device_info *info = &device->info;
    snprintf(out, FOVEA__DEVICE_KEY, "%s|%016llx|%s|%s|%s|%s|%s", fovea_version(),
             (unsigned long long)device->environment, info->platform, info->name, info->driver, info->version,
             device->build_flags);
}

const char *fovea__device_cache_dir(const fovea_device *device)
{
    return device->cache_dir;
}

void *fovea__device_kept(const fovea_device *device)
{
    return device->kept;
}

void fovea__device_keep(fovea_device *device, void *kept, void (*release)(void *kept))
{
    device->kept = kept;
    device->release_kept = release;
}

const char *fovea_device_name(const fovea_device *device)
{
    return device ? device->info.name : "";
}

const fovea_device_info *fovea_device_describe(const fovea_device *device)
{
    return device ? &device->info : NULL;
}

void fovea_device_memory(const fovea_device *device, uint64_t *now_bytes, uint64_t *peak_bytes)
{
    if (now_bytes)
        *now_bytes = device ? device->held_bytes + device->pooled_bytes : 0;
    if (peak_bytes)
        *peak_bytes = device ? device->peak_bytes : 0;
}

fovea_status fovea__device_finish(fovea_device *device)
{
    return fovea__cl_check(clFinish(device->queue), "%s: waiting for the device", device->info.name);
}

fovea_status fovea__device_flush(fovea_device *device)
{
    return fovea__cl_check(clFlush(device->queue), "%s: handing work to the device", device->info.name);
}

void fovea__device_log(fovea_device *device, fovea_log_level level, const char *format, ...)
{
    if (!device->log)
        return;
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    device->log(device->log_cookie, level, text);
}

bool fovea__device_is_cpu(const fovea_device *device)
{
    return device->info.type == FOVEA_DEVICE_CPU;
}

int fovea__device_vector_width(const fovea_device *device)
{
    return device->vector_width;
}

size_t fovea__device_max_work_group(const fovea_device *device)
{
    return device->max_work_group;
}

size_t fovea__device_local_bytes(const fovea_device *device)
{
    return device->local_bytes;
}

uint64_t fovea__device_cache_bytes(const fovea_device *device)
{
    return device->cache_bytes;
}
