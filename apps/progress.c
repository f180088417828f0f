/* Progress on stderr, see progress.h. A terminal is redrawn at most ten times a second, a log gets a line at most every
 * ten seconds, and the last one always. */
#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 20 };

double progress_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

progress progress_begin(const char *what, int64_t done, int64_t total)
{
    const bool terminal = isatty(STDERR_FILENO) == 1;
    const double now = progress_seconds();
    return (progress){.what = what, .total = total, .first = done, .began = now, .shown = terminal ? -1e9 : now,
                      .terminal = terminal};
}

static void write_time(char *out, size_t size, double seconds)
{
    const int64_t whole = (int64_t)(seconds + 0.5);
    if (whole >= 3600)
        snprintf(out, size, "%lldh%02lldm", (long long)(whole / 3600), (long long)(whole / 60 % 60));
    else
        snprintf(out, size, "%lld:%02lld", (long long)(whole / 60), (long long)(whole % 60));
}

static void draw_bar(char bar[BAR_WIDTH + 1], int64_t done, int64_t total)
{
    const int filled = total > 0 ? (int)((double)done / (double)total * BAR_WIDTH) : BAR_WIDTH;
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '=', (size_t)(filled < BAR_WIDTH ? filled : BAR_WIDTH));
    if (filled < BAR_WIDTH)
        bar[filled] = '>';
    bar[BAR_WIDTH] = '\0';
}

/* Columns of the terminal, less one that keeps the cursor on the line. */
static int line_width(void)
{
    struct winsize size = {0};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : 79;
}

/* Redraws the terminal's line, or adds one to a log. */
static void show(const progress *bar, const char *line)
{
    if (bar->terminal)
        fprintf(stderr, "\r%.*s\033[K", line_width(), line);
    else
        fprintf(stderr, "%s\n", line);
    fflush(stderr);
}

void progress_wait(const progress *bar, const char *what)
{
    char line[160];
    snprintf(line, sizeof line, "%s %lld/%lld  %s", bar->what, (long long)bar->first, (long long)bar->total, what);
    show(bar, line);
}

void progress_update(progress *bar, int64_t done, const char *format, ...)
{
    const double now = progress_seconds();
    if (!bar->counting) {
        bar->counting = true;
        bar->first = done;
        bar->began = now;
    }
    if (now - bar->shown < (bar->terminal ? 0.1 : 10.0) && done != bar->total)
        return;
    bar->shown = now;

    char extra[160], left[32] = "", rate[32] = "", line[400], drawn[BAR_WIDTH + 1];
    va_list args;
    va_start(args, format);
    vsnprintf(extra, sizeof extra, format, args);
    va_end(args);
    if (done > bar->first && now > bar->began) {
        const double a_second = (double)(done - bar->first) / (now - bar->began);
        if (!*extra)
            snprintf(rate, sizeof rate, "  %.*f/s", a_second < 10 ? 2 : 0, a_second);
        char time_left[24];
        write_time(time_left, sizeof time_left, (double)(bar->total - done) / a_second);
        snprintf(left, sizeof left, "  %s left", time_left);
    }
    draw_bar(drawn, done, bar->total);
    const int length = snprintf(line, sizeof line, "%s %lld/%lld%s%s%s%s", bar->what, (long long)done,
                                (long long)bar->total, left, rate, *extra ? "  " : "", extra);
    if (bar->terminal && length + BAR_WIDTH + 3 <= line_width())
        snprintf(line, sizeof line, "%s [%s] %lld/%lld%s%s%s%s", bar->what, drawn, (long long)done,
                 (long long)bar->total, left, rate, *extra ? "  " : "", extra);
    show(bar, line);
}

void progress_note(const progress *bar, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (bar->terminal)
        fputs("\r\033[K", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void progress_end(const progress *bar)
{
    if (bar->terminal)
        fputs("\r\033[K", stderr);
}
