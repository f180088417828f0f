/* Options as JSON, see options_json.h. */
#include "options_json.h"

#include "json_out.h"

static double as_written(const options_row *row, double number)
{
    return row->zero_is_none && number < 0 ? 0 : number;
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
    return cJSON_CreateDoubleArray(pair, 2);
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
    char digits[24];
    switch (row->kind) {
    case OPTIONS_FLAG:
        return cJSON_CreateBool(*(const bool *)target);
    case OPTIONS_TEXT:
        return *(const char *const *)target ? cJSON_CreateString(*(const char *const *)target) : cJSON_CreateNull();
    case OPTIONS_TEXTS:
        return texts_json(target);
    case OPTIONS_INTEGER:
        return cJSON_CreateNumber(as_written(row, *(const int *)target));
    case OPTIONS_COUNT:
        return cJSON_CreateNumber(as_written(row, (double)*(const int64_t *)target));
    case OPTIONS_SEED:
        snprintf(digits, sizeof digits, "%llu", (unsigned long long)*(const uint64_t *)target);
        return cJSON_CreateRaw(digits);
    case OPTIONS_NUMBER:
        return cJSON_CreateNumber(as_written(row, *(const double *)target));
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
        cJSON_AddItemToObject(all, table->rows[i].name,
                              value_json(&table->rows[i], (const char *)fields + table->rows[i].at));
    return all;
}
