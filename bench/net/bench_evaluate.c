/* How long COCO's evaluation of 500,000 detections against 500,000 truths takes on one core, JSON apart. Two cases:
 * 80 classes, and all boxes of one class, where every picture compares 100 boxes with 100. One JSON line each:
 *   {"room", "case", "add_ms", "run_ms", "peak_memory_mib", "verified"}
 * Verified: a detector that finds every truth exactly has an AP of 1. */
#include "coco_eval.h"
#include "many_boxes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { PICTURES = 5000, BOXES = 100 };

static void check(fovea_status status)
{
    if (status) {
        fprintf(stderr, "evaluate: %s\n", fovea_error());
        exit(EXIT_FAILURE);
    }
}

static double milliseconds(void)
{
    return (double)clock() * 1e3 / CLOCKS_PER_SEC;
}

static fovea_evaluator *open_many(int pictures, int classes)
{
    char *annotations = many_boxes_annotations(pictures, BOXES, classes);
    if (!annotations) {
        fprintf(stderr, "evaluate: out of memory\n");
        exit(EXIT_FAILURE);
    }
    fovea_evaluator *evaluator = NULL;
    check(fovea__eval_open_text(&evaluator, annotations, strlen(annotations), "annotations"));
    free(annotations);
    return evaluator;
}

static bool finds_itself(int classes)
{
    fovea_evaluator *evaluator = open_many(20, classes);
    fovea_evaluation numbers;
    for (size_t i = 0; i < evaluator->n_truths; i++) {
        const fovea__eval_truth *truth = &evaluator->truths[i];
        check(fovea_evaluator_add(evaluator, truth->picture, truth->category, truth->box, 0.5));
    }
    check(fovea_evaluator_run(evaluator, &numbers, NULL, 0, NULL));
    fovea_evaluator_close(evaluator);
    return fabs(numbers.ap - 1.0) <= 1e-9;
}

static bool time_case(int classes)
{
    const bool verified = finds_itself(classes);
    fovea_evaluator *evaluator = open_many(PICTURES, classes);
    fovea__random random = fovea__random_stream(2, 2, 2);
    fovea_evaluation numbers;
    struct rusage usage;
    const double begin = milliseconds();
    for (int i = 0; i < PICTURES * BOXES; i++) {
        const int64_t category = (int64_t)fovea__random_below(&random, (uint64_t)classes);
        double box[4];
        many_boxes_draw(box, &random);
        check(fovea_evaluator_add(evaluator, i / BOXES, category, box, fovea__random_uniform(&random)));
    }
    const double added = milliseconds();
    check(fovea_evaluator_run(evaluator, &numbers, NULL, 0, NULL));
    const double done = milliseconds();
    fovea_evaluator_close(evaluator);
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"room\": \"evaluate\", \"case\": \"%d pictures x %d boxes x %d classes\", \"add_ms\": %.1f, "
           "\"run_ms\": %.1f, \"peak_memory_mib\": %ld, \"verified\": %s}\n",
           PICTURES, BOXES, classes, added - begin, done - added, usage.ru_maxrss / 1024, verified ? "true" : "false");
    return verified;
}

int main(void)
{
    const bool many = time_case(80), one = time_case(1);
    return many && one ? EXIT_SUCCESS : EXIT_FAILURE;
}
