/* Which devices there are, and which one a text means. */
#include "device_state.h"
#include "memory.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct found_device {
    cl_device_id id;
    fovea_device_info info;
} found_device;

typedef struct found_list {
    found_device *items;
    size_t count, room;
} found_list;

static void read_text(cl_device_id id, cl_device_info what, char *out, size_t room)
{
    char text[1024] = "";
    if (clGetDeviceInfo(id, what, sizeof text - 1, text, NULL) != CL_SUCCESS)
        text[0] = '\0';
    const char *start = text;
    while (isspace((unsigned char)*start))
        start++;
    snprintf(out, room, "%.*s", (int)(room - 1), start);
}

static fovea_device_type type_of(cl_device_type type)
{
    return type & CL_DEVICE_TYPE_GPU           ? FOVEA_DEVICE_GPU
           : type & CL_DEVICE_TYPE_CPU         ? FOVEA_DEVICE_CPU
           : type & CL_DEVICE_TYPE_ACCELERATOR ? FOVEA_DEVICE_ACCELERATOR
                                               : FOVEA_DEVICE_OTHER;
}

void fovea__device_read_info(cl_platform_id platform, cl_device_id id, fovea_device_info *info)
{
    *info = (fovea_device_info){0};
    if (clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof info->platform - 1, info->platform, NULL) != CL_SUCCESS)
        snprintf(info->platform, sizeof info->platform, "unnamed platform");
    read_text(id, CL_DEVICE_NAME, info->name, sizeof info->name);
    read_text(id, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor);
    read_text(id, CL_DRIVER_VERSION, info->driver, sizeof info->driver);
    read_text(id, CL_DEVICE_VERSION, info->version, sizeof info->version);
    cl_device_type type = 0;
    cl_uint units = 0;
    cl_ulong memory = 0, allocation = 0;
    clGetDeviceInfo(id, CL_DEVICE_TYPE, sizeof type, &type, NULL);
    clGetDeviceInfo(id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL);
    clGetDeviceInfo(id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, NULL);
    clGetDeviceInfo(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof allocation, &allocation, NULL);
    info->type = type_of(type);
    info->compute_units = (int)units;
    info->memory_bytes = memory;
    info->max_allocation_bytes = allocation;
    char extensions[16384] = "";
    if (clGetDeviceInfo(id, CL_DEVICE_EXTENSIONS, sizeof extensions - 1, extensions, NULL) != CL_SUCCESS)
        extensions[0] = '\0';
    info->float16 = strstr(extensions, "cl_khr_fp16") != NULL;
    info->float64 = strstr(extensions, "cl_khr_fp64") != NULL;
    info->subgroups = strstr(extensions, "_subgroups") != NULL;
}

static fovea_status add_devices(found_list *list, cl_platform_id platform)
{
    cl_device_id ids[64];
    cl_uint count = 0;
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 64, ids, &count) != CL_SUCCESS)
        return FOVEA_OK;
    for (cl_uint i = 0; i < count && i < 64; i++) {
        FOVEA_TRY(fovea__grow(&list->items, &list->room, list->count + 1, sizeof *list->items, "the device list"));
        list->items[list->count].id = ids[i];
        fovea__device_read_info(platform, ids[i], &list->items[list->count].info);
        list->count++;
    }
    return FOVEA_OK;
}

/* Every device of every platform, in the loader's order. */
static fovea_status find_all(found_list *list)
{
    *list = (found_list){0};
    cl_platform_id platforms[64];
    cl_uint count = 0;
    if (clGetPlatformIDs(64, platforms, &count) != CL_SUCCESS)
        count = 0;
    fovea_status status = FOVEA_OK;
    for (cl_uint i = 0; i < count && i < 64 && !status; i++)
        status = add_devices(list, platforms[i]);
    if (status) {
        free(list->items);
        *list = (found_list){0};
    }
    return status;
}

fovea_status fovea_device_list(fovea_device_info *out, size_t capacity, size_t *count)
{
    FOVEA_CHECK_ARG(count, "fovea_device_list: count is NULL");
    FOVEA_CHECK_ARG(out || capacity == 0, "fovea_device_list: out is NULL, but capacity is %zu", capacity);
    *count = 0;
    found_list list;
    FOVEA_TRY(find_all(&list));
    for (size_t i = 0; i < list.count && i < capacity; i++)
        out[i] = list.items[i].info;
    *count = list.count;
    free(list.items);
    return FOVEA_OK;
}

static bool holds_blind(const char *text, const char *part)
{
    const size_t length = strlen(part);
    for (; *text; text++) {
        size_t i = 0;
        while (i < length && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (i == length)
            return true;
    }
    return false;
}

static const found_device *first_of_type(const found_list *list, fovea_device_type type)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].info.type == type)
            return &list->items[i];
    return NULL;
}

static const found_device *find_match(const found_list *list, const char *match)
{
    if (!*match) {
        const found_device *gpu = first_of_type(list, FOVEA_DEVICE_GPU);
        return gpu ? gpu : &list->items[0];
    }
    if (match[strspn(match, "0123456789")] == '\0') {
        const unsigned long index = strtoul(match, NULL, 10);
        return index < list->count ? &list->items[index] : NULL;
    }
    for (size_t i = 0; i < list->count; i++)
        if (holds_blind(list->items[i].info.platform, match))
            return &list->items[i];
    for (size_t i = 0; i < list->count; i++)
        if (holds_blind(list->items[i].info.name, match))
            return &list->items[i];
    return NULL;
}

static fovea_status fail_no_match(const found_list *list, const char *match)
{
    char present[700] = "";
    size_t used = 0;
    for (size_t i = 0; i < list->count && used < sizeof present - 1; i++) {
        const int more = snprintf(present + used, sizeof present - used, "%s%zu: %s, %s", i ? "; " : "", i,
                                  list->items[i].info.platform, list->items[i].info.name);
        used += more > 0 ? (size_t)more : 0;
    }
    FOVEA_FAIL(FOVEA_ERROR_DEVICE, "no OpenCL device matches \"%s\"; present are %s", match, present);
}

fovea_status fovea__device_choose(const char *match, cl_device_id *id, fovea_device_info *info)
{
    found_list list;
    FOVEA_TRY(find_all(&list));
    if (list.count == 0)
        FOVEA_FAIL(FOVEA_ERROR_DEVICE, "there is no OpenCL device: no platform is installed (on Debian and Ubuntu, "
                                       "the package pocl-opencl-icd makes the CPU one)");
    if (!match || !*match)
        match = getenv("FOVEA_DEVICE");
    const found_device *chosen = find_match(&list, match ? match : "");
    fovea_status status = FOVEA_OK;
    if (chosen) {
        *id = chosen->id;
        *info = chosen->info;
    } else {
        status = fail_no_match(&list, match);
    }
    free(list.items);
    return status;
}
