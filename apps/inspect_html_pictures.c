/* Pictures of a data set with their boxes, see inspect_report.h. */
#include "inspect_report.h"

#include "page.h"
#include "page_picture.h"
#include "pick_device.h"
#include "sheet.h"

#include <stdlib.h>

enum { SHOWN = 24, SHOWN_UNCOVERED = 12, WIDTH = 300, HEIGHT = 225, MOST_NAMED = 8 };

/* Boxes of a picture; where covers is given, those that anchors cover are dashed and have no name. */
static draw_box *boxes_of(const inspect_report *report, const fovea_picture *picture, const fovea_cover *covers)
{
    draw_box *boxes = calloc(picture->n_boxes + 1, sizeof *boxes);
    size_t named = 0;
    for (size_t i = 0; boxes && i < picture->n_boxes; i++)
        named += !covers || inspect_coverage_state(&covers[i]) != COVERAGE_COVERED;
    for (size_t i = 0; boxes && i < picture->n_boxes; i++) {
        const fovea_box *b = &picture->boxes[i];
        const bool behind = covers && inspect_coverage_state(&covers[i]) == COVERAGE_COVERED;
        boxes[i] = (draw_box){b->x0, b->y0, b->x1, b->y1, b->label,
                              behind || named > MOST_NAMED ? NULL : report->numbers.names[b->label], behind};
    }
    if (!boxes)
        fputs("fovea: out of memory for the boxes of a picture\n", stderr);
    return boxes;
}

/* One picture; one that cannot be read is named on stderr and left out. */
static void write_picture(FILE *to, const inspect_report *report, const fovea_picture *picture, const fovea_cover *covers,
                          const char *id, size_t number)
{
    fovea_image image = {0}, small = {0};
    draw_box *boxes = boxes_of(report, picture, covers);
    if (boxes && told(fovea_image_read(&image, picture->path)) &&
        sheet_thumbnail(&small, &image, WIDTH, HEIGHT, boxes, picture->n_boxes)) {
        fprintf(to, "<figure>\n<img id=\"%s-%zu\" width=\"%d\" height=\"%d\" alt=\"%zu boxes\" src=\"", id, number,
                small.width, small.height, picture->n_boxes);
        page_picture(to, &small);
        fputs("\"/>\n<figcaption>", to);
        page_text(to, picture->file_name);
        fprintf(to, ", %zu box%s</figcaption>\n</figure>\n", picture->n_boxes, picture->n_boxes == 1 ? "" : "es");
    }
    fovea_image_clear(&small);
    fovea_image_clear(&image);
    free(boxes);
}

/* Which colour is which class, as far as colours differ. */
static void write_legend(FILE *to, const inspect_numbers *n)
{
    fputs("<p id=\"colours\">", to);
    for (int i = 0; i < n->labels && i < DRAW_COLOURS; i++) {
        const draw_colour c = draw_class_colour(i);
        fprintf(to, "<span style=\"color: #%02x%02x%02x\">\xe2\x96\xa0</span> ", c.r, c.g, c.b);
        page_text(to, n->names[i]);
        fputs("  ", to);
    }
    fputs(n->labels > DRAW_COLOURS ? "\xe2\x80\xa6</p>\n" : "</p>\n", to);
}

/* Every n-th of the pictures with boxes. */
static void write_sample(FILE *to, const inspect_report *report, const fovea_dataset *set)
{
    const inspect_numbers *n = &report->numbers;
    const size_t with_boxes = (size_t)(n->pictures - n->a_picture[0]), shown = with_boxes < SHOWN ? with_boxes : SHOWN;
    page_heading(to, "pictures", "Pictures");
    write_legend(to, n);
    fputs("<div class=\"row\">\n", to);
    for (size_t i = 0, seen = 0, done = 0; i < fovea_dataset_size(set) && done < shown; i++) {
        fovea_picture picture;
        if (fovea_dataset_picture(set, i, &picture) || picture.n_boxes == 0)
            continue;
        if (seen++ == done * with_boxes / shown)
            write_picture(to, report, &picture, NULL, "picture", ++done);
    }
    fputs("</div>\n", to);
}

/* Pictures with boxes that are not covered, every n-th of them. */
static void write_uncovered(FILE *to, const inspect_report *report, const fovea_dataset *set)
{
    const inspect_coverage *coverage = &report->coverage;
    size_t pictures = 0, seen = 0, done = 0;
    for (int pass = 0; pass < 2; pass++) {
        const size_t shown = pictures < SHOWN_UNCOVERED ? pictures : SHOWN_UNCOVERED;
        for (size_t first = 0, end; first < coverage->count; first = end) {
            const size_t index = coverage->covers[first].picture;
            bool all = true;
            for (end = first; end < coverage->count && coverage->covers[end].picture == index; end++)
                all = all && inspect_coverage_state(&coverage->covers[end]) == COVERAGE_COVERED;
            fovea_picture picture;
            pictures += pass == 0 && !all;
            if (pass == 0 || all || done == shown || seen++ != done * pictures / shown)
                continue;
            if (!fovea_dataset_picture(set, index, &picture))
                write_picture(to, report, &picture, &coverage->covers[first], "uncovered-picture", ++done);
        }
    }
}

void inspect_html_pictures(FILE *to, const inspect_report *report)
{
    const fovea_dataset *set = fovea_inspection_dataset(report->inspection, NULL);
    if (report->coverage.states[COVERAGE_COVERED] < (int64_t)report->coverage.count) {
        page_heading(to, "uncovered-pictures", "Boxes that no anchor covers");
        page_paragraph(to, "Dashed: boxes that anchors do cover.");
        fputs("<div class=\"row\">\n", to);
        write_uncovered(to, report, set);
        fputs("</div>\n", to);
    }
    write_sample(to, report, set);
}
