/* The pictures of a review, see review.h: crops around mistakes as JPEG inside the page, boxes drawn over them. */
#include "review.h"

#include "folder.h"
#include "page_picture.h"
#include "pick_device.h"

#include <stdlib.h>

enum { SHOWN = 12, SHOWN_OF_KIND = 6, SIDE = 280, LEAST_SIDE = 96 };

typedef struct window {
    int x, y, width, height;
} window;

/* ---- cutting out ----------------------------------------------------------------------------------------------- */

static int within(double value, int low, int high)
{
    return value > low ? value < high ? (int)value : high : low;
}

/* The part of a picture around a box: three times as large, and at least of LEAST_SIDE. */
static window window_around(const double box[4], const fovea_image *image)
{
    double side = 3 * (box[2] > box[3] ? box[2] : box[3]);
    side = side > LEAST_SIDE ? side : LEAST_SIDE;
    window w = {.width = within(side, 1, image->width), .height = within(side, 1, image->height)};
    w.x = within(box[0] + box[2] / 2 - w.width / 2.0, 0, image->width - w.width);
    w.y = within(box[1] + box[3] / 2 - w.height / 2.0, 0, image->height - w.height);
    return w;
}

/* Shrinks a window of a picture by a whole factor, taking means; out is as large as what is left. */
static void shrink(fovea_image *out, const fovea_image *image, window w, int factor)
{
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++)
            for (int c = 0; c < 3; c++) {
                unsigned sum = 0;
                for (int v = 0; v < factor; v++)
                    for (int u = 0; u < factor; u++)
                        sum += image->pixels[3 * ((size_t)(w.y + y * factor + v) * (size_t)image->width +
                                                  (size_t)(w.x + x * factor + u)) + (size_t)c];
                out->pixels[3 * ((size_t)y * (size_t)out->width + (size_t)x) + (size_t)c] =
                    (uint8_t)((sum + (unsigned)(factor * factor) / 2) / (unsigned)(factor * factor));
            }
}

/* Writes a window of a picture as an <image> of an svg. */
static bool write_image(FILE *to, const fovea_image *image, window w)
{
    const int shorter = w.width < w.height ? w.width : w.height, longer = w.width + w.height - shorter;
    int factor = longer > 2 * SIDE ? longer / (2 * SIDE) : 1;
    factor = factor < shorter ? factor : shorter;
    fovea_image small = {0};
    const int width = w.width / factor, height = w.height / factor;
    if (!told(fovea_image_create(&small, width, height)))
        return false;
    shrink(&small, image, w, factor);
    fprintf(to, "<image x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" href=\"", w.x, w.y, small.width * factor,
            small.height * factor);
    const bool good = page_picture(to, &small);
    fputs("\"/>\n", to);
    fovea_image_clear(&small);
    return good;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void write_rect(FILE *to, const double box[4], const char *style)
{
    fprintf(to, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"none\" "
            "vector-effect=\"non-scaling-stroke\" style=\"%s\"/>\n", box[0], box[1], box[2] > 0 ? box[2] : 0,
            box[3] > 0 ? box[3] : 0, style);
}

static void write_place(FILE *to, const double box[4])
{
    fprintf(to, "<br/>at %.0f, %.0f, %.0f × %.0f", box[0], box[1], box[2], box[3]);
}

/* The score at which a missed object was found after all, below what counts of its class; -1: none. */
static double weak_score(const review *r, const fovea_match *miss)
{
    for (size_t i = 0; i < r->n_all; i++) {
        const fovea_match *m = &r->all[i];
        if (m->kind == FOVEA_MATCH_RIGHT && m->image_id == miss->image_id && m->annotation_id == miss->annotation_id &&
            m->true_category_id == miss->true_category_id)
            return m->score;
    }
    return -1;
}

static void write_caption(FILE *to, const review *r, size_t place, const char *name)
{
    static const char *const said[] = {
        [FOVEA_MATCH_WRONG_CLASS] = "is", [FOVEA_MATCH_DUPLICATE] = "already found:",
        [FOVEA_MATCH_BACKGROUND] = "nothing annotated there", [FOVEA_MATCH_MISPLACED] = "badly placed on"};
    const fovea_match *m = r->mistakes[place];
    fprintf(to, "<figcaption>%zu: ", place + 1);
    page_text(to, name);
    fputs("<br/>", to);
    if (m->kind == FOVEA_MATCH_MISSED) {
        fputs("missed: ", to);
        page_text(to, review_name(r, m->true_category_id));
        const double weak = weak_score(r, m);
        if (weak >= 0)
            fprintf(to, ", found at score %.2f only", weak);
        write_place(to, m->true_box);
    } else {
        page_text(to, review_name(r, m->category_id));
        fprintf(to, " %.2f, %s", m->score, said[m->kind]);
        if (m->true_category_id >= 0) {
            fputc(' ', to);
            page_text(to, review_name(r, m->true_category_id));
        }
        if (m->kind == FOVEA_MATCH_MISPLACED)
            fprintf(to, " (IoU %.2f)", m->overlap);
        if (m->kind == FOVEA_MATCH_BACKGROUND && m->overlap > 0.1)
            fprintf(to, " (IoU %.2f with the nearest object)", m->overlap);
        write_place(to, m->box);
    }
    if (m->true_category_id >= 0)
        fprintf(to, "<br/>annotation %lld", (long long)m->annotation_id);
    fputs("</figcaption>\n", to);
}

/* Each annotated object stands in one match of these kinds. */
static bool tells_object(const fovea_match *m)
{
    return m->kind == FOVEA_MATCH_RIGHT || m->kind == FOVEA_MATCH_WRONG_CLASS || m->kind == FOVEA_MATCH_MISSED;
}

/* Around what it is about stand, thinly, all that is annotated in the picture and all that was detected there. */
static void write_boxes(FILE *to, const review *r, const fovea_match *m)
{
    static const char edge[] = "stroke: #000; stroke-width: 4.5; stroke-opacity: .7", /* shows on light and dark */
                      truth[] = "stroke: #fff; stroke-width: 2; stroke-dasharray: 6 4",
                      wrong[] = "stroke: #ff8a3d; stroke-width: 2.5", around[] = "stroke: #56b4e9; stroke-width: 1.2",
                      other_edge[] = "stroke: #000; stroke-width: 2.6; stroke-opacity: .5",
                      other[] = "stroke: #fff; stroke-width: 1.2; stroke-dasharray: 3 3";
    size_t first, end;
    review_matches_of(r, m->image_id, &first, &end);
    for (size_t i = first; i < end; i++) {
        const fovea_match *near = &r->matches[i];
        if (tells_object(near)) {
            write_rect(to, near->true_box, other_edge);
            write_rect(to, near->true_box, other);
        }
        if (near != m && near->kind != FOVEA_MATCH_MISSED)
            write_rect(to, near->box, around);
    }
    if (m->true_category_id >= 0) {
        write_rect(to, m->true_box, edge);
        write_rect(to, m->true_box, truth);
    }
    if (m->kind != FOVEA_MATCH_MISSED) {
        write_rect(to, m->box, edge);
        write_rect(to, m->box, wrong);
    }
}

/* One picture; a picture that cannot be read is named and left out. */
static void write_mistake(FILE *to, const review *r, size_t place, const char *kind, size_t number)
{
    const fovea_match *m = r->mistakes[place];
    char path[FOLDER_PATH];
    fovea_image image = {0};
    const char *name = review_picture(r, m->image_id);
    if (!folder_join(path, r->images, name, NULL) || !told(fovea_image_read(&image, path)))
        return;
    const window w = window_around(m->kind == FOVEA_MATCH_MISSED ? m->true_box : m->box, &image);
    const int longer = w.width > w.height ? w.width : w.height;
    fprintf(to, "<figure>\n<svg id=\"%s-%zu\" viewBox=\"%d %d %d %d\" width=\"%d\" height=\"%d\" "
            "role=\"img\">\n<title>", kind, number, w.x, w.y, w.width, w.height, SIDE * w.width / longer,
            SIDE * w.height / longer);
    page_text(to, name);
    fputs("</title>\n", to);
    write_image(to, &image, w);
    write_boxes(to, r, m);
    fputs("</svg>\n", to);
    write_caption(to, r, place, name);
    fputs("</figure>\n", to);
    fovea_image_clear(&image);
}

static void write_mistakes(FILE *to, const review *r, bool misses)
{
    const size_t first = misses ? r->n_wrong : 0, n = misses ? r->n_mistakes - r->n_wrong : r->n_wrong;
    page_heading(to, misses ? "misses" : "mistakes", misses ? "Worst misses" : "Surest mistakes");
    page_paragraph(to, n == 0 ? "None." : misses
        ? "The largest objects that no detection is on (dashed), with all else that is annotated (thinly dashed) and "
          "detected (blue) around them, each class from its own best score on. Places are the left and the upper edge, "
          "then width × height, in pixels. From these detections, written by --detections-out, fovea evaluate "
          "--mistakes lists all misses and mistakes under the same numbers, and --accept mends a copy of the "
          "annotations by them."
        : "The detections of the highest scores that are wrong (orange), and then the surest few of each kind, the "
          "objects that they are on (dashed), and all else that is annotated (thinly dashed) and detected (blue), each "
          "class from its own best score on. Some may be right, and the annotation wrong or missing; badly placed are "
          "those whose IoU with a missed object of their class is .1 to .5.");
    fputs("<div class=\"row\">\n", to);
    size_t shown[FOVEA_MATCH_MISPLACED + 1] = {0};
    for (size_t i = 0; i < n; i++)
        if (i < SHOWN || (!misses && shown[r->mistakes[first + i]->kind] < SHOWN_OF_KIND)) {
            write_mistake(to, r, first + i, misses ? "miss" : "mistake", i + 1);
            shown[r->mistakes[first + i]->kind]++;
        }
    fputs("</div>\n", to);
}

void review_write_pictures(FILE *to, const review *r)
{
    if (!r->images)
        return;
    write_mistakes(to, r, true);
    write_mistakes(to, r, false);
}
