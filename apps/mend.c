/* Mending annotations, see mend.h. */
#include "mend.h"

#include "pick_device.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers --------------------------------------------------------------------------------------------------- */

/* A whole number from 1 on; *at moves behind it. */
static bool read_number(const char **at, size_t *out)
{
    char *end;
    if (!isdigit((unsigned char)**at))
        return false;
    errno = 0;
    const unsigned long long number = strtoull(*at, &end, 10);
    *at = end;
    *out = (size_t)number;
    return errno == 0 && number > 0 && *out == number;
}

static bool read_span(const char **at, mend_span *out)
{
    if (!read_number(at, &out->first))
        return false;
    out->last = out->first;
    if (**at != '-')
        return true;
    ++*at;
    return read_number(at, &out->last) && out->last >= out->first;
}

static int compare_spans(const void *left, const void *right)
{
    const mend_span *a = left, *b = right;
    return (a->first > b->first) - (a->first < b->first);
}

bool mend_read(mend_numbers *out, const char *text, char why[160])
{
    size_t room = 1;
    for (const char *at = text; *at; at++)
        room += *at == ',';
    *out = (mend_numbers){.spans = calloc(room, sizeof *out->spans)};
    if (!out->spans) {
        snprintf(why, 160, "out of memory for %zu numbers", room);
        return false;
    }
    for (const char *at = text;; at++) {
        const char *begin = at;
        if (!read_span(&at, &out->spans[out->n]) || (*at && *at != ',')) {
            snprintf(why, 160, "expected numbers of mistakes, such as 1,4,7-9, found '%.*s'",
                     (int)(strcspn(begin, ",") < 60 ? strcspn(begin, ",") : 60), begin);
            return false;
        }
        out->n++;
        if (!*at)
            break;
    }
    qsort(out->spans, out->n, sizeof *out->spans, compare_spans);
    for (size_t i = 1; i < out->n; i++)
        if (out->spans[i].first <= out->spans[i - 1].last) {
            snprintf(why, 160, "mistake %zu is named twice", out->spans[i].first);
            return false;
        }
    return true;
}

void mend_clear(mend_numbers *numbers)
{
    free(numbers->spans);
    *numbers = (mend_numbers){0};
}

/* ---- mending --------------------------------------------------------------------------------------------------- */

typedef struct tally {
    int added, classes, boxes, left_out;
} tally;

static void print_place(const review *r, const fovea_match *m, const double box[4])
{
    printf(" at %.0f, %.0f, %.0f x %.0f in %s\n", box[0], box[1], box[2], box[3], review_picture(r, m->image_id));
}

/* What became of a mistake. next_id: of the next annotation that is new. */
static void print_change(const review *r, size_t number, const fovea_match *m, int64_t *next_id, tally *sum)
{
    const char *name = review_name(r, m->category_id), *true_name = review_name(r, m->true_category_id);
    const long long id = (long long)m->annotation_id;
    if (m->kind == FOVEA_MATCH_MISSED) {
        printf("%zu: annotation %lld is left out: %s", number, id, true_name);
        print_place(r, m, m->true_box);
        sum->left_out++;
    } else if (m->kind == FOVEA_MATCH_WRONG_CLASS) {
        printf("%zu: annotation %lld is now %s, was %s:", number, id, name, true_name);
        print_place(r, m, m->true_box);
        sum->classes++;
    } else if (m->kind == FOVEA_MATCH_MISPLACED) {
        printf("%zu: annotation %lld gets the detection's box: %s", number, id, name);
        print_place(r, m, m->box);
        sum->boxes++;
    } else {
        printf("%zu: annotation %lld is new: %s", number, (long long)(*next_id)++, name);
        print_place(r, m, m->box);
        sum->added++;
    }
}

/* The matches of the numbers, to be freed; NULL after a sentence. */
static fovea_match *collect(const review *r, const mend_numbers *numbers, size_t *n)
{
    const size_t last = numbers->spans[numbers->n - 1].last;
    if (last > r->n_mistakes) {
        fprintf(stderr, "fovea: --accept: there is no mistake %zu, the last one is %zu\n", last, r->n_mistakes);
        return NULL;
    }
    fovea_match *all = calloc(last, sizeof *all);
    if (!all) {
        fprintf(stderr, "fovea: out of memory for %zu mistakes\n", last);
        return NULL;
    }
    for (size_t i = 0; i < numbers->n; i++)
        for (size_t number = numbers->spans[i].first; number <= numbers->spans[i].last; number++)
            all[(*n)++] = *r->mistakes[number - 1];
    return all;
}

bool mend_write(const review *r, const mend_numbers *numbers, const char *annotations, fovea_format format,
                const char *path)
{
    size_t n = 0, at = 0;
    int64_t next_id = 0;
    tally sum = {0};
    fovea_match *accepted = collect(r, numbers, &n);
    if (!accepted || !told(fovea_annotations_mend(r->images ? r->images : "", annotations, format, accepted, n, path,
                                                  &next_id))) {
        free(accepted);
        return false;
    }
    for (size_t i = 0; i < numbers->n; i++)
        for (size_t number = numbers->spans[i].first; number <= numbers->spans[i].last; number++)
            print_change(r, number, &accepted[at++], &next_id, &sum);
    printf("%s: %d added, %d of another class, %d with another box, %d left out; %s stays as it is\n", path, sum.added,
           sum.classes, sum.boxes, sum.left_out, annotations);
    free(accepted);
    return true;
}
