/* The table of choices: looking up, JSON, and the file of a device. */
#include "conv2d_choices.h"

#include "device.h"
#include "file.h"
#include "hash.h"
#include "json.h"
#include "memory.h"
#include "text.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPE_NUMBERS = 8, MOST_FILE_BYTES = 64 << 20, MOST_PATH = 1200 };

/* ---- the table ------------------------------------------------------------------------------------------------- */

double fovea__conv2d_operations(const fovea__conv2d_shape *shape)
{
    const fovea__shape out = fovea__conv2d_out_shape(shape);
    return 2.0 * out.n * out.h * out.w * out.c * shape->in_channels * shape->kernel * shape->kernel;
}

const char *fovea__conv2d_direction_name(fovea__conv2d_direction direction)
{
    static const char *const names[] = {"forward", "backward data", "backward weights"};
    return names[direction];
}

static void shape_numbers(const fovea__conv2d_shape *shape, int out[SHAPE_NUMBERS])
{
    const int numbers[SHAPE_NUMBERS] = {shape->batch,        shape->height, shape->width,  shape->in_channels,
                                        shape->out_channels, shape->kernel, shape->stride, shape->padding};
    memcpy(out, numbers, sizeof numbers);
}

/* Below 0, 0 or above 0 as (direction, shape) comes before, at or behind the choice's own. */
static int compare(fovea__conv2d_direction direction, const fovea__conv2d_shape *shape,
                   const fovea__conv2d_choice *choice)
{
    int a[SHAPE_NUMBERS], b[SHAPE_NUMBERS];
    if (direction != choice->direction)
        return direction < choice->direction ? -1 : 1;
    shape_numbers(shape, a);
    shape_numbers(&choice->shape, b);
    for (int i = 0; i < SHAPE_NUMBERS; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

/* The place of the first choice that does not come before (direction, shape). */
static size_t place_of(const fovea__conv2d_choices *choices, fovea__conv2d_direction direction,
                       const fovea__conv2d_shape *shape)
{
    size_t low = 0, high = choices->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(direction, shape, &choices->items[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const fovea__conv2d_choice *fovea__conv2d_choices_find(const fovea__conv2d_choices *choices,
                                                       fovea__conv2d_direction direction,
                                                       const fovea__conv2d_shape *shape)
{
    if (!choices)
        return NULL;
    const size_t at = place_of(choices, direction, shape);
    return at < choices->count && compare(direction, shape, &choices->items[at]) == 0 ? &choices->items[at] : NULL;
}

fovea__conv2d_algorithm fovea__conv2d_choices_pick(const fovea__conv2d_choices *choices, fovea_device *device,
                                                   fovea__conv2d_direction direction, const fovea__conv2d_shape *shape)
{
    const fovea__conv2d_choice *found = fovea__conv2d_choices_find(choices, direction, shape);
    if (found && fovea__conv2d_can(device, found->algorithm, direction, shape))
        return found->algorithm;
    return fovea__conv2d_choose(device, direction, shape);
}

fovea_status fovea__conv2d_choices_set(fovea__conv2d_choices *choices, const fovea__conv2d_choice *choice)
{
    const size_t at = place_of(choices, choice->direction, &choice->shape);
    if (at == choices->count || compare(choice->direction, &choice->shape, &choices->items[at]) != 0) {
        FOVEA_TRY(fovea__grow(&choices->items, &choices->room, choices->count + 1, sizeof *choices->items,
                              "the choice of algorithms"));
        memmove(choices->items + at + 1, choices->items + at, (choices->count - at) * sizeof *choices->items);
        choices->count++;
    }
    choices->items[at] = *choice;
    choices->version++;
    return FOVEA_OK;
}

void fovea__conv2d_choices_clear(fovea__conv2d_choices *choices)
{
    free(choices->items);
    *choices = (fovea__conv2d_choices){.version = choices->version + 1};
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

fovea_status fovea__conv2d_choices_text(char **text, const fovea__conv2d_choices *choices, bool with_speeds)
{
    enum { MOST_EACH = 320 }; /* eight numbers of 11 digits, two of 13, names and keys */
    const size_t room = choices->count * MOST_EACH + 3;
    FOVEA_TRY(fovea__allocate(text, room, 1, "the choice of algorithms"));
    size_t used = 0;
    for (size_t i = 0; i < choices->count; i++) {
        const fovea__conv2d_choice *c = &choices->items[i];
        const fovea__conv2d_shape *s = &c->shape;
        used += (size_t)snprintf(*text + used, room - used,
                                 "%s{\"direction\":\"%s\",\"shape\":[%d,%d,%d,%d,%d,%d,%d,%d],\"algorithm\":\"%s\"",
                                 i ? ",\n" : "[", fovea__conv2d_direction_name(c->direction), s->batch, s->height,
                                 s->width, s->in_channels, s->out_channels, s->kernel, s->stride, s->padding,
                                 fovea__conv2d_algorithm_name(c->algorithm));
        if (with_speeds)
            used += (size_t)fovea__format_plain(*text + used, room - used, ",\"gflops\":%.6g,\"rule_gflops\":%.6g",
                                                c->gflops, c->rule_gflops);
        used += (size_t)snprintf(*text + used, room - used, "}");
    }
    snprintf(*text + used, room - used, choices->count ? "]" : "[]");
    return FOVEA_OK;
}

static fovea_status read_shape(fovea__conv2d_shape *shape, const cJSON *item, const fovea__json_place *place)
{
    static const int least[SHAPE_NUMBERS] = {0, 0, 0, 1, 1, 1, 1, 0};
    static const int most[SHAPE_NUMBERS] = {65535, 65535, 65535, 1 << 20, 1 << 20, 4096, 4096, 4096};
    double numbers[SHAPE_NUMBERS];
    int n[SHAPE_NUMBERS];
    FOVEA_TRY(fovea__json_numbers(numbers, SHAPE_NUMBERS, item, "shape", place));
    for (int i = 0; i < SHAPE_NUMBERS; i++) {
        if (!(numbers[i] >= least[i] && numbers[i] <= most[i] && numbers[i] == floor(numbers[i])))
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu].shape: number %d is %g; expected %d to %d, whole", place->file,
                       place->list, place->index, i, numbers[i], least[i], most[i]);
        n[i] = (int)numbers[i];
    }
    *shape = (fovea__conv2d_shape){n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]};
    const double x = numbers[0] * numbers[1] * numbers[2] * numbers[3];
    const double y =
        numbers[0] * fovea__conv2d_out_size(n[1], shape) * fovea__conv2d_out_size(n[2], shape) * numbers[4];
    if (x > INT_MAX || y > INT_MAX)
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu].shape: tensors of %g and %g values; expected at most %d",
                   place->file, place->list, place->index, x, y, INT_MAX);
    return FOVEA_OK;
}

/* The index of the name that a member holds. */
static fovea_status read_name(int *out, const cJSON *item, const char *key, int n_names, const char *(*name_of)(int),
                              const fovea__json_place *place)
{
    const char *text = NULL;
    FOVEA_TRY(fovea__json_text(&text, item, key, place));
    for (*out = 0; *out < n_names; (*out)++)
        if (strcmp(text, name_of(*out)) == 0)
            return FOVEA_OK;
    FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu].%s is \"%.40s\", which there is not", place->file, place->list,
               place->index, key, text);
}

static const char *direction_name(int index)
{
    return fovea__conv2d_direction_name((fovea__conv2d_direction)index);
}

static const char *algorithm_name(int index)
{
    return fovea__conv2d_algorithm_name((fovea__conv2d_algorithm)index);
}

/* 0 where there is none. */
static fovea_status read_speed(double *out, const cJSON *item, const char *key, const fovea__json_place *place)
{
    *out = 0;
    if (!fovea__json_find(item, key))
        return FOVEA_OK;
    FOVEA_TRY(fovea__json_number(out, item, key, place));
    if (!(*out >= 0 && *out < 1e12))
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: %s[%zu].%s is %g; expected 0 to 1e12", place->file, place->list,
                   place->index, key, *out);
    return FOVEA_OK;
}

static fovea_status read_choice(fovea__conv2d_choice *out, const cJSON *item, const fovea__json_place *place)
{
    int direction = 0, algorithm = 0;
    FOVEA_TRY(fovea__json_expect_object(item, place));
    FOVEA_TRY(read_name(&direction, item, "direction", 3, direction_name, place));
    FOVEA_TRY(read_name(&algorithm, item, "algorithm", FOVEA__CONV2D_ALGORITHMS, algorithm_name, place));
    *out = (fovea__conv2d_choice){.direction = (fovea__conv2d_direction)direction,
                                  .algorithm = (fovea__conv2d_algorithm)algorithm};
    FOVEA_TRY(read_shape(&out->shape, item, place));
    FOVEA_TRY(read_speed(&out->gflops, item, "gflops", place));
    return read_speed(&out->rule_gflops, item, "rule_gflops", place);
}

/* Choices must ascend as they are written: each is then added at the end. */
static fovea_status read_list(fovea__conv2d_choices *out, const cJSON *list, const char *name)
{
    const cJSON *item;
    if (!cJSON_IsArray(list))
        FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: expected a list of choices, found %s", name, fovea__json_kind(list));
    cJSON_ArrayForEach(item, list)
    {
        const fovea__json_place place = {.file = name, .list = "choices", .index = out->count};
        fovea__conv2d_choice choice;
        FOVEA_TRY(read_choice(&choice, item, &place));
        if (place_of(out, choice.direction, &choice.shape) != out->count)
            FOVEA_FAIL(FOVEA_ERROR_FORMAT, "%s: choices[%zu] does not come after the one before", name, out->count);
        FOVEA_TRY(fovea__conv2d_choices_set(out, &choice));
    }
    return FOVEA_OK;
}

fovea_status fovea__conv2d_choices_parse(fovea__conv2d_choices *out, const char *text, const char *name)
{
    *out = (fovea__conv2d_choices){0};
    cJSON *list = NULL;
    FOVEA_TRY(fovea__json_parse(&list, text, strlen(text), name, NULL));
    const fovea_status status = read_list(out, list, name);
    cJSON_Delete(list);
    if (status)
        fovea__conv2d_choices_clear(out);
    return status;
}

/* ---- a device's file ------------------------------------------------------------------------------------------- */

/* What a measurement depends on beside the device: its vectors, and which algorithms there were to choose from. */
static void add_algorithms(const fovea_device *device, char key[FOVEA__DEVICE_KEY])
{
    size_t length = strlen(key);
    length += (size_t)snprintf(key + length, FOVEA__DEVICE_KEY - length, "|%d", fovea__device_vector_width(device));
    for (int a = 0; a < FOVEA__CONV2D_ALGORITHMS && length < FOVEA__DEVICE_KEY; a++)
        length += (size_t)snprintf(key + length, FOVEA__DEVICE_KEY - length, " %s",
                                   fovea__conv2d_algorithm_name((fovea__conv2d_algorithm)a));
}

/* The first line of the file is the device's key with the algorithms, the rest the table. */
static bool file_path(const fovea_device *device, char *path, size_t room, char key[FOVEA__DEVICE_KEY])
{
    const char *folder = fovea__device_cache_dir(device);
    if (!folder)
        return false;
    fovea__device_key(device, key);
    add_algorithms(device, key);
    for (char *c = key; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    const int length = snprintf(path, room, "%s/%016llx.choices", folder,
                                (unsigned long long)fovea__hash(FOVEA__HASH_EMPTY, key, strlen(key)));
    return length > 0 && (size_t)length < room;
}

static fovea_status read_file(fovea__conv2d_choices *out, const char *path, const char *key)
{
    char *text = NULL;
    size_t size = 0;
    *out = (fovea__conv2d_choices){0};
    FOVEA_TRY(fovea__file_read(&text, &size, path, MOST_FILE_BYTES));
    const size_t length = strlen(key);
    fovea_status status = FOVEA_OK;
    if (strncmp(text, key, length) != 0 || text[length] != '\n')
        status = fovea__fail(FOVEA_ERROR_FORMAT, "%s: is another device's, or no table of choices", path);
    else
        status = fovea__conv2d_choices_parse(out, text + length + 1, path);
    free(text);
    return status;
}

/* Adds what the device's file, where there is one, has and the table has not. */
static void add_file(fovea__conv2d_choices *choices, fovea_device *device)
{
    char path[MOST_PATH], key[FOVEA__DEVICE_KEY];
    fovea__conv2d_choices found;
    if (!file_path(device, path, sizeof path, key) || fovea__file_is_missing(path))
        return;
    const fovea__error_kept kept = fovea__error_keep();
    fovea_status status = read_file(&found, path, key);
    for (size_t i = 0; i < found.count && !status; i++)
        if (!fovea__conv2d_choices_find(choices, found.items[i].direction, &found.items[i].shape))
            status = fovea__conv2d_choices_set(choices, &found.items[i]);
    fovea__conv2d_choices_clear(&found);
    if (status)
        fovea__device_log(device, FOVEA_LOG_WARNING, "measured choices are passed over: %s", fovea_error());
    fovea__error_restore(&kept);
}

static void release(void *kept)
{
    fovea__conv2d_choices_clear(kept);
    free(kept);
}

fovea_status fovea__conv2d_choices_of(fovea__conv2d_choices **out, fovea_device *device)
{
    *out = fovea__device_kept(device);
    if (*out)
        return FOVEA_OK;
    FOVEA_TRY(fovea__allocate(out, 1, sizeof **out, "the choice of algorithms"));
    fovea__device_keep(device, *out, release);
    add_file(*out, device);
    return FOVEA_OK;
}

static fovea_status write_file(const fovea__conv2d_choices *choices, const char *path, const char *key)
{
    char *text = NULL, *whole = NULL;
    FOVEA_TRY(fovea__conv2d_choices_text(&text, choices, true));
    const size_t size = strlen(key) + strlen(text) + 2;
    fovea_status status = fovea__allocate(&whole, size + 1, 1, "the choice of algorithms");
    if (!status) {
        snprintf(whole, size + 1, "%s\n%s\n", key, text);
        status = fovea__file_write(path, whole, size);
    }
    free(whole);
    free(text);
    return status;
}

void fovea__conv2d_choices_save(fovea_device *device)
{
    char path[MOST_PATH], key[FOVEA__DEVICE_KEY];
    fovea__conv2d_choices *choices = fovea__device_kept(device);
    const char *folder = fovea__device_cache_dir(device);
    if (!choices || !file_path(device, path, sizeof path, key))
        return;
    const fovea__error_kept kept = fovea__error_keep();
    fovea_status status = fovea__folder_make(folder);
    if (!status) {
        const int lock = fovea__folder_lock(folder);
        add_file(choices, device);
        status = write_file(choices, path, key);
        fovea__folder_unlock(lock);
    }
    if (status)
        fovea__device_log(device, FOVEA_LOG_WARNING, "measured choices are not kept: %s", fovea_error());
    fovea__error_restore(&kept);
}
