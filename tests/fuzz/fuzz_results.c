/* Fuzzes evaluation: the first line of the input is the annotations, the rest the results; what can be opened is run.
 * tests/data/eval_cases.jsonl holds seeds: two lines each. */
#include "coco_eval.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

const char *const fuzz_words[] = {"NaN", "Infinity", "1e999", "-1", "0",  "9007199254740993", "null", "{}", "[",
                                  "]",   "{",        "}",     ",",  "\"", "\n",               "true", "[]", NULL};

static const char *const seeds[] = {
    "{\"images\":[{\"id\":1},{\"id\":2}],\"categories\":[{\"id\":1},{\"id\":9007199254740993}],\"annotations\":["
    "{\"id\":1,\"image_id\":1,\"category_id\":1,\"bbox\":[1,1,9,9],\"iscrowd\":0},"
    "{\"id\":2,\"image_id\":2,\"category_id\":1,\"bbox\":[1,1,90,90],\"area\":8100,\"iscrowd\":1}]}\n"
    "[{\"image_id\":1,\"category_id\":1,\"bbox\":[1,2,8.5,9],\"score\":0.5},"
    "{\"image_id\":2,\"category_id\":1,\"bbox\":[5,5,8,9],\"score\":1e-3}]",
    "\n[{\"image_id\":2,\"category_id\":1,\"bbox\":[NaN,2,8.5,9],\"score\":0.5}]",
};

size_t fuzz_seed(int index, uint8_t **out)
{
    if ((size_t)index >= sizeof seeds / sizeof seeds[0])
        return 0;
    *out = (uint8_t *)strdup(seeds[index]);
    return *out ? strlen(seeds[index]) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char KNOWN[] = "{\"images\":[{\"id\":1},{\"id\":2}],\"categories\":[{\"id\":1}],\"annotations\":["
                                "{\"id\":1,\"image_id\":1,\"category_id\":1,\"bbox\":[1,1,9,9],\"iscrowd\":0}]}";
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    const size_t first = newline ? (size_t)(newline - data) : size;
    const char *rest = (const char *)data + first;
    fovea_evaluator *evaluator = NULL;
    if (fovea__eval_open_text(&evaluator, (const char *)data, first, "annotations") &&
        fovea__eval_open_text(&evaluator, KNOWN, sizeof KNOWN - 1, "known"))
        return 0;
    fovea_evaluation numbers;
    fovea__eval_add_text(evaluator, rest, size - first, "results");
    fovea_evaluator_run(evaluator, &numbers, NULL, 0, NULL);
    fovea_evaluator_close(evaluator);
    return 0;
}
