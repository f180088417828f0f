/* Fuzzes evaluation: the first line of the input is the annotations, the rest the results; what can be opened is run.
 * tests/data/eval_cases.jsonl holds seeds: two lines each. */
#include "coco_eval.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
