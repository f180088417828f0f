/* Growing texts and exact JSON, see json_text.h. */
#include "json_text.h"

#include "memory.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

fovea_status fovea__text_add(fovea__text *to, const char *bytes, size_t size)
{
    FOVEA_TRY(fovea__grow(&to->bytes, &to->room, to->used + size + 1, 1, "a text"));
    memcpy(to->bytes + to->used, bytes, size);
    to->used += size;
    to->bytes[to->used] = '\0';
    return FOVEA_OK;
}

fovea_status fovea__text_word(fovea__text *to, const char *word)
{
    return fovea__text_add(to, word, strlen(word));
}

fovea_status fovea__text_number(fovea__text *to, double value)
{
    char text[40];
    double again = 0.0;
    if (!isfinite(value))
        return fovea__text_word(to, isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    if (value == floor(value) && fabs(value) < 0x1p53) {
        fovea__format_plain(text, sizeof text, "%.0f", value);
        return fovea__text_word(to, text);
    }
    for (int digits = 15; digits <= 17; digits++) {
        fovea__format_plain(text, sizeof text, "%.*g", digits, value);
        if (fovea__parse_plain(&again, text) && again == value)
            break;
    }
    return fovea__text_word(to, text);
}

fovea_status fovea__text_integer(fovea__text *to, int64_t value)
{
    char text[24];
    fovea__format_plain(text, sizeof text, "%lld", (long long)value);
    return fovea__text_word(to, text);
}

fovea_status fovea__text_quote(fovea__text *to, const char *word)
{
    FOVEA_TRY(fovea__text_add(to, "\"", 1));
    for (const char *at = word; *at; at++) {
        size_t plain = 0;
        while ((unsigned char)at[plain] >= ' ' && at[plain] != '"' && at[plain] != '\\')
            plain++;
        FOVEA_TRY(fovea__text_add(to, at, plain));
        at += plain;
        if (!*at)
            break;
        char escape[8];
        const char *const known = strchr("\"\"\\\\\nn\tt\rr", *at);
        if (known)
            fovea__format_plain(escape, sizeof escape, "\\%c", known[1]);
        else
            fovea__format_plain(escape, sizeof escape, "\\u%04x", (unsigned)*at);
        FOVEA_TRY(fovea__text_word(to, escape));
    }
    return fovea__text_add(to, "\"", 1);
}

fovea_status fovea__text_json(fovea__text *to, const cJSON *item)
{
    if (cJSON_IsNumber(item))
        return fovea__text_number(to, item->valuedouble);
    if (cJSON_IsString(item))
        return fovea__text_quote(to, item->valuestring);
    if (!cJSON_IsArray(item) && !cJSON_IsObject(item))
        return fovea__text_word(to, cJSON_IsTrue(item) ? "true" : cJSON_IsFalse(item) ? "false" : "null");
    const bool list = cJSON_IsArray(item);
    const cJSON *inner;
    FOVEA_TRY(fovea__text_word(to, list ? "[" : "{"));
    cJSON_ArrayForEach(inner, item)
    {
        if (inner != item->child)
            FOVEA_TRY(fovea__text_word(to, ", "));
        if (!list) {
            FOVEA_TRY(fovea__text_quote(to, inner->string));
            FOVEA_TRY(fovea__text_word(to, ": "));
        }
        FOVEA_TRY(fovea__text_json(to, inner));
    }
    return fovea__text_word(to, list ? "]" : "}");
}

fovea_status fovea__text_document(fovea__text *to, const cJSON *root)
{
    const cJSON *member, *item;
    FOVEA_TRY(fovea__text_word(to, "{"));
    cJSON_ArrayForEach(member, root)
    {
        FOVEA_TRY(fovea__text_word(to, member == root->child ? "\n" : ",\n"));
        FOVEA_TRY(fovea__text_quote(to, member->string));
        FOVEA_TRY(fovea__text_word(to, ": "));
        if (!cJSON_IsArray(member)) {
            FOVEA_TRY(fovea__text_json(to, member));
            continue;
        }
        FOVEA_TRY(fovea__text_word(to, "["));
        cJSON_ArrayForEach(item, member)
        {
            FOVEA_TRY(fovea__text_word(to, item == member->child ? "\n" : ",\n"));
            FOVEA_TRY(fovea__text_json(to, item));
        }
        FOVEA_TRY(fovea__text_word(to, "\n]"));
    }
    return fovea__text_word(to, "\n}\n");
}
