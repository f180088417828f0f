/* Reading safetensors files. The header is parsed once and kept, names and metadata point into it; values are read from
 * the open file on demand. Assumes a little-endian host. */
#include "safetensors.h"

#include "json.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors are little-endian, and so must be the host");

struct fovea__safetensors {
    char *path;
    int descriptor;
    struct stat facts; /* as the file was opened */
    cJSON *header;
    size_t data_start, data_bytes; /* of the tensors' bytes in the file */
    fovea__safetensors_entry *entries; /* [n_entries], by place */
    const fovea__safetensors_entry **by_name;
    size_t n_entries;
    const cJSON **metadata; /* [n_metadata] texts, by key */
    size_t n_metadata;
};

static const struct {
    const char *name;
    size_t size;
} dtypes[FOVEA__DTYPE_COUNT] = {
    [FOVEA__DTYPE_BOOL] = {"BOOL", 1},       [FOVEA__DTYPE_U8] = {"U8", 1},     [FOVEA__DTYPE_I8] = {"I8", 1},
    [FOVEA__DTYPE_F8_E5M2] = {"F8_E5M2", 1}, [FOVEA__DTYPE_F8_E4M3] = {"F8_E4M3", 1},
    [FOVEA__DTYPE_I16] = {"I16", 2},         [FOVEA__DTYPE_U16] = {"U16", 2},   [FOVEA__DTYPE_F16] = {"F16", 2},
    [FOVEA__DTYPE_BF16] = {"BF16", 2},       [FOVEA__DTYPE_I32] = {"I32", 4},   [FOVEA__DTYPE_U32] = {"U32", 4},
    [FOVEA__DTYPE_F32] = {"F32", 4},         [FOVEA__DTYPE_F64] = {"F64", 8},   [FOVEA__DTYPE_I64] = {"I64", 8},
    [FOVEA__DTYPE_U64] = {"U64", 8},
};

const char *fovea__dtype_name(fovea__dtype dtype)
{
    return dtypes[dtype].name;
}

size_t fovea__dtype_size(fovea__dtype dtype)
{
    return dtypes[dtype].size;
}

/* ---- bytes ----------------------------------------------------------------------------------------------------- */

static fovea_status read_at(const fovea__safetensors *file, size_t offset, void *out, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t got = pread(file->descriptor, (char *)out + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            FOVEA_FAIL(FOVEA_ERROR_IO, "%s: cannot be read: %s", file->path, strerror(errno));
        if (got == 0)
            FOVEA_FAIL(FOVEA_ERROR_IO, "%s: became shorter while it was read: ends at byte %zu, expected %zu more",
                       file->path, offset + done, size - done);
        done += (size_t)got;
    }
    return FOVEA_OK;
}

static fovea_status open_file(fovea__safetensors *file, size_t *size_bytes)
{
    file->descriptor = open(file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe without a writer must not hang */
    if (file->descriptor < 0 || fstat(file->descriptor, &file->facts) != 0)
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: cannot be opened: %s", file->path, strerror(errno));
    if (!S_ISREG(file->facts.st_mode))
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: is a %s, a file is expected", file->path,
                   S_ISDIR(file->facts.st_mode) ? "folder" : "device or pipe");
    *size_bytes = (size_t)file->facts.st_size;
    return FOVEA_OK;
}

/* Reads length and text of the header, and parses it. */
static fovea_status read_header(fovea__safetensors *file, size_t file_bytes)
{
    if (file_bytes < 8)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: not a safetensors file: %zu bytes long, at least 8 are expected",
                   file->path, file_bytes);
    uint64_t length = 0;
    FOVEA_TRY(read_at(file, 0, &length, 8));
    if (length > FOVEA__SAFETENSORS_MAX_HEADER)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT,
                   "%s: not a safetensors file: its first 8 bytes give a header of %llu bytes, at most %d are expected",
                   file->path, (unsigned long long)length, FOVEA__SAFETENSORS_MAX_HEADER);
    if (length > file_bytes - 8)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: cut short in its header: %llu bytes of it are expected, found %zu",
                   file->path, (unsigned long long)length, file_bytes - 8);
    file->data_start = 8 + (size_t)length;
    file->data_bytes = file_bytes - file->data_start;

    char *text = NULL;
    FOVEA_TRY(fovea__allocate(&text, (size_t)length + 1, 1, "a safetensors header"));
    fovea_status status = read_at(file, 8, text, (size_t)length);
    if (!status)
        status = fovea__json_parse(&file->header, text, (size_t)length, file->path, NULL);
    if (!status && !cJSON_IsObject(file->header))
        status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: the header is not a JSON object but %s", file->path,
                             fovea__json_kind(file->header));
    free(text);
    return status;
}

/* ---- the header's content -------------------------------------------------------------------------------------- */

/* False also for numbers of more than 15 digits: no file reaches so far. */
static bool whole_number(const cJSON *json, size_t *out)
{
    if (!cJSON_IsNumber(json) || !(json->valuedouble >= 0 && json->valuedouble < 1e15))
        return false;
    *out = (size_t)json->valuedouble;
    return (double)*out == json->valuedouble;
}

static fovea_status parse_dtype(const fovea__safetensors *file, fovea__safetensors_entry *entry, const cJSON *json)
{
    if (!cJSON_IsString(json))
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: \"dtype\" is not a text", file->path, entry->name);
    for (int i = 0; i < FOVEA__DTYPE_COUNT; i++) {
        if (strcmp(json->valuestring, dtypes[i].name) == 0) {
            entry->dtype = (fovea__dtype)i;
            return FOVEA_OK;
        }
    }
    FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: unknown dtype \"%.40s\", expected F32, F16, BF16, F64, I64 or alike",
               file->path, entry->name, json->valuestring);
}

static fovea_status parse_shape(const fovea__safetensors *file, fovea__safetensors_entry *entry, const cJSON *json)
{
    if (!cJSON_IsArray(json))
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: \"shape\" is not a list", file->path, entry->name);
    entry->n_elements = 1;
    const cJSON *side;
    cJSON_ArrayForEach(side, json)
    {
        size_t length;
        if (entry->n_dims == FOVEA__SAFETENSORS_MAX_DIMS)
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: has more than %d dimensions", file->path, entry->name,
                       FOVEA__SAFETENSORS_MAX_DIMS);
        if (!whole_number(side, &length))
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: dimension %d of its shape is not a whole number",
                       file->path, entry->name, entry->n_dims);
        if (length && entry->n_elements > SIZE_MAX / 8 / length)
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: its shape has more elements than any file can hold",
                       file->path, entry->name);
        entry->n_elements *= length;
        entry->shape[entry->n_dims++] = length;
    }
    return FOVEA_OK;
}

static fovea_status parse_offsets(const fovea__safetensors *file, fovea__safetensors_entry *entry, const cJSON *json)
{
    size_t begin, end;
    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) != 2 || !whole_number(json->child, &begin) ||
        !whole_number(json->child->next, &end))
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: \"data_offsets\" is not a list of two whole numbers", file->path,
                   entry->name);
    if (begin > end)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: begins at byte %zu, behind its end at %zu", file->path,
                   entry->name, begin, end);
    if (end > file->data_bytes)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: ends at byte %zu, but the file holds %zu bytes of tensors",
                   file->path, entry->name, end, file->data_bytes);
    entry->begin_bytes = begin;
    entry->size_bytes = end - begin;
    return FOVEA_OK;
}

static fovea_status parse_entry(const fovea__safetensors *file, fovea__safetensors_entry *entry, const cJSON *json)
{
    entry->name = json->string;
    if (!cJSON_IsObject(json))
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: is not a JSON object", file->path, entry->name);
    const struct {
        const char *key;
        fovea_status (*parse)(const fovea__safetensors *, fovea__safetensors_entry *, const cJSON *);
    } fields[] = {{"dtype", parse_dtype}, {"shape", parse_shape}, {"data_offsets", parse_offsets}};
    bool seen[3] = {false};
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        size_t i = 0;
        while (i < 3 && strcmp(item->string, fields[i].key) != 0)
            i++;
        if (i == 3 || seen[i])
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: %s \"%.40s\"", file->path, entry->name,
                       i == 3 ? "unknown field" : "a second", item->string);
        seen[i] = true;
        FOVEA_TRY(fields[i].parse(file, entry, item));
    }
    for (size_t i = 0; i < 3; i++) {
        if (!seen[i])
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: has no \"%s\"", file->path, entry->name, fields[i].key);
    }
    const size_t expected = entry->n_elements * fovea__dtype_size(entry->dtype);
    if (entry->size_bytes != expected)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: its shape of %s takes %zu bytes, found %zu", file->path,
                   entry->name, fovea__dtype_name(entry->dtype), expected, entry->size_bytes);
    return FOVEA_OK;
}

static int compare_keys(const void *a, const void *b)
{
    const cJSON *const *left = a, *const *right = b;
    return strcmp((*left)->string, (*right)->string);
}

static fovea_status parse_metadata(fovea__safetensors *file, const cJSON *json)
{
    if (file->metadata)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: has \"__metadata__\" twice", file->path);
    if (!cJSON_IsObject(json))
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: \"__metadata__\" is not a JSON object", file->path);
    FOVEA_TRY(fovea__allocate(&file->metadata, (size_t)cJSON_GetArraySize(json), sizeof *file->metadata, "metadata"));
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        if (strcmp(fovea__json_kind(item), "a text") != 0)
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: metadata \"%s\" is %s, a text is expected", file->path, item->string,
                       fovea__json_kind(item));
        file->metadata[file->n_metadata++] = item;
    }
    qsort(file->metadata, file->n_metadata, sizeof *file->metadata, compare_keys);
    for (size_t i = 1; i < file->n_metadata; i++) {
        if (compare_keys(&file->metadata[i - 1], &file->metadata[i]) == 0)
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: has metadata \"%s\" twice", file->path, file->metadata[i]->string);
    }
    return FOVEA_OK;
}

static int compare_places(const void *a, const void *b)
{
    const fovea__safetensors_entry *left = a, *right = b;
    if (left->begin_bytes != right->begin_bytes)
        return left->begin_bytes < right->begin_bytes ? -1 : 1;
    if (left->size_bytes != right->size_bytes)
        return left->size_bytes < right->size_bytes ? -1 : 1;
    return strcmp(left->name, right->name);
}

static int compare_names(const void *a, const void *b)
{
    const fovea__safetensors_entry *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

/* The tensors must cover the bytes behind the header once each. */
static fovea_status check_places(const fovea__safetensors *file)
{
    size_t end = 0;
    for (size_t i = 0; i < file->n_entries; i++) {
        const fovea__safetensors_entry *entry = &file->entries[i];
        if (entry->begin_bytes != end)
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: tensor %s: begins at byte %zu, expected at %zu: %s", file->path,
                       entry->name, entry->begin_bytes, end,
                       entry->begin_bytes < end ? "tensors overlap" : "there is a hole between tensors");
        end += entry->size_bytes;
    }
    if (end != file->data_bytes)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: holds %zu bytes of tensors, its header describes %zu", file->path,
                   file->data_bytes, end);
    return FOVEA_OK;
}

static fovea_status parse_header(fovea__safetensors *file)
{
    const size_t capacity = (size_t)cJSON_GetArraySize(file->header);
    FOVEA_TRY(fovea__allocate(&file->entries, capacity, sizeof *file->entries, "a safetensors header"));
    FOVEA_TRY(fovea__allocate(&file->by_name, capacity, sizeof *file->by_name, "a safetensors header"));
    const cJSON *item;
    cJSON_ArrayForEach(item, file->header)
    {
        if (strcmp(item->string, "__metadata__") == 0)
            FOVEA_TRY(parse_metadata(file, item));
        else
            FOVEA_TRY(parse_entry(file, &file->entries[file->n_entries++], item));
    }
    qsort(file->entries, file->n_entries, sizeof *file->entries, compare_places);
    for (size_t i = 0; i < file->n_entries; i++)
        file->by_name[i] = &file->entries[i];
    qsort(file->by_name, file->n_entries, sizeof *file->by_name, compare_names);
    for (size_t i = 1; i < file->n_entries; i++) {
        if (compare_names(&file->by_name[i - 1], &file->by_name[i]) == 0)
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: has tensor %s twice", file->path, file->by_name[i]->name);
    }
    return check_places(file);
}

/* ---- the file -------------------------------------------------------------------------------------------------- */

fovea_status fovea__safetensors_open(fovea__safetensors **out, const char *path)
{
    *out = NULL;
    fovea__safetensors *file = NULL;
    size_t size_bytes = 0;
    FOVEA_TRY(fovea__allocate(&file, 1, sizeof *file, path));
    file->descriptor = -1;
    fovea_status status = fovea__copy_text(&file->path, path);
    if (!status)
        status = open_file(file, &size_bytes);
    if (!status)
        status = read_header(file, size_bytes);
    if (!status)
        status = parse_header(file);
    if (status) {
        fovea__safetensors_close(file);
        return status;
    }
    *out = file;
    return FOVEA_OK;
}

void fovea__safetensors_close(fovea__safetensors *file)
{
    if (!file)
        return;
    if (file->descriptor >= 0)
        close(file->descriptor);
    cJSON_Delete(file->header);
    free(file->path);
    free(file->entries);
    free(file->by_name);
    free(file->metadata);
    free(file);
}

const char *fovea__safetensors_path(const fovea__safetensors *file)
{
    return file->path;
}

size_t fovea__safetensors_count(const fovea__safetensors *file)
{
    return file->n_entries;
}

const fovea__safetensors_entry *fovea__safetensors_at(const fovea__safetensors *file, size_t index)
{
    return &file->entries[index];
}

const fovea__safetensors_entry *fovea__safetensors_find(const fovea__safetensors *file, const char *name)
{
    const fovea__safetensors_entry key = {.name = name}, *key_at = &key;
    const fovea__safetensors_entry *const *found =
        bsearch(&key_at, file->by_name, file->n_entries, sizeof *file->by_name, compare_names);
    return found ? *found : NULL;
}

const char *fovea__safetensors_metadata(const fovea__safetensors *file, const char *key)
{
    for (size_t i = 0; i < file->n_metadata; i++) {
        if (strcmp(file->metadata[i]->string, key) == 0)
            return file->metadata[i]->valuestring;
    }
    return NULL;
}

fovea_status fovea__safetensors_read_bytes(const fovea__safetensors *file, const fovea__safetensors_entry *entry,
                                           void *out)
{
    struct stat now;
    FOVEA_TRY(read_at(file, file->data_start + entry->begin_bytes, out, entry->size_bytes));
    if (fstat(file->descriptor, &now) != 0 || now.st_size != file->facts.st_size ||
        now.st_mtim.tv_sec != file->facts.st_mtim.tv_sec || now.st_mtim.tv_nsec != file->facts.st_mtim.tv_nsec)
        FOVEA_FAIL(FOVEA_ERROR_IO, "%s: was written to since it was opened", file->path);
    return FOVEA_OK;
}
