/* What an inspection found, see inspect_report.h. */
#include "inspect_report.h"

#include "inspect_numbers.h"
#include "json_out.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN = 10 }; /* of a kind, in the text */

size_t inspect_report_count(const fovea_inspection *inspection)
{
    size_t count = 0;
    for (int kind = 0; kind < FOVEA_NOTE_TURNED; kind++)
        count += fovea_inspection_count(inspection, (fovea_fault_kind)kind);
    return count;
}

/* The sentences begin with the annotations' name, which the text says once. */
static const char *without_name(const char *sentence, const char *annotations)
{
    const size_t length = strlen(annotations);
    return strncmp(sentence, annotations, length) == 0 && strncmp(sentence + length, ": ", 2) == 0
               ? sentence + length + 2
               : sentence;
}

static void print_kind(const fovea_inspection *inspection, const char *annotations, size_t first, size_t count,
                       bool fixed)
{
    fovea_fault fault;
    fovea_inspection_fault(inspection, first, &fault);
    printf("%s: %zu\n", fovea_fault_name(fault.kind), count);
    for (size_t i = 0; i < count && i < SHOWN; i++) {
        fovea_inspection_fault(inspection, first + i, &fault);
        printf("  %s\n    %s%s\n", without_name(fault.sentence, annotations),
               !fault.mended ? "" : fixed ? "mended: " : "with --fix: ", fault.fix);
    }
    if (count > SHOWN)
        printf("  and %zu more; --json lists them all\n", count - SHOWN);
}

static void print_numbers(const inspect_numbers *n)
{
    printf("%lld pictures, %lld boxes; %.1f a picture, at most %lld\n", (long long)n->pictures, (long long)n->boxes,
           n->pictures ? (double)n->boxes / (double)n->pictures : 0.0, (long long)n->most_a_picture);
    for (int i = 0; i < n->labels; i++)
        printf("  %-24s %8lld\n", n->names[i], (long long)n->by_label[i]);
    printf("sides in pixels: smallest %.1f, median %.1f, largest %.1f; "
           "below 32: %lld, below 96: %lld, others: %lld\n",
           n->side[0], n->side[1], n->side[2], (long long)n->by_area[0], (long long)n->by_area[1],
           (long long)n->by_area[2]);
    printf("width / height: smallest %.2f, median %.2f, largest %.2f\n", n->aspect[0], n->aspect[1], n->aspect[2]);
}

void inspect_report_print(const fovea_inspection *inspection, const char *annotations, const char *fixed)
{
    const size_t total = fovea_inspection_faults(inspection), faults = inspect_report_count(inspection);
    inspect_numbers numbers;
    printf("%s\n", annotations);
    if (inspect_numbers_count(&numbers, fovea_inspection_dataset(inspection, NULL)))
        print_numbers(&numbers);
    inspect_numbers_free(&numbers);
    for (size_t first = 0; first < total;) {
        fovea_fault fault;
        fovea_inspection_fault(inspection, first, &fault);
        const size_t count = fovea_inspection_count(inspection, fault.kind);
        if (first == 0 && faults)
            printf("\n%zu fault%s\n", faults, faults == 1 ? "" : "s");
        if (first == faults)
            printf("\n%zu note%s\n", total - faults, total - faults == 1 ? "" : "s");
        print_kind(inspection, annotations, first, count, fixed != NULL);
        first += count;
    }
    if (!faults)
        printf("\nno faults\n");
    if (fixed)
        printf("\nthe mended copy is %s\n", fixed);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static void add_id(cJSON *row, const char *name, int64_t id)
{
    if (id != FOVEA_NO_ID)
        json_add_integer(row, name, id);
}

static cJSON *fault_json(const fovea_fault *fault)
{
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "kind", fovea_fault_name(fault->kind));
    if (fault->file_name)
        cJSON_AddStringToObject(row, "file", fault->file_name);
    add_id(row, "image_id", fault->image_id);
    add_id(row, "annotation_id", fault->annotation_id);
    add_id(row, "category_id", fault->category_id);
    cJSON_AddStringToObject(row, "sentence", fault->sentence);
    cJSON_AddStringToObject(row, "fix", fault->fix);
    cJSON_AddBoolToObject(row, "mended", fault->mended);
    return row;
}

cJSON *inspect_report_json(const fovea_inspection *inspection, const char *annotations)
{
    cJSON *all = cJSON_CreateObject();
    cJSON_AddStringToObject(all, "annotations", annotations);
    inspect_numbers numbers;
    if (inspect_numbers_count(&numbers, fovea_inspection_dataset(inspection, NULL)))
        inspect_numbers_json(&numbers, all);
    inspect_numbers_free(&numbers);
    cJSON *faults = cJSON_AddArrayToObject(all, "faults"), *notes = cJSON_AddArrayToObject(all, "notes");
    for (size_t i = 0; i < fovea_inspection_faults(inspection); i++) {
        fovea_fault fault;
        fovea_inspection_fault(inspection, i, &fault);
        cJSON_AddItemToArray(fault.kind < FOVEA_NOTE_TURNED ? faults : notes, fault_json(&fault));
    }
    return all;
}
