/* Options as JSON, see options_json.h. */
#include "options_json.h"

#include "json_out.h"
#include "options_help.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MOST_DIGITS = 15 }; /* of a whole number that a JSON library's double surely holds */

/* A number as one would write it; 0 in the struct is no value, unless it may be written. */
static cJSON *number_json(const options_row *row, double number)
{
    if (number < 0 && row->zero_is_none)
        return cJSON_CreateNumber(0);
    const bool unset = !(number < 0) && !(number > 0) && (row->zero_is_none || row->low > 0);
    return unset ? cJSON_CreateNull() : cJSON_CreateNumber(number);
}

static cJSON *integers_json(const int *numbers)
{
    int count = 0;
    while (count < OPTIONS_MOST_INTEGERS && numbers[count])
        count++;
    if (count == 1)
        return cJSON_CreateNumber(numbers[0]);
    return count ? cJSON_CreateIntArray(numbers, count) : cJSON_CreateNull();
}

/* Digits where they are few, else a text of them. */
static cJSON *seed_json(uint64_t seed)
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)seed);
    return length <= MOST_DIGITS ? cJSON_CreateRaw(digits) : cJSON_CreateString(digits);
}

static cJSON *choice_json(const options_row *row, int value)
{
    for (const options_choice *choice = row->choices; choice->name; choice++)
        if (choice->value == value)
            return cJSON_CreateString(choice->name);
    return cJSON_CreateNull();
}

static cJSON *pair_json(const options_row *row, const double *pair)
{
    for (const options_choice *word = row->choices; word && word->name; word++)
        if (pair[0] >= word->value && pair[0] <= word->value)
            return cJSON_CreateString(word->name);
    return pair[1] > 0 ? cJSON_CreateDoubleArray(pair, 2) : cJSON_CreateNull();
}

static cJSON *texts_json(const char *const *texts)
{
    int count = 0;
    while (texts[count])
        count++;
    return cJSON_CreateStringArray(texts, count);
}

static cJSON *value_json(const options_row *row, const void *target)
{
    switch (row->kind) {
    case OPTIONS_FLAG:
        return cJSON_CreateBool(*(const bool *)target);
    case OPTIONS_TEXT:
        return *(const char *const *)target ? cJSON_CreateString(*(const char *const *)target) : cJSON_CreateNull();
    case OPTIONS_TEXTS:
        return texts_json(target);
    case OPTIONS_INTEGER:
        return number_json(row, *(const int *)target);
    case OPTIONS_COUNT:
        return number_json(row, (double)*(const int64_t *)target);
    case OPTIONS_SEED:
        return seed_json(*(const uint64_t *)target);
    case OPTIONS_INTEGERS:
        return integers_json(target);
    case OPTIONS_NUMBER:
        return number_json(row, *(const double *)target);
    case OPTIONS_PAIR:
        return pair_json(row, target);
    case OPTIONS_SPAN:
    case OPTIONS_EXTENT:
        return cJSON_CreateIntArray(target, 2);
    case OPTIONS_CHOICE:
        break;
    }
    return choice_json(row, *(const int *)target);
}

cJSON *options_json(const options_table *table, const void *fields)
{
    cJSON *all = cJSON_CreateObject();
    for (size_t i = 0; i < table->n_rows; i++)
        if (!table->rows[i].of_the_call)
            cJSON_AddItemToObject(all, table->rows[i].name,
                                  value_json(&table->rows[i], (const char *)fields + table->rows[i].at));
    return all;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* Writes numbers as the command line has them, `between` them where there are several. */
static bool join_numbers(const cJSON *value, char between, char *out, size_t size)
{
    size_t used = 0;
    const cJSON *item = cJSON_IsArray(value) ? value->child : value;
    for (; item && used < size; item = cJSON_IsArray(value) ? item->next : NULL) {
        if (!cJSON_IsNumber(item))
            return false;
        used += (size_t)snprintf(out + used, size - used, "%.*s%.17g", used ? 1 : 0, &between, item->valuedouble);
    }
    return used > 0 && used < size;
}

/* Sets texts, given one by one in a list. */
static bool set_texts(const options_row *row, void *fields, const cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
        if (!cJSON_IsString(item) || !options_set(row, fields, item->valuestring))
            return false;
    return cJSON_IsArray(list);
}

static bool set_value(const options_row *row, void *fields, const cJSON *value)
{
    char text[512];
    const bool word = cJSON_IsString(value), list = cJSON_IsArray(value);
    switch (row->kind) {
    case OPTIONS_FLAG:
        if (cJSON_IsBool(value))
            *(bool *)((char *)fields + row->at) = cJSON_IsTrue(value);
        return cJSON_IsBool(value);
    case OPTIONS_TEXT:
    case OPTIONS_CHOICE:
        return word && options_set(row, fields, value->valuestring);
    case OPTIONS_TEXTS:
        return set_texts(row, fields, value);
    case OPTIONS_SEED:
        if (word)
            return options_set(row, fields, value->valuestring);
        return !list && join_numbers(value, ',', text, sizeof text) && strlen(text) <= MOST_DIGITS &&
               options_set(row, fields, text);
    case OPTIONS_PAIR:
        if (word)
            return row->choices && options_set(row, fields, value->valuestring);
        return list && join_numbers(value, ',', text, sizeof text) && options_set(row, fields, text);
    case OPTIONS_INTEGERS:
        return join_numbers(value, ',', text, sizeof text) && options_set(row, fields, text);
    case OPTIONS_SPAN:
    case OPTIONS_EXTENT:
        return list && join_numbers(value, row->kind == OPTIONS_SPAN ? '-' : 'x', text, sizeof text) &&
               options_set(row, fields, text);
    case OPTIONS_INTEGER:
    case OPTIONS_COUNT:
    case OPTIONS_NUMBER:
        break;
    }
    return !list && join_numbers(value, ',', text, sizeof text) && options_set(row, fields, text);
}

static bool read_option(const options_table *table, void *fields, const cJSON *value, const char *path)
{
    const char *nearest = NULL;
    const options_row *row = options_find(table, value->string, &nearest);
    if (!row) {
        options_misused(table, "%s: unknown option \"%s\"%s%s%s", path, value->string,
                        nearest ? ": did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
        return false;
    }
    if (row->of_the_call) {
        options_misused(table, "%s: \"%s\" stands on the command line alone, as --%s", path, row->name, row->name);
        return false;
    }
    if (cJSON_IsNull(value) || set_value(row, fields, value))
        return true;
    char expected[256], *found = cJSON_PrintUnformatted(value);
    options_expected(row, expected, sizeof expected);
    options_misused(table, "%s: \"%s\" takes %s, not %.80s", path, row->name,
                    row->kind == OPTIONS_FLAG ? "true or false" : expected, found ? found : "what it has");
    cJSON_free(found);
    return false;
}

cJSON *options_json_read(const options_table *table, void *fields, const char *path)
{
    if (access(path, R_OK) != 0) {
        options_misused(table, "%s: cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    cJSON *document = json_out_read(path);
    if (!document)
        return NULL;
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(document, "options"), *value;
    bool good = cJSON_IsObject(options);
    if (!good)
        options_misused(table, "%s: has no object \"options\", as the config.json of a run has", path);
    cJSON_ArrayForEach(value, options)
        good = good && read_option(table, fields, value, path);
    if (good)
        return document;
    cJSON_Delete(document);
    return NULL;
}
