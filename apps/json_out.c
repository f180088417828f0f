/* JSON output, see json_out.h. */
#include "json_out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(json_out *out, const char *what, int error)
{
    if (!out->failed)
        fprintf(stderr, "fovea: %s: %s: %s\n", out->path, what, strerror(error));
    out->failed = true;
    return false;
}

static bool open_stream(json_out *out, const char *path, bool in_place)
{
    *out = (json_out){.path = path};
    struct stat facts;
    if (strcmp(path, "-") == 0) {
        out->path = "standard output";
        out->stream = stdout;
        return true;
    }
    if (in_place || (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode))) {
        out->stream = fopen(path, "wb");
    } else {
        const size_t size = strlen(path) + 32;
        out->temporary = malloc(size);
        if (!out->temporary)
            return fail(out, "cannot be written", ENOMEM);
        for (int i = 1; !out->stream && (i == 1 || errno == EEXIST); i++) { /* a file that no other process has */
            snprintf(out->temporary, size, "%s.part%d", path, i);
            out->stream = fopen(out->temporary, "wbx");
        }
    }
    if (!out->stream) {
        fail(out, "cannot be written", errno);
        free(out->temporary);
        out->temporary = NULL;
        return false;
    }
    return true;
}

bool json_out_open(json_out *out, const char *path)
{
    return open_stream(out, path, false);
}

bool json_out_open_lines(json_out *out, const char *path)
{
    return open_stream(out, path, true);
}

void json_out_text(json_out *out, const char *text)
{
    if (fputs(text, out->stream) < 0)
        fail(out, "cannot be written", errno);
}

void json_out_value(json_out *out, cJSON *value, bool indented)
{
    char *text = indented ? cJSON_Print(value) : cJSON_PrintUnformatted(value);
    cJSON_Delete(value);
    if (text)
        json_out_text(out, text);
    else
        fail(out, "cannot be written", ENOMEM);
    cJSON_free(text);
}

void json_out_line(json_out *out, cJSON *value)
{
    json_out_value(out, value, false);
    json_out_text(out, "\n");
    if (fflush(out->stream) != 0)
        fail(out, "cannot be written", errno);
}

bool json_out_close(json_out *out, bool keep)
{
    if (!out->stream)
        return true;
    if (fflush(out->stream) != 0)
        fail(out, "cannot be written", errno);
    if (ferror(out->stream))
        fail(out, "cannot be written", EIO);
    if (out->stream == stdout) {
        const bool good = !out->failed;
        *out = (json_out){0};
        return good;
    }
    if (out->temporary && keep && fsync(fileno(out->stream)) != 0)
        fail(out, "cannot be written", errno);
    if (fclose(out->stream) != 0)
        fail(out, "cannot be written", errno);
    if (out->temporary) {
        if (keep && !out->failed && rename(out->temporary, out->path) != 0)
            fail(out, "cannot be put in place", errno);
        if (!keep || out->failed)
            unlink(out->temporary);
    }
    free(out->temporary);
    const bool good = !out->failed;
    *out = (json_out){0};
    return good;
}

bool json_out_write(const char *path, cJSON *value, bool indented)
{
    json_out out;
    if (!json_out_open(&out, path)) {
        cJSON_Delete(value);
        return false;
    }
    json_out_value(&out, value, indented);
    json_out_text(&out, "\n");
    return json_out_close(&out, true);
}

cJSON *json_out_read(const char *path)
{
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return NULL;
    enum { LIMIT = 1 << 24 };
    cJSON *value = NULL;
    struct stat facts;
    char *text = NULL;
    if (fstat(fileno(stream), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size < LIMIT)
        text = malloc((size_t)facts.st_size + 1);
    if (text) {
        const size_t size = fread(text, 1, (size_t)facts.st_size, stream);
        value = cJSON_ParseWithLength(text, size);
    }
    if (!value)
        fprintf(stderr, "fovea: %s: is not JSON that can be read\n", path);
    free(text);
    fclose(stream);
    return value;
}

void json_add_float(cJSON *object, const char *name, float value)
{
    char text[40] = "null";
    for (int digits = 6; digits <= 9 && value - value == 0; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    cJSON_AddRawToObject(object, name, text);
}

void json_add_integer(cJSON *object, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    cJSON_AddRawToObject(object, name, text);
}
