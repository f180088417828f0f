/* Files from strangers that are large where real ones are small: work grows with what they hold, not with its
 * square. */
#include "clock.h"
#include "inspection.h"
#include "json_text.h"
#include "trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 1024, TIMES = 8 };

static void add(fovea__text *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(fovea__text *to, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    support_ok(fovea__text_word(to, text));
}

static void put(const char *name, fovea__text *text)
{
    trial_put(name, text->bytes);
    free(text->bytes);
}

/* trial_expect_same() from a part on, without the files' megabytes in its words. */
static void expect_same(const char *name, const char *other, const char *from)
{
    char *got = trial_text(name), *want = trial_text(other);
    ck_assert_msg(strstr(got, from) && strcmp(strstr(got, from), strstr(want, from)) == 0, "%s is not %s", name, other);
    free(got);
    free(want);
}

/* The i-th box: in a picture of SIDE x SIDE, hardly two with an edge in common. */
static void draw(double box[4], size_t i)
{
    box[0] = (double)(i * 7919 % 64000) / 64;
    box[1] = (double)(i * 104729 % 64000) / 64;
    box[2] = 2 + (double)(i % 16);
    box[3] = 2 + (double)(i % 17);
}

static void add_labels(fovea__text *to, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        double b[4];
        draw(b, i);
        add(to, "%d %.17g %.17g %.17g %.17g\n", (int)(i % 2), (b[0] + b[2] / 2) / SIDE, (b[1] + b[3] / 2) / SIDE,
            b[2] / SIDE, b[3] / SIDE);
    }
}

static void add_xml(fovea__text *to, size_t n)
{
    add(to, "<annotation><filename>a.jpg</filename><size><width>%d</width><height>%d</height></size>", SIDE, SIDE);
    for (size_t i = n; i-- > 0;) {
        double b[4];
        draw(b, i);
        add(to, "<object><name>c%d</name><bndbox><xmin>%.17g</xmin><ymin>%.17g</ymin><xmax>%.17g</xmax>"
                "<ymax>%.17g</ymax></bndbox></object>", (int)(i % 2), b[0] + 1, b[1] + 1, b[0] + b[2], b[1] + b[3]);
    }
    add(to, "</annotation>");
}

/* COCO with one picture of n boxes in two classes; kept: the text that a format has of it, under `format` and `key`. */
static void put_coco(size_t n, const char *format, const char *key, const fovea__text *kept)
{
    fovea__text text = {0};
    add(&text, "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\", \"width\": %d, \"height\": %d", SIDE, SIDE);
    if (kept) {
        add(&text, ", \"%s\": {\"%s\": ", format, key);
        support_ok(fovea__text_quote(&text, kept->bytes));
        add(&text, "}");
    }
    add(&text, "}], \"categories\": [{\"id\": 0, \"name\": \"c0\"}, {\"id\": 1, \"name\": \"c1\"}], ");
    add(&text, "\"annotations\": [");
    for (size_t i = 0; i < n; i++) {
        double b[4];
        draw(b, i);
        add(&text, "%s{\"id\": %zu, \"image_id\": 1, \"category_id\": %d, \"bbox\": [%.17g, %.17g, %.17g, %.17g]}",
            i ? ", " : "", i + 1, (int)(i % 2), b[0], b[1], b[2], b[3]);
    }
    add(&text, "]}");
    put("large.json", &text);
}

/* ---- what is prepared, and what is done with it ---------------------------------------------------------------- */

static void prepare_texts(size_t n)
{
    fovea__text text = {0};
    add(&text, "<annotation><filename>");
    for (size_t i = 0; i < n; i++)
        add(&text, "a<!---->");
    add(&text, "</filename></annotation>");
    put("voc/x.xml", &text);
}

static void open_texts(void)
{
    fovea_dataset *set = NULL;
    support_fails(fovea_dataset_open(&set, "", trial_path("voc"), FOVEA_FORMAT_VOC), FOVEA_ERROR_FORMAT, "box");
}

/* Labels in another order than the document has them, beside which they lie. */
static void prepare_edited(size_t n)
{
    trial_picture("photos/a.jpg", SIDE, SIDE);
    put_coco(n, NULL, NULL, NULL);
    trial_must_convert("photos", "large.json", FOVEA_FORMAT_YOLO, "yolo");
    fovea__text labels = {0};
    add_labels(&labels, n);
    put("yolo/labels/large/a.txt", &labels);
}

static void read_edited(void)
{
    trial_must_convert("yolo/images", "yolo/data.yaml#large", FOVEA_FORMAT_COCO, "again.json");
    expect_same("again.json", "large.json", "\"annotations\"");
}

static void prepare_labels(size_t n)
{
    fovea__text labels = {0};
    trial_picture("images/a.jpg", SIDE, SIDE);
    add_labels(&labels, n);
    put_coco(n, "yolo", "labels", &labels);
    put("kept.txt", &labels);
}

static void write_labels(void)
{
    trial_must_convert("images", "large.json", FOVEA_FORMAT_YOLO, "");
    expect_same("labels/a.txt", "kept.txt", "");
}

static void prepare_xml(size_t n)
{
    fovea__text xml = {0};
    trial_picture("photos/a.jpg", SIDE, SIDE);
    add_xml(&xml, n);
    put_coco(n, "voc", "xml", &xml);
    put("kept.xml", &xml);
}

static void write_xml(void)
{
    trial_must_convert("photos", "large.json", FOVEA_FORMAT_VOC, "voc");
    expect_same("voc/Annotations/a.xml", "kept.xml", "");
}

static void prepare_coverage(size_t n)
{
    put_coco(n, NULL, NULL, NULL);
}

static void measure_coverage(void)
{
    fovea_dataset *set = NULL;
    fovea_cover *covers = NULL;
    size_t count = 0;
    support_ok(fovea_dataset_open_coco(&set, "", trial_path("large.json")));
    support_ok(fovea_coverage_measure(&covers, &count, set, &(fovea_coverage_options){.size = 4 * SIDE}));
    ck_assert_uint_gt(count, 0);
    fovea_coverage_free(covers);
    fovea_dataset_close(set);
}

/* A square law takes TIMES * TIMES times as long for TIMES as much, sorting little more than TIMES times. */
static const struct {
    const char *what;
    void (*prepare)(size_t n);
    void (*work)(void);
    size_t least;
} loads[] = {
    {"texts of one XML element", prepare_texts, open_texts, 100000},
    {"boxes of edited files", prepare_edited, read_edited, 5000},
    {"boxes of kept labels", prepare_labels, write_labels, 5000},
    {"boxes of kept XML", prepare_xml, write_xml, 5000},
    {"boxes to be covered", prepare_coverage, measure_coverage, 5000},
};

START_TEST(large__work_grows_with_size)
{
    double seconds[2];
    for (int k = 0; k < 2; k++) {
        trial_begin();
        loads[_i].prepare(loads[_i].least * (k ? TIMES : 1));
        const double begin = fovea__clock_thread();
        loads[_i].work();
        seconds[k] = fovea__clock_thread() - begin;
    }
    ck_assert_msg(seconds[1] < 2 * TIMES * seconds[0], "%s: %zu take %.3f s and %d times as many %.3f s",
                  loads[_i].what, loads[_i].least, seconds[0], TIMES, seconds[1]);
}
END_TEST

/* Of a picture's many boxes the last is named as fast as the first. */
START_TEST(large__names_of_boxes_are_at_hand)
{
    enum { BOXES = 20000, NAMES = 2000 };
    fovea__text labels = {0};
    fovea_inspection *in = NULL;
    char name[FOVEA__INSPECT_NAME];
    double seconds[2];
    trial_begin();
    trial_picture("images/a.jpg", SIDE, SIDE);
    trial_put("data.yaml", "train: images\nnames: [c0, c1]\n");
    add_labels(&labels, BOXES);
    put("labels/a.txt", &labels);
    support_ok(fovea_inspection_open(&in, trial_path("images"), trial_path("data.yaml"), NULL));
    for (int k = 0; k < 2; k++) {
        const double begin = fovea__clock_thread();
        for (int i = 0; i < NAMES; i++)
            fovea__inspect_box_name(in, k ? BOXES - 1 : 0, true, name);
        seconds[k] = fovea__clock_thread() - begin;
    }
    ck_assert_msg(strncmp(name, "box 20000 in ", 13) == 0, "the last box is called %s", name);
    ck_assert_msg(seconds[1] < 5 * seconds[0], "%d names of the first box take %.6f s, of the last %.6f s", NAMES,
                  seconds[0], seconds[1]);
    fovea_inspection_close(in);
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = large__work_grows_with_size, .rows = COUNT(loads)},
        {.test = large__names_of_boxes_are_at_hand},
    };
    return support_run("large", cases, COUNT(cases));
}
