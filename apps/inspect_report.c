/* What an inspection found, see inspect_report.h. */
#include "inspect_report.h"

#include "json_out.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN = 10 }; /* of a kind, in the text */

bool inspect_report_make(inspect_report *report, const fovea_coverage_options *options)
{
    const fovea_dataset *set = fovea_inspection_dataset(report->inspection, NULL);
    if (set && !inspect_numbers_count(&report->numbers, set)) {
        fputs("fovea: out of memory for the numbers of a data set\n", stderr);
        return false;
    }
    return inspect_coverage_measure(&report->coverage, set, options);
}

void inspect_report_clear(inspect_report *report)
{
    inspect_numbers_free(&report->numbers);
    inspect_coverage_clear(&report->coverage);
}

size_t inspect_report_count(const inspect_report *report)
{
    size_t count = 0;
    for (int kind = 0; kind < FOVEA_NOTE_TURNED; kind++)
        count += fovea_inspection_count(report->inspection, (fovea_fault_kind)kind);
    return count;
}

const char *inspect_report_short(const inspect_report *report, const char *sentence)
{
    const size_t length = strlen(report->annotations);
    return strncmp(sentence, report->annotations, length) == 0 && strncmp(sentence + length, ": ", 2) == 0
               ? sentence + length + 2
               : sentence;
}

const char *inspect_report_title(const fovea_fault *fault, size_t count, char out[INSPECT_TITLE])
{
    const bool of_all = count == 1 && !fault->file_name && fault->image_id == FOVEA_NO_ID &&
                        fault->annotation_id == FOVEA_NO_ID && fault->category_id == FOVEA_NO_ID;
    if (of_all)
        snprintf(out, INSPECT_TITLE, "%s", fovea_fault_title(fault->kind));
    else
        snprintf(out, INSPECT_TITLE, "%s: %zu", fovea_fault_title(fault->kind), count);
    return out;
}

static void print_kind(const inspect_report *report, size_t first, size_t count)
{
    fovea_fault fault;
    char title[INSPECT_TITLE];
    fovea_inspection_fault(report->inspection, first, &fault);
    printf("%s\n", inspect_report_title(&fault, count, title));
    for (size_t i = 0; i < count && i < SHOWN; i++) {
        fovea_inspection_fault(report->inspection, first + i, &fault);
        printf("  %s\n    %s%s\n", inspect_report_short(report, fault.sentence),
               !fault.mended ? "" : report->fixed ? "mended: " : "with --fix: ", fault.fix);
    }
    if (count > SHOWN)
        printf("  and %zu more; --json lists them all\n", count - SHOWN);
}

static void print_numbers(const inspect_numbers *n)
{
    printf("%lld picture%s, %lld box%s; %.1f a picture, at most %lld\n", (long long)n->pictures,
           n->pictures == 1 ? "" : "s", (long long)n->boxes, n->boxes == 1 ? "" : "es",
           n->pictures ? (double)n->boxes / (double)n->pictures : 0.0, (long long)n->most_a_picture);
    for (int i = 0; i < n->labels; i++)
        printf("  %-24s %8lld\n", n->names[i], (long long)n->by_label[i]);
    printf("sides in pixels: smallest %.1f, median %.1f, largest %.1f; "
           "below 32: %lld, below 96: %lld, others: %lld\n",
           n->side[0], n->side[1], n->side[2], (long long)n->by_area[0], (long long)n->by_area[1],
           (long long)n->by_area[2]);
    printf("width / height: smallest %.2f, median %.2f, largest %.2f\n", n->aspect[0], n->aspect[1], n->aspect[2]);
}

static void print_faults(const inspect_report *report)
{
    const size_t total = fovea_inspection_faults(report->inspection), faults = inspect_report_count(report);
    for (size_t first = 0; first < total;) {
        fovea_fault fault;
        fovea_inspection_fault(report->inspection, first, &fault);
        const size_t count = fovea_inspection_count(report->inspection, fault.kind);
        if (first == 0 && faults)
            printf("\n%zu fault%s\n", faults, faults == 1 ? "" : "s");
        if (first == faults)
            printf("\n%zu note%s\n", total - faults, total - faults == 1 ? "" : "s");
        print_kind(report, first, count);
        first += count;
    }
    if (!faults)
        printf("\nno faults\n");
}

void inspect_report_print(const inspect_report *report)
{
    const int64_t *ids = NULL;
    fovea_inspection_dataset(report->inspection, &ids);
    printf("%s\n", report->annotations);
    if (report->numbers.boxes)
        print_numbers(&report->numbers);
    inspect_coverage_print(&report->coverage, ids);
    print_faults(report);
    if (report->fixed)
        printf("\nthe mended copy is %s\n", report->fixed);
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

cJSON *inspect_report_json(const inspect_report *report)
{
    const int64_t *ids = NULL;
    cJSON *all = cJSON_CreateObject();
    fovea_inspection_dataset(report->inspection, &ids);
    cJSON_AddStringToObject(all, "annotations", report->annotations);
    if (report->numbers.boxes)
        inspect_numbers_json(&report->numbers, all);
    inspect_coverage_json(&report->coverage, ids, all);
    cJSON *faults = cJSON_AddArrayToObject(all, "faults"), *notes = cJSON_AddArrayToObject(all, "notes");
    for (size_t i = 0; i < fovea_inspection_faults(report->inspection); i++) {
        fovea_fault fault;
        fovea_inspection_fault(report->inspection, i, &fault);
        cJSON_AddItemToArray(fault.kind < FOVEA_NOTE_TURNED ? faults : notes, fault_json(&fault));
    }
    return all;
}
