/* See png_cases.h. */
#include "png_cases.h"

#include "file.h"
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fuzzers run outside of the test library, so its assertions do not serve. */
static void must(int good)
{
    if (!good)
        abort();
}

static size_t bytes_of_hex(uint8_t **out, const char *hex)
{
    const size_t size = strlen(hex) / 2;
    *out = malloc(size + 1);
    must(*out != NULL);
    for (size_t i = 0; i < size; i++) {
        unsigned int value = 0;
        must(sscanf(hex + 2 * i, "%2x", &value) == 1);
        (*out)[i] = (uint8_t)value;
    }
    return size;
}

static void read_line(png_case *out, const char *line, size_t length)
{
    const fovea__json_place place = {.file = "png_cases.jsonl"};
    const char *name = NULL, *file = NULL, *rgb = NULL;
    int64_t width = 0, height = 0;
    cJSON *row = NULL;
    must(!fovea__json_parse(&row, line, length, place.file, NULL));
    must(!fovea__json_text(&name, row, "name", &place));
    must(!fovea__json_text(&file, row, "png", &place));
    must(!fovea__json_text(&rgb, row, "rgb", &place));
    must(!fovea__json_integer(&width, row, "width", &place));
    must(!fovea__json_integer(&height, row, "height", &place));
    snprintf(out->name, sizeof out->name, "%s", name);
    out->width = (int)width;
    out->height = (int)height;
    out->size = bytes_of_hex(&out->file, file);
    must(bytes_of_hex(&out->rgb, rgb) == (size_t)(width * height * 3));
    cJSON_Delete(row);
}

int png_case_read(png_case *out, int index)
{
    char *text = NULL;
    size_t size = 0;
    must(!fovea__file_read(&text, &size, FOVEA_TEST_SOURCE "/tests/data/png_cases.jsonl", 1 << 20));
    const char *line = text;
    for (int i = 0; i < index && *line; i++)
        line += strcspn(line, "\n") + 1;
    const int there = *line != '\0';
    *out = (png_case){0};
    if (there)
        read_line(out, line, strcspn(line, "\n"));
    free(text);
    return there;
}

void png_case_free(png_case *of)
{
    free(of->file);
    free(of->rgb);
    *of = (png_case){0};
}

static uint32_t checksum(const uint8_t *bytes, size_t size)
{
    uint32_t sum = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum & 1 ? (sum >> 1) ^ 0xedb88320u : sum >> 1;
    }
    return ~sum;
}

void png_case_mend(uint8_t *file, size_t size)
{
    for (size_t at = 8; at + 12 <= size;) {
        uint8_t *chunk = file + at;
        const size_t length = (size_t)chunk[0] << 24 | (size_t)chunk[1] << 16 | (size_t)chunk[2] << 8 | chunk[3];
        if (length > size - at - 12)
            return;
        const uint32_t sum = checksum(chunk + 4, length + 4);
        for (int i = 0; i < 4; i++)
            chunk[8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
        at += length + 12;
    }
}
