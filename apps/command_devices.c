/* fovea devices: what OpenCL devices there are and what they can. */
#include "commands.h"
#include "fovea.h"
#include "json_out.h"
#include "options.h"
#include "pick_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct devices_options {
    const char *json;
} devices_options;

static const options_row rows[] = {
    {"json", "FILE", "Write the list as JSON to FILE ('-': stdout) instead of a table.",
     .kind = OPTIONS_TEXT, .at = offsetof(devices_options, json), .writes = OPTIONS_WRITTEN},
};

static const options_table table = {
    .command = "devices",
    .usage = {"[--json FILE]"},
    .summary = "Lists every OpenCL device of every platform. The number or a part of a name is what --device and "
               "FOVEA_DEVICE take.",
    .rows = rows,
    .n_rows = sizeof rows / sizeof rows[0],
    .examples = "  fovea devices\n"
                "  fovea devices --json -\n",
};

enum { COLUMNS = 11, CELL = 132 };

static void fill_row(char cells[COLUMNS][CELL], size_t index, const fovea_device_info *d)
{
    snprintf(cells[0], CELL, "%zu", index);
    snprintf(cells[1], CELL, "%s", d->platform);
    snprintf(cells[2], CELL, "%s", d->name);
    snprintf(cells[3], CELL, "%s", d->vendor);
    snprintf(cells[4], CELL, "%s", d->driver);
    snprintf(cells[5], CELL, "%s", device_type_name(d->type));
    snprintf(cells[6], CELL, "%d", d->compute_units);
    snprintf(cells[7], CELL, "%.1f GiB", (double)d->memory_bytes / 1073741824.0);
    snprintf(cells[8], CELL, "%s", d->float16 ? "yes" : "no");
    snprintf(cells[9], CELL, "%s", d->float64 ? "yes" : "no");
    snprintf(cells[10], CELL, "%s", d->subgroups ? "yes" : "no");
}

/* Columns as wide as their widest cell. */
static void print_table(const fovea_device_info *devices, size_t count)
{
    static const char *const heads[COLUMNS] = {"#",     "platform", "name",    "vendor",  "driver",    "type",
                                               "units", "memory",   "float16", "float64", "sub-groups"};
    int widths[COLUMNS];
    char cells[COLUMNS][CELL];
    for (int c = 0; c < COLUMNS; c++)
        widths[c] = (int)strlen(heads[c]);
    for (size_t i = 0; i < count; i++) {
        fill_row(cells, i, &devices[i]);
        for (int c = 0; c < COLUMNS; c++)
            if ((int)strlen(cells[c]) > widths[c])
                widths[c] = (int)strlen(cells[c]);
    }
    for (int c = 0; c < COLUMNS; c++)
        printf("%-*s%s", c + 1 < COLUMNS ? widths[c] : 0, heads[c], c + 1 < COLUMNS ? "  " : "\n");
    for (size_t i = 0; i < count; i++) {
        fill_row(cells, i, &devices[i]);
        for (int c = 0; c < COLUMNS; c++)
            printf("%-*s%s", c + 1 < COLUMNS ? widths[c] : 0, cells[c], c + 1 < COLUMNS ? "  " : "\n");
    }
}

static cJSON *to_json(const fovea_device_info *devices, size_t count)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < count; i++) {
        const fovea_device_info *d = &devices[i];
        cJSON *row = cJSON_CreateObject();
        cJSON_AddNumberToObject(row, "index", (double)i);
        cJSON_AddStringToObject(row, "platform", d->platform);
        cJSON_AddStringToObject(row, "name", d->name);
        cJSON_AddStringToObject(row, "vendor", d->vendor);
        cJSON_AddStringToObject(row, "driver", d->driver);
        cJSON_AddStringToObject(row, "version", d->version);
        cJSON_AddStringToObject(row, "type", device_type_name(d->type));
        cJSON_AddNumberToObject(row, "compute_units", d->compute_units);
        json_add_integer(row, "memory_bytes", (int64_t)d->memory_bytes);
        json_add_integer(row, "max_allocation_bytes", (int64_t)d->max_allocation_bytes);
        cJSON_AddBoolToObject(row, "float16", d->float16);
        cJSON_AddBoolToObject(row, "float64", d->float64);
        cJSON_AddBoolToObject(row, "subgroups", d->subgroups);
        cJSON_AddItemToArray(list, row);
    }
    return list;
}

int command_devices(int argc, char **argv)
{
    devices_options o = {0};
    int operand;
    const options_result result = options_parse(&table, &o, argc, argv, &operand);
    if (result != OPTIONS_GO)
        return result == OPTIONS_HELPED ? EXIT_DONE : EXIT_MISUSED;

    size_t count = 0, room = 0;
    fovea_device_info *devices = NULL;
    if (fovea_device_list(NULL, 0, &count)) {
        print_failure();
        return EXIT_FAILED;
    }
    room = count;
    devices = calloc(room ? room : 1, sizeof *devices);
    if (!devices || fovea_device_list(devices, room, &count)) {
        fprintf(stderr, "fovea: %s\n", devices ? fovea_error() : "out of memory for the list of devices");
        free(devices);
        return EXIT_FAILED;
    }
    count = count < room ? count : room;
    int code = count > 0 ? EXIT_DONE : EXIT_FAILED;
    if (o.json && !json_out_write(o.json, to_json(devices, count), true))
        code = EXIT_FAILED;
    if (count == 0)
        fputs("fovea: there is no OpenCL device; on Debian and Ubuntu, 'apt install pocl-opencl-icd' makes the "
              "processor one\n",
              stderr);
    else if (!o.json)
        print_table(devices, count);
    free(devices);
    return code;
}
