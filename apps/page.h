/* HTML pages of one file each: no script, nothing beside them, light or dark as their reader is. They are well-formed
 * XML too, whatever is in the texts. */
#ifndef FOVEA_APPS_PAGE_H
#define FOVEA_APPS_PAGE_H

#include <stddef.h>
#include <stdio.h>

/* Colours that stay apart for every colour vision, after Okabe and Ito: var(--c0) ... in styles. */
enum { PAGE_COLOURS = 7 };

/* The head, the style and a first heading. */
void page_begin(FILE *to, const char *title);
void page_end(FILE *to);

/* Writes text as HTML shows it, in attributes too: what is no UTF-8, or no character of XML, becomes U+FFFD. */
void page_text(FILE *to, const char *text);

/* A heading that can be linked to; id: letters, digits and dashes. */
void page_heading(FILE *to, const char *id, const char *title);

typedef struct page_link {
    const char *id, *title; /* of a heading of the page */
} page_link;

/* A line of links to headings. */
void page_links(FILE *to, const page_link *links, size_t n);

void page_paragraph(FILE *to, const char *text);

/* A table by pieces. The first column is aligned to the left. */
void page_table_begin(FILE *to, const char *id, const char *const *columns, size_t n);
void page_row_begin(FILE *to);
void page_cell(FILE *to, const char *text);
void page_cell_format(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_row_end(FILE *to);
void page_table_end(FILE *to);

#endif
