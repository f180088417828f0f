/* Device memory and its pool. */
#include "device_state.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* The pool keeps what comes and goes at every step; a large block goes straight back to the driver. */
static const size_t most_pooled_each = (size_t)64 << 20, most_pooled_bytes = (size_t)256 << 20;

struct fovea__buffer {
    fovea_device *device;
    cl_mem memory;
    size_t bytes;       /* asked for */
    size_t held;        /* of the cl_mem; 0 for a slice */
    cl_mem whole;       /* a slice: what it is a part of, and where it begins there */
    size_t begins;
};

static double mib(uint64_t bytes)
{
    return (double)bytes / (1024.0 * 1024.0);
}

/* The smallest pooled buffer that holds `bytes` and wastes at most a quarter; NULL when there is none. */
static cl_mem take_pooled(fovea_device *device, size_t bytes, size_t *held)
{
    size_t best = device->n_pooled;
    for (size_t i = 0; i < device->n_pooled; i++) {
        const size_t size = device->pool[i].bytes;
        if (size >= bytes && size - bytes <= bytes / 4 && (best == device->n_pooled || size < device->pool[best].bytes))
            best = i;
    }
    if (best == device->n_pooled)
        return NULL;
    const fovea__pooled taken = device->pool[best];
    device->pool[best] = device->pool[--device->n_pooled];
    device->pooled_bytes -= taken.bytes;
    *held = taken.bytes;
    return taken.memory;
}

static void empty_pool(fovea_device *device)
{
    for (size_t i = 0; i < device->n_pooled; i++)
        clReleaseMemObject(device->pool[i].memory);
    device->n_pooled = 0;
    device->pooled_bytes = 0;
}

fovea_status fovea__buffer_pool_empty(fovea_device *device)
{
    FOVEA_TRY(fovea__device_finish(device));
    empty_pool(device);
    return FOVEA_OK;
}

void fovea__pool_free(fovea_device *device)
{
    empty_pool(device);
    free(device->pool);
    device->pool = NULL;
}

static fovea_status fail_memory(const fovea_device *device, size_t bytes, const char *what, const char *why)
{
    FOVEA_FAIL(FOVEA_ERROR_MEMORY, "%s: out of device memory: %.1f MiB asked for %s, %.1f of %.1f MiB held%s",
               device->info.name, mib(bytes), what, mib(device->held_bytes), mib(device->info.memory_bytes), why);
}

/* New memory from the driver; the pool is given back first where it stands in the way. */
static fovea_status allocate_new(fovea_device *device, size_t bytes, const char *what, cl_mem *memory)
{
    if (bytes > device->info.max_allocation_bytes)
        FOVEA_FAIL(FOVEA_ERROR_MEMORY, "%s: out of device memory: %.1f MiB asked for %s, but a single buffer has at "
                   "most %.1f MiB", device->info.name, mib(bytes), what, mib(device->info.max_allocation_bytes));
    if (device->held_bytes + device->pooled_bytes + bytes > device->info.memory_bytes && device->n_pooled) {
        FOVEA_TRY(fovea__device_finish(device));
        empty_pool(device);
    }
    if (device->held_bytes + bytes > device->info.memory_bytes)
        return fail_memory(device, bytes, what, "");
    cl_int code = CL_SUCCESS;
    *memory = clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    if (code != CL_SUCCESS && device->n_pooled) {
        FOVEA_TRY(fovea__device_finish(device));
        empty_pool(device);
        *memory = clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    }
    if (code != CL_SUCCESS)
        return fail_memory(device, bytes, what, " (the driver refused)");
    return FOVEA_OK;
}

fovea_status fovea__buffer_create(fovea__buffer **out, fovea_device *device, size_t size_bytes, const char *what)
{
    *out = NULL;
    fovea__buffer *buffer = NULL;
    FOVEA_TRY(fovea__allocate(&buffer, 1, sizeof *buffer, what));
    const size_t wanted = (size_bytes + 63) / 64 * 64;
    const size_t bytes = wanted ? wanted : 64;
    buffer->device = device;
    buffer->bytes = size_bytes;
    buffer->memory = take_pooled(device, bytes, &buffer->held);
    if (!buffer->memory) {
        buffer->held = bytes;
        const fovea_status status = allocate_new(device, bytes, what, &buffer->memory);
        if (status) {
            free(buffer);
            return status;
        }
    }
    device->held_bytes += buffer->held;
    if (device->held_bytes + device->pooled_bytes > device->peak_bytes)
        device->peak_bytes = device->held_bytes + device->pooled_bytes;
    *out = buffer;
    return FOVEA_OK;
}

fovea_status fovea__buffer_create_zeros(fovea__buffer **out, fovea_device *device, size_t size_bytes, const char *what)
{
    FOVEA_TRY(fovea__buffer_create(out, device, size_bytes, what));
    const fovea_status status = fovea__buffer_fill(*out, 0, size_bytes, 0);
    if (status) {
        fovea__buffer_free(*out);
        *out = NULL;
    }
    return status;
}

size_t fovea__buffer_alignment(const fovea_device *device)
{
    return device->alignment;
}

fovea_status fovea__buffer_slice(fovea__buffer **out, fovea__buffer *parent, size_t offset_bytes, size_t size_bytes)
{
    *out = NULL;
    fovea__buffer *slice = NULL;
    FOVEA_TRY(fovea__allocate(&slice, 1, sizeof *slice, "a slice of a buffer"));
    cl_int code = CL_SUCCESS;
    slice->device = parent->device;
    slice->bytes = size_bytes;
    slice->whole = parent->whole ? parent->whole : parent->memory; /* OpenCL knows no parts of parts */
    slice->begins = parent->begins + offset_bytes;
    const cl_buffer_region region = {slice->begins, size_bytes ? size_bytes : 4};
    slice->memory = clCreateSubBuffer(slice->whole, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &code);
    const fovea_status status = fovea__cl_check(code, "slicing %zu bytes at %zu of a buffer of %zu", size_bytes,
                                                offset_bytes, parent->bytes);
    if (status) {
        free(slice);
        return status;
    }
    *out = slice;
    return FOVEA_OK;
}

/* A slice is no memory of its own; what does not fit the pool's bounds is not kept, nor where the pool cannot grow, which is
 * no failure to be told of: buffers are freed on the way out of others. */
static bool keep_in_pool(fovea_device *device, const fovea__buffer *buffer)
{
    if (buffer->held == 0 || buffer->held > most_pooled_each || device->pooled_bytes + buffer->held > most_pooled_bytes)
        return false;
    const fovea__error_kept kept = fovea__error_keep();
    if (fovea__grow(&device->pool, &device->pool_room, device->n_pooled + 1, sizeof *device->pool, "the pool")) {
        fovea__error_restore(&kept);
        return false;
    }
    device->pool[device->n_pooled++] = (fovea__pooled){buffer->memory, buffer->held};
    device->pooled_bytes += buffer->held;
    return true;
}

static void release(fovea__buffer *buffer, bool for_pool)
{
    if (!buffer)
        return;
    buffer->device->held_bytes -= buffer->held;
    if (!for_pool || !keep_in_pool(buffer->device, buffer))
        clReleaseMemObject(buffer->memory);
    free(buffer);
}

void fovea__buffer_free(fovea__buffer *buffer)
{
    release(buffer, true);
}

/* What was outgrown is no use to the pool: the next one asked for is larger still. */
fovea_status fovea__buffer_fit(fovea__buffer **buffer, fovea_device *device, size_t size_bytes, const char *what)
{
    if (*buffer && (*buffer)->bytes >= size_bytes)
        return FOVEA_OK;
    release(*buffer, false);
    return fovea__buffer_create(buffer, device, size_bytes, what);
}

size_t fovea__buffer_size(const fovea__buffer *buffer)
{
    return buffer->bytes;
}

cl_mem fovea__buffer_memory(const fovea__buffer *buffer)
{
    return buffer->memory;
}

static fovea_status check_range(const fovea__buffer *buffer, size_t offset, size_t size, const char *doing)
{
    FOVEA_CHECK_ARG(offset <= buffer->bytes && size <= buffer->bytes - offset,
                    "%s: %zu bytes at %zu of a buffer of %zu", doing, size, offset, buffer->bytes);
    return FOVEA_OK;
}

fovea_status fovea__buffer_write(fovea__buffer *buffer, size_t offset_bytes, const void *data, size_t size_bytes)
{
    FOVEA_TRY(check_range(buffer, offset_bytes, size_bytes, "writing to the device"));
    if (size_bytes == 0)
        return FOVEA_OK;
    return fovea__cl_check(clEnqueueWriteBuffer(buffer->device->queue, buffer->memory, CL_TRUE, offset_bytes,
                                                size_bytes, data, 0, NULL, NULL), "writing %zu bytes to the device",
                           size_bytes);
}

fovea_status fovea__buffer_map(fovea__buffer *buffer, size_t offset_bytes, size_t size_bytes, void **data)
{
    *data = NULL;
    FOVEA_TRY(check_range(buffer, offset_bytes, size_bytes, "mapping"));
    FOVEA_CHECK_ARG(size_bytes > 0, "mapping: 0 bytes");
    cl_int code = CL_SUCCESS;
    *data = clEnqueueMapBuffer(buffer->device->queue, buffer->memory, CL_TRUE, CL_MAP_WRITE_INVALIDATE_REGION,
                               offset_bytes, size_bytes, 0, NULL, NULL, &code);
    return fovea__cl_check(code, "mapping %zu bytes of the device", size_bytes);
}

fovea_status fovea__buffer_unmap(fovea__buffer *buffer, void *data)
{
    return fovea__cl_check(clEnqueueUnmapMemObject(buffer->device->queue, buffer->memory, data, 0, NULL, NULL),
                           "unmapping memory of the device");
}

fovea_status fovea__buffer_read(const fovea__buffer *buffer, size_t offset_bytes, void *data, size_t size_bytes)
{
    FOVEA_TRY(check_range(buffer, offset_bytes, size_bytes, "reading from the device"));
    if (size_bytes == 0)
        return FOVEA_OK;
    return fovea__cl_check(clEnqueueReadBuffer(buffer->device->queue, buffer->memory, CL_TRUE, offset_bytes,
                                               size_bytes, data, 0, NULL, NULL), "reading %zu bytes from the device",
                           size_bytes);
}

fovea_status fovea__buffer_copy(fovea__buffer *to, size_t to_offset, const fovea__buffer *from, size_t from_offset,
                                size_t size_bytes)
{
    FOVEA_TRY(check_range(to, to_offset, size_bytes, "copying on the device"));
    FOVEA_TRY(check_range(from, from_offset, size_bytes, "copying on the device"));
    if (size_bytes == 0)
        return FOVEA_OK;
    return fovea__cl_check(clEnqueueCopyBuffer(to->device->queue, from->memory, to->memory, from_offset, to_offset,
                                               size_bytes, 0, NULL, NULL), "copying %zu bytes on the device",
                           size_bytes);
}

fovea_status fovea__buffer_fill(fovea__buffer *buffer, size_t offset_bytes, size_t size_bytes, uint32_t word)
{
    FOVEA_TRY(check_range(buffer, offset_bytes, size_bytes, "filling on the device"));
    if (size_bytes == 0)
        return FOVEA_OK;
    return fovea__cl_check(clEnqueueFillBuffer(buffer->device->queue, buffer->memory, &word, sizeof word, offset_bytes,
                                               size_bytes, 0, NULL, NULL), "filling %zu bytes on the device",
                           size_bytes);
}
