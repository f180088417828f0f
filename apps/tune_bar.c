/* The progress of tuning, see tune_bar.h. */
#include "tune_bar.h"

#include "stop.h"

#include <stdio.h>
#include <string.h>

tune_bar tune_bar_begin(const char *head)
{
    return (tune_bar){.head = head, .began = progress_seconds()};
}

bool tune_bar_hear(void *cookie, const fovea_choice *choice, size_t done, size_t total)
{
    tune_bar *t = cookie;
    if (t->measured == 0) {
        if (t->head)
            fprintf(stderr, "%s\n", t->head);
        t->bar = progress_begin("tuning", 0, (int64_t)total);
    }
    t->total = total;
    t->measured++;
    t->changed += strcmp(choice->algorithm, choice->rule) != 0;
    progress_update(&t->bar, (int64_t)done, "%s %dx%d %d->%d: %s %.1f GFLOP/s", choice->direction, choice->kernel,
                    choice->kernel, choice->in_channels, choice->out_channels, choice->algorithm, choice->gflops);
    return stop_signal == 0;
}

void tune_bar_end(const tune_bar *t)
{
    if (t->measured == 0)
        return;
    progress_end(&t->bar);
    fprintf(stderr, "%zu of %zu convolutions measured in %.0f s; for %zu another algorithm than the rule's\n",
            t->measured, t->total, progress_seconds() - t->began, t->changed);
}
