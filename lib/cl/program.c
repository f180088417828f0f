/* From a kernel file's name and options to a kernel: embedded source (or $FOVEA_KERNEL_DIR's), the disk cache, the
 * driver's compiler. A program is built once a device; a broken cache entry is rebuilt without a word. */
#include "device_state.h"
#include "file.h"
#include "hash.h"
#include "kernels.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash_names(const char *room, const char *options)
{
    return fovea__hash(fovea__hash(FOVEA__HASH_EMPTY, room, strlen(room) + 1), options, strlen(options));
}

/* One file's text; owned. */
static fovea_status read_kernel_file(const fovea_device *device, const char *room, char **text, size_t *size)
{
    if (device->kernel_dir) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s.cl", device->kernel_dir, room);
        return fovea__file_read(text, size, path, (size_t)1 << 20);
    }
    for (size_t i = 0; i < fovea__n_kernel_sources; i++) {
        const fovea__kernel_source *source = &fovea__kernel_sources[i];
        if (strcmp(source->name, room) != 0)
            continue;
        *size = source->size_bytes;
        return fovea__copy_text(text, source->text);
    }
    FOVEA_FAIL(FOVEA_ERROR_ARGUMENT, "there is no kernel file %s.cl", room);
}

/* common.cl and the room's file, each with its own line numbers in messages. */
static fovea_status read_source(const fovea_device *device, const char *room, char **source)
{
    *source = NULL;
    char *common = NULL, *own = NULL;
    size_t common_size = 0, own_size = 0;
    fovea_status status = read_kernel_file(device, "common", &common, &common_size);
    if (!status)
        status = read_kernel_file(device, room, &own, &own_size);
    const size_t size = common_size + own_size + 32;
    if (!status)
        status = fovea__allocate(source, size, 1, "a kernel's source");
    if (!status)
        snprintf(*source, size, "%s\n#line 1\n%s", common, own);
    free(common);
    free(own);
    return status;
}

/* Everything that a binary depends on. */
static fovea_status make_key(const fovea_device *device, const char *room, const char *options, const char *source,
                             char **key)
{
    enum { KEY_BYTES = 2048 };
    char device_key[FOVEA__DEVICE_KEY];
    fovea__device_key(device, device_key);
    FOVEA_TRY(fovea__allocate(key, KEY_BYTES, 1, "a cache key"));
    snprintf(*key, KEY_BYTES, "%s|%s|%s|%016llx", device_key, room, options,
             (unsigned long long)fovea__hash(FOVEA__HASH_EMPTY, source, strlen(source)));
    return FOVEA_OK;
}

static fovea_status fail_build(fovea_device *device, const char *room, const char *options, cl_program program,
                               cl_int code)
{
    char *log = NULL;
    size_t size = 0;
    clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    if (fovea__allocate(&log, size + 1, 1, "a compiler's log") == FOVEA_OK)
        clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, size, log, NULL);
    fovea__device_log(device, FOVEA_LOG_WARNING, "%s.cl (%s) does not build:\n%s", room, options, log ? log : "");
    const fovea_status kind = code == CL_OUT_OF_HOST_MEMORY ? FOVEA_ERROR_MEMORY : FOVEA_ERROR_DEVICE;
    const fovea_status status = fovea__fail(kind, "%s: kernel file %s.cl (options \"%s\") does not "
                                            "build: %s: %.600s", device->info.name, room, options,
                                            fovea__cl_error_name(code), log ? log : "");
    free(log);
    return status;
}

static void save_binary(fovea_device *device, const char *key, cl_program program)
{
    size_t size = 0;
    if (!device->cache_dir || clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL) || !size)
        return;
    unsigned char *binary = NULL;
    if (fovea__allocate(&binary, size, 1, "a program's binary"))
        return;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) == CL_SUCCESS)
        fovea__binary_save(device, key, binary, size);
    free(binary);
}

/* The program from the disk cache, or NULL. */
static cl_program build_cached(fovea_device *device, const char *key, const char *flags)
{
    unsigned char *binary = NULL;
    size_t size = 0;
    fovea__binary_load(device, key, &binary, &size);
    if (!binary)
        return NULL;
    cl_int code = CL_SUCCESS, binary_code = CL_SUCCESS;
    const unsigned char *borrowed = binary;
    cl_program program = clCreateProgramWithBinary(device->context, 1, &device->id, &size, &borrowed, &binary_code,
                                                   &code);
    if (program && (code || binary_code || clBuildProgram(program, 1, &device->id, flags, NULL, NULL))) {
        clReleaseProgram(program);
        program = NULL;
    }
    free(binary);
    return program;
}

static fovea_status build_source(fovea_device *device, const char *room, const char *options, const char *source,
                                 const char *flags, cl_program *program)
{
    cl_int code = CL_SUCCESS;
    *program = clCreateProgramWithSource(device->context, 1, &source, NULL, &code);
    FOVEA_TRY(fovea__cl_check(code, "%s: making the program %s.cl", device->info.name, room));
    code = clBuildProgram(*program, 1, &device->id, flags, NULL, NULL);
    if (code == CL_SUCCESS)
        return FOVEA_OK;
    const fovea_status status = fail_build(device, room, options, *program, code);
    clReleaseProgram(*program);
    *program = NULL;
    return status;
}

static fovea_status build(fovea_device *device, const char *room, const char *options, cl_program *program)
{
    char *source = NULL, *key = NULL;
    char flags[1024];
    snprintf(flags, sizeof flags, "%s %s", device->build_flags, options);
    *program = NULL;
    fovea_status status = read_source(device, room, &source);
    if (!status)
        status = make_key(device, room, options, source, &key);
    if (!status)
        *program = build_cached(device, key, flags);
    if (!status && !*program) {
        fovea__device_log(device, FOVEA_LOG_DEBUG, "compiling %s.cl %s", room, options);
        status = build_source(device, room, options, source, flags, program);
        if (!status)
            save_binary(device, key, *program);
    }
    free(source);
    free(key);
    return status;
}

static void free_program(fovea__program *program)
{
    for (size_t i = 0; i < program->n_kernels; i++) {
        clReleaseKernel(program->kernels[i].kernel);
        free(program->kernels[i].name);
    }
    if (program->program)
        clReleaseProgram(program->program);
    free(program->kernels);
    free(program->room);
    free(program->options);
}

void fovea__programs_free(fovea_device *device)
{
    for (size_t i = 0; i < device->n_programs; i++)
        free_program(&device->programs[i]);
    free(device->programs);
    device->programs = NULL;
    device->n_programs = 0;
}

static fovea_status add_program(fovea_device *device, const char *room, const char *options, uint64_t hash)
{
    FOVEA_TRY(fovea__grow(&device->programs, &device->programs_room, device->n_programs + 1, sizeof *device->programs,
                          "the program table"));
    fovea__program made = {.hash = hash};
    fovea_status status = fovea__copy_text(&made.room, room);
    if (!status)
        status = fovea__copy_text(&made.options, options);
    if (!status)
        status = build(device, room, options, &made.program);
    if (status && status != FOVEA_ERROR_DEVICE) {
        free_program(&made);
        return status;
    }
    device->programs[device->n_programs++] = made; /* also what its compiler refused, so that it is not asked again */
    return status;
}

static fovea_status find_program(fovea_device *device, const char *room, const char *options, fovea__program **program)
{
    const uint64_t hash = hash_names(room, options);
    for (size_t i = 0; i < device->n_programs; i++) {
        fovea__program *at = &device->programs[i];
        if (at->hash == hash && strcmp(at->room, room) == 0 && strcmp(at->options, options) == 0) {
            *program = at;
            if (!at->program)
                FOVEA_FAIL(FOVEA_ERROR_DEVICE, "%s: kernel file %s.cl (options \"%s\") did not build",
                           device->info.name, room, options);
            return FOVEA_OK;
        }
    }
    FOVEA_TRY(add_program(device, room, options, hash));
    *program = &device->programs[device->n_programs - 1];
    return FOVEA_OK;
}

fovea_status fovea__program_kernel(fovea_device *device, const char *room, const char *options, const char *name,
                                   const fovea__kernel **kernel)
{
    fovea__program *program = NULL;
    FOVEA_TRY(find_program(device, room, options, &program));
    for (size_t i = 0; i < program->n_kernels; i++) {
        if (strcmp(program->kernels[i].name, name) == 0) {
            *kernel = &program->kernels[i];
            return FOVEA_OK;
        }
    }
    FOVEA_TRY(fovea__grow(&program->kernels, &program->kernels_room, program->n_kernels + 1, sizeof *program->kernels,
                          "the kernel table"));
    fovea__kernel made = {0};
    FOVEA_TRY(fovea__copy_text(&made.name, name));
    cl_int code = CL_SUCCESS;
    made.kernel = clCreateKernel(program->program, name, &code);
    if (code) {
        free(made.name);
        return fovea__cl_check(code, "%s: taking the kernel %s from %s.cl", device->info.name, name, room);
    }
    clGetKernelInfo(made.kernel, CL_KERNEL_NUM_ARGS, sizeof made.n_args, &made.n_args, NULL);
    if (clGetKernelWorkGroupInfo(made.kernel, device->id, CL_KERNEL_WORK_GROUP_SIZE, sizeof made.most_items,
                                 &made.most_items, NULL))
        made.most_items = 0;
    program->kernels[program->n_kernels] = made;
    *kernel = &program->kernels[program->n_kernels++];
    return FOVEA_OK;
}
