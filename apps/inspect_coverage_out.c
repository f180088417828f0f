/* Anchor coverage as text and as JSON, see inspect_coverage.h. */
#include "inspect_coverage.h"

#include "json_out.h"

#include <math.h>
#include <stdio.h>

enum { SHOWN = 10, MOST_LISTED = 10000 }; /* boxes, and classes, in the text; boxes in the JSON */

static const char *const states[COVERAGE_STATES] = {"covered", "weak", "none"};
static const char *const reason_keys[COVERAGE_REASONS] = {"too_small", "too_large", "too_long", "taken", "between"};

static const char *profile_name(const inspect_coverage *coverage)
{
    return coverage->options.profile == FOVEA_PROFILE_TORCHVISION ? "torchvision" : "paper";
}

/* What the annotations call a box, picture after picture: rows come in their order, so each goes on from the last. */
typedef struct walk {
    size_t picture, first; /* boxes of the pictures before it */
    fovea_picture at;
} walk;

static const fovea_box *walk_to(walk *w, const fovea_dataset *set, const fovea_cover *c)
{
    for (; w->picture < c->picture; w->picture++)
        w->first += fovea_dataset_picture(set, w->picture, &w->at) ? 0 : w->at.n_boxes;
    return fovea_dataset_picture(set, c->picture, &w->at) ? NULL : &w->at.boxes[c->box];
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static void print_bins(const inspect_coverage *coverage)
{
    char name[24];
    printf("  %-16s %9s %9s %9s %9s\n", "side there", "boxes", states[0], "weak only", states[2]);
    for (int i = 0; i < COVERAGE_BINS; i++) {
        const int64_t *bin = coverage->bins[i];
        if (bin[0] + bin[1] + bin[2] > 0)
            printf("  %-16s %9lld %9lld %9lld %9lld\n", inspect_coverage_bin(name, i),
                   (long long)(bin[0] + bin[1] + bin[2]), (long long)bin[0], (long long)bin[1], (long long)bin[2]);
    }
}

static void print_classes(const class_covers *classes)
{
    const int shown = classes->count < SHOWN ? classes->count : SHOWN;
    printf("  %-24s %9s %9s\n", "class, the worst first", "boxes", states[0]);
    for (int i = 0; i < shown; i++) {
        const class_cover *c = &classes->items[i];
        printf("  %-24s %9lld %9lld\n", c->name, (long long)c->boxes, (long long)c->covered);
    }
    if (classes->count > shown)
        printf("  and %d more class%s; --json lists them all\n", classes->count - shown,
               classes->count - shown == 1 ? "" : "es");
}

static void print_boxes(const inspect_coverage *coverage, const int64_t *ids)
{
    const int64_t total = coverage->states[COVERAGE_WEAK] + coverage->states[COVERAGE_NONE];
    const char *const *names;
    int64_t shown = 0;
    walk w = {0};
    fovea_dataset_labels(coverage->set, &names, NULL);
    for (size_t i = 0; i < coverage->count && shown < SHOWN; i++) {
        const fovea_cover *c = &coverage->covers[i];
        const fovea_box *box = inspect_coverage_state(c) == COVERAGE_COVERED ? NULL : walk_to(&w, coverage->set, c);
        if (!box)
            continue;
        printf("  %s: annotation %lld, %s, %.1f x %.1f, there %.1f x %.1f: overlap %.2f, %s\n", w.at.file_name,
               (long long)ids[w.first + c->box], names[box->label], (double)(box->x1 - box->x0),
               (double)(box->y1 - box->y0), (double)c->width, (double)c->height, (double)c->overlap,
               inspect_coverage_reasons[inspect_coverage_reason(coverage, c)]);
        shown++;
    }
    if (total > shown)
        printf("  and %lld more; --json lists %s\n", (long long)(total - shown),
               total > MOST_LISTED ? "the first 10000" : "them all");
}

static void print_others(const inspect_coverage *coverage)
{
    printf("  covered by --size:");
    for (int i = 0; i < coverage->n_sizes; i++)
        printf("  %d: %.1f %%", coverage->sizes[i].options.size,
               inspect_coverage_percent(coverage->sizes[i].covered, coverage->sizes[i].boxes));
    printf("\n  covered by --anchor-scales, of 3 ratios:");
    for (int i = 0; i < coverage->n_anchors; i++)
        printf("  %d: %.1f %%", coverage->anchors[i].options.anchor_scales,
               inspect_coverage_percent(coverage->anchors[i].covered, coverage->anchors[i].boxes));
    const coverage_other *own = inspect_coverage_own(coverage);
    if (own && own->boxes < (int64_t)coverage->count)
        printf("\n  (these two lines are of %lld boxes, those of evenly chosen pictures)", (long long)own->boxes);
    printf("\n");
}

int inspect_coverage_advice(const inspect_coverage *coverage, char out[COVERAGE_ADVICE][COVERAGE_TEXT])
{
    const coverage_other *own = inspect_coverage_own(coverage);
    const int size = own ? inspect_coverage_better(coverage->sizes, coverage->n_sizes, own) : -1;
    const int anchors = own ? inspect_coverage_better(coverage->anchors, coverage->n_anchors, own) : -1;
    char named[CLASS_COVER_TEXT];
    int n = 0;
    if (class_covers_poor(&coverage->classes))
        snprintf(out[n++], COVERAGE_TEXT, "hardly learnt, as less than half is covered: %s",
                 class_covers_name_poor(&coverage->classes, named));
    if (size >= 0) {
        const coverage_other *o = &coverage->sizes[size];
        const double work = pow((double)o->options.size / coverage->options.size, 2);
        snprintf(out[n++], COVERAGE_TEXT, "try --size %d --max-size %d: %.1f %% covered, for about %.2g times the work",
                 o->options.size, o->options.max_size, inspect_coverage_percent(o->covered, o->boxes), work);
    }
    if (anchors >= 0) {
        const coverage_other *o = &coverage->anchors[anchors];
        snprintf(out[n++], COVERAGE_TEXT, "try --anchor-scales %d --anchor-ratios %d: %.1f %% covered",
                 o->options.anchor_scales, o->options.anchor_ratios, inspect_coverage_percent(o->covered, o->boxes));
    }
    if (size < 0 && anchors < 0)
        snprintf(out[n++], COVERAGE_TEXT, "no other --size or anchors would cover clearly more");
    return n;
}

const char *inspect_coverage_summary(const inspect_coverage *coverage, char out[COVERAGE_TEXT])
{
    const fovea_coverage_options *o = &coverage->options;
    const int64_t all = (int64_t)coverage->count, covered = coverage->states[COVERAGE_COVERED];
    snprintf(out, COVERAGE_TEXT, "anchors at --size %d --max-size %d, profile %s, %d scale%s x %d ratio%s: they cover "
             "%lld of %lld boxes (%.1f %%)", o->size, o->max_size, profile_name(coverage), o->anchor_scales,
             o->anchor_scales == 1 ? "" : "s", o->anchor_ratios, o->anchor_ratios == 1 ? "" : "s", (long long)covered,
             (long long)all, inspect_coverage_percent(covered, all));
    return out;
}

void inspect_coverage_print(const inspect_coverage *coverage, const int64_t *ids)
{
    const int64_t all = (int64_t)coverage->count, covered = coverage->states[COVERAGE_COVERED];
    char text[COVERAGE_TEXT], advice[COVERAGE_ADVICE][COVERAGE_TEXT];
    if (!coverage->count)
        return;
    printf("\n%s\n", inspect_coverage_summary(coverage, text));
    print_bins(coverage);
    if (covered == all)
        return;
    print_classes(&coverage->classes);
    printf("not covered, and hardly learnt: %lld box%s\n", (long long)(all - covered), all - covered == 1 ? "" : "es");
    for (int i = 0; i < COVERAGE_REASONS; i++)
        if (coverage->reasons[i])
            printf("  %-30s %6lld\n", inspect_coverage_reasons[i], (long long)coverage->reasons[i]);
    print_boxes(coverage, ids);
    print_others(coverage);
    const int n = inspect_coverage_advice(coverage, advice);
    for (int i = 0; i < n; i++)
        printf("  %s\n", advice[i]);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static cJSON *other_json(const coverage_other *other)
{
    cJSON *row = cJSON_CreateObject();
    json_add_integer(row, "size", other->options.size);
    json_add_integer(row, "max_size", other->options.max_size);
    json_add_integer(row, "anchor_scales", other->options.anchor_scales);
    json_add_integer(row, "anchor_ratios", other->options.anchor_ratios);
    json_add_integer(row, "boxes", other->boxes);
    json_add_integer(row, "covered", other->covered);
    return row;
}

static cJSON *bin_json(const inspect_coverage *coverage, int bin)
{
    cJSON *row = cJSON_CreateObject();
    json_add_integer(row, "from", bin ? 4 << bin : 0);
    if (bin < COVERAGE_BINS - 1)
        json_add_integer(row, "below", 8 << bin);
    for (int state = 0; state < COVERAGE_STATES; state++)
        json_add_integer(row, states[state], coverage->bins[bin][state]);
    return row;
}

static cJSON *class_json(const class_cover *c)
{
    cJSON *row = cJSON_CreateObject();
    json_add_integer(row, "id", c->id);
    cJSON_AddStringToObject(row, "name", c->name);
    json_add_integer(row, "boxes", c->boxes);
    json_add_integer(row, "covered", c->covered);
    return row;
}

static void add_uncovered(const inspect_coverage *coverage, const int64_t *ids, cJSON *list)
{
    const char *const *names;
    const int64_t *categories;
    int listed = 0;
    walk w = {0};
    fovea_dataset_labels(coverage->set, &names, &categories);
    for (size_t i = 0; i < coverage->count && listed < MOST_LISTED; i++) {
        const fovea_cover *c = &coverage->covers[i];
        const fovea_box *box = inspect_coverage_state(c) == COVERAGE_COVERED ? NULL : walk_to(&w, coverage->set, c);
        if (!box)
            continue;
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "file", w.at.file_name);
        json_add_integer(row, "image_id", w.at.id);
        json_add_integer(row, "annotation_id", ids[w.first + c->box]);
        json_add_integer(row, "category_id", categories[box->label]);
        cJSON_AddStringToObject(row, "class", names[box->label]);
        json_add_float(row, "width", c->width);
        json_add_float(row, "height", c->height);
        json_add_float(row, "overlap", c->overlap);
        json_add_integer(row, "anchors", c->anchors);
        cJSON_AddStringToObject(row, "reason", reason_keys[inspect_coverage_reason(coverage, c)]);
        cJSON_AddItemToArray(list, row);
        listed++;
    }
}

void inspect_coverage_json(const inspect_coverage *coverage, const int64_t *ids, cJSON *to)
{
    if (!coverage->count)
        return;
    cJSON *all = cJSON_AddObjectToObject(to, "coverage");
    json_add_integer(all, "size", coverage->options.size);
    json_add_integer(all, "max_size", coverage->options.max_size);
    cJSON_AddStringToObject(all, "profile", profile_name(coverage));
    json_add_integer(all, "anchor_scales", coverage->options.anchor_scales);
    json_add_integer(all, "anchor_ratios", coverage->options.anchor_ratios);
    json_add_integer(all, "boxes", (int64_t)coverage->count);
    for (int state = 0; state < COVERAGE_STATES; state++)
        json_add_integer(all, states[state], coverage->states[state]);
    cJSON *reasons = cJSON_AddObjectToObject(all, "reasons");
    for (int i = 0; i < COVERAGE_REASONS; i++)
        json_add_integer(reasons, reason_keys[i], coverage->reasons[i]);
    cJSON *list = cJSON_AddArrayToObject(all, "by_side");
    for (int i = 0; i < COVERAGE_BINS; i++)
        cJSON_AddItemToArray(list, bin_json(coverage, i));
    list = cJSON_AddArrayToObject(all, "by_class");
    for (int i = 0; i < coverage->classes.count; i++)
        cJSON_AddItemToArray(list, class_json(&coverage->classes.items[i]));
    list = cJSON_AddArrayToObject(all, "with_other_sizes");
    for (int i = 0; i < coverage->n_sizes; i++)
        cJSON_AddItemToArray(list, other_json(&coverage->sizes[i]));
    list = cJSON_AddArrayToObject(all, "with_other_anchors");
    for (int i = 0; i < coverage->n_anchors; i++)
        cJSON_AddItemToArray(list, other_json(&coverage->anchors[i]));
    add_uncovered(coverage, ids, cJSON_AddArrayToObject(all, "uncovered"));
}
