/* Running the command, see cli.h. */
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { TEXT_SIZE = 1 << 20 };

static char *read_text(const char *file, char *out)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", support_scratch(), file);
    FILE *stream = fopen(path, "rb");
    ck_assert_msg(stream != NULL, "%s is not there", path);
    out[fread(out, 1, TEXT_SIZE - 1, stream)] = '\0';
    fclose(stream);
    return out;
}

int cli(const char *format, ...)
{
    static char command[8192], line[12000];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    snprintf(line, sizeof line, "cd '%s' || exit 99\nF='%s'\nexec >stdout 2>stderr </dev/null\n%s\n", support_scratch(),
             FOVEA_PROGRAM, command);
    fflush(stdout);
    const int status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *cli_stdout(void)
{
    static char text[TEXT_SIZE];
    return read_text("stdout", text);
}

const char *cli_stderr(void)
{
    static char text[TEXT_SIZE];
    return read_text("stderr", text);
}

cJSON *cli_json(const char *file)
{
    static char text[TEXT_SIZE];
    cJSON *value = cJSON_Parse(read_text(file, text));
    ck_assert_msg(value != NULL, "%s is not JSON: %.300s", file, text);
    return value;
}

double cli_number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    ck_assert_msg(cJSON_IsNumber(item), "\"%s\" is no number", name);
    return item->valuedouble;
}

void cli_check_page(const char *page)
{
    char open[32][16];
    int depth = 0;
    for (const char *at = strchr(page, '<'); at; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        ck_assert_msg(end != NULL, "a tag without an end: %.60s", at);
        const size_t length = strspn(at + 1 + (at[1] == '/'), "abcdefghijklmnopqrstuvwxyz0123456789");
        if (at[1] == '!' || end[-1] == '/')
            continue;
        ck_assert_msg(length > 0 && length < sizeof open[0] && depth < 31, "no tag: %.60s", at);
        if (at[1] != '/')
            snprintf(open[depth++], sizeof open[0], "%.*s", (int)length, at + 1);
        else
            ck_assert_msg(depth > 0 && strlen(open[--depth]) == length && !strncmp(open[depth], at + 2, length),
                          "%.20s closes <%s>", at, open[depth]);
    }
    ck_assert_int_eq(depth, 0);
}

/* Every link leads to a place of the page, and where there are links, one leads to each heading. */
static void check_links(const char *page)
{
    char id[80];
    for (const char *at = strstr(page, "href=\"#"); at; at = strstr(at + 1, "href=\"#")) {
        snprintf(id, sizeof id, " id=\"%.*s\"", (int)strcspn(at + 7, "\""), at + 7);
        ck_assert_msg(strstr(page, id) != NULL, "a link to%s, which is not there", id);
    }
    const char *heading = strstr(page, "<nav>") ? strstr(page, "<h2 id=\"") : NULL;
    for (; heading; heading = strstr(heading + 1, "<h2 id=\"")) {
        snprintf(id, sizeof id, "href=\"#%.*s\"", (int)strcspn(heading + 8, "\""), heading + 8);
        ck_assert_msg(strstr(page, id) != NULL, "no link has %s", id);
    }
}

void cli_expect_page(const char *file, const char *const *ids, size_t n)
{
    cli_expect(0, "cat '%s'", file);
    const char *page = cli_stdout();
    cli_check_page(page);
    check_links(page);
    for (size_t i = 0; i < n; i++) {
        char id[64];
        snprintf(id, sizeof id, " id=\"%s\"", ids[i]);
        ck_assert_msg(strstr(page, id) != NULL, "%s: %s is missing", file, id);
    }
    ck_assert_ptr_null(strstr(page, "<script"));
    ck_assert_ptr_null(strstr(page, "http"));
    ck_assert_ptr_null(strstr(page, "=\"nan"));
    if (cli("command -v xmllint") == 0)
        cli_expect(0, "xmllint --huge --noout '%s'", file);
}

void cli_expect_quiet_browser(const char *file)
{
    static const char *const schemes[] = {"", "--force-dark-mode --blink-settings=preferredColorScheme=0"};
    for (size_t i = 0; i < COUNT(schemes); i++) {
        cli_expect(0, "timeout 100 chromium --no-sandbox --headless --disable-gpu --user-data-dir=browser %s "
                      "--enable-logging=stderr --screenshot=page.png --window-size=1200,3000 \"file://$PWD/%s\" && "
                      "test $(wc -c <page.png) -gt 20000", schemes[i], file);
        ck_assert_msg(strstr(cli_stderr(), "CONSOLE") == NULL, "%s: %s", file, cli_stderr());
    }
}
