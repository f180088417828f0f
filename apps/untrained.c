/* Tensors summed up by module, see untrained.h: "backbone.body.layer4.0.bn2.weight" is of layer4, and there of bn2. */
#include "untrained.h"

#include <stdio.h>
#include <string.h>

enum { PART = 64, LINE = 140 };

/* Copies to `part` the next part of a name that is no number, before the tensor's own name; "" where none is left.
 * Returns what comes behind it. */
static const char *next_part(char part[PART], const char *name)
{
    part[0] = '\0';
    for (const char *dot = strchr(name, '.'); dot && !*part; dot = strchr(name, '.')) {
        if (strspn(name, "0123456789") < (size_t)(dot - name))
            snprintf(part, PART, "%.*s", (int)(dot - name), name);
        name = dot + 1;
    }
    return name;
}

static cJSON *object_in(cJSON *object, const char *name)
{
    cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    return found ? found : cJSON_AddObjectToObject(object, name);
}

/* An object a module, which has an object for each module in it: {"layer4": {"conv1": {}, "bn1": {}}}. */
static cJSON *modules_of(const fovea_model *model)
{
    static const char *const before[] = {"backbone.body.", "backbone.", "head."};
    cJSON *modules = cJSON_CreateObject();
    for (size_t i = 0; i < fovea_model_missing(model); i++) {
        const char *name = fovea_model_missing_name(model, i);
        size_t skipped = 0;
        for (size_t b = 0; b < sizeof before / sizeof before[0] && !skipped; b++)
            skipped = strncmp(name, before[b], strlen(before[b])) == 0 ? strlen(before[b]) : 0;
        char module[PART], inner[PART];
        next_part(inner, next_part(module, name + skipped));
        cJSON *row = object_in(modules, module);
        if (*inner)
            object_in(row, inner);
    }
    return modules;
}

/* Adds to the text of a line, as far as that goes; an end in dots tells what is cut off. */
static void add(char line[LINE], const char *text)
{
    const size_t used = strlen(line);
    if (snprintf(line + used, LINE - used, "%s", text) >= (int)(LINE - used))
        memcpy(line + LINE - 4, "...", 4);
}

void untrained_print(const char *file, const fovea_model *model)
{
    char line[LINE] = "";
    const cJSON *module, *inner;
    if (fovea_model_missing(model) == 0)
        return;
    cJSON *modules = modules_of(model);
    cJSON_ArrayForEach(module, modules)
    {
        add(line, *line ? ", " : "");
        add(line, module->string);
        cJSON_ArrayForEach(inner, module)
        {
            add(line, inner == module->child ? " (" : ", ");
            add(line, inner->string);
        }
        add(line, module->child ? ")" : "");
    }
    cJSON_Delete(modules);
    fprintf(stderr, "%s: %zu tensors are not in the file and start untrained: %s\n", file, fovea_model_missing(model),
            line);
}

cJSON *untrained_json(const fovea_model *model)
{
    cJSON *names = fovea_model_missing(model) ? cJSON_CreateArray() : NULL;
    for (size_t i = 0; i < fovea_model_missing(model); i++)
        cJSON_AddItemToArray(names, cJSON_CreateString(fovea_model_missing_name(model, i)));
    return names;
}
