/* JSON written to a file or to stdout ("-"). A file is written beside its place and renamed, so that a program that
 * reads it never sees half of it. Every failure is told on stderr. */
#ifndef FOVEA_APPS_JSON_OUT_H
#define FOVEA_APPS_JSON_OUT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct json_out {
    FILE *stream;
    const char *path; /* borrowed */
    char *temporary;  /* NULL where the file is written in place: stdout, a pipe, a device */
    int64_t items;    /* for who writes a list piece by piece: how many so far */
    bool failed;
} json_out;

/* path "-" is stdout. */
bool json_out_open(json_out *out, const char *path);

/* For lines of JSON, which are whole as they come: a file is written in place and may be read meanwhile. */
bool json_out_open_lines(json_out *out, const char *path);

/* Writes and deletes a value, on a line of its own that a reader sees at once. */
void json_out_line(json_out *out, cJSON *value);

/* Writes `text`. */
void json_out_text(json_out *out, const char *text);

/* Writes and deletes a value, on one line or indented; NULL stands for memory that ran out. */
void json_out_value(json_out *out, cJSON *value, bool indented);

/* Finishes the file; where !keep it is dropped instead and the old one stays. Accepts a zeroed struct. */
bool json_out_close(json_out *out, bool keep);

/* open, value with a line end, close. */
bool json_out_write(const char *path, cJSON *value, bool indented);

/* Reads a JSON file; NULL where it is not there (without a word) or is no JSON (with one). */
cJSON *json_out_read(const char *path);

/* A float with as few digits as give it back; an integer beyond 2^53 with all of its digits. */
void json_add_float(cJSON *object, const char *name, float value);
void json_add_integer(cJSON *object, const char *name, int64_t value);

#endif
