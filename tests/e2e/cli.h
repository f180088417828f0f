/* Running the fovea command as a user does, in the test's scratch folder. */
#ifndef FOVEA_TESTS_CLI_H
#define FOVEA_TESTS_CLI_H

#include "support.h"

#include <cjson/cJSON.h>

/* Runs shell lines in the scratch folder, where "$F" is the command. Returns the exit code (128 + N where a signal
 * ended it); what it printed is kept for the functions below. */
int cli(const char *format, ...) __attribute__((format(printf, 1, 2)));

const char *cli_stdout(void); /* of the last lines run; overwritten by the next call */
const char *cli_stderr(void);

/* Fails the test unless the lines exit with `code`, showing what they said. */
#define cli_expect(code, ...)                                                                                      \
    do {                                                                                                           \
        const int cli_code_ = cli(__VA_ARGS__);                                                                    \
        ck_assert_msg(cli_code_ == (code), "exited with %d, expected %d: %s", cli_code_, (code), cli_stderr());    \
    } while (0)

/* Fails the test unless the last lines' stderr holds `part`. */
#define cli_said(part)                                                                                             \
    ck_assert_msg(support_has(cli_stderr(), (part)), "said \"%s\", expected in it \"%s\"", cli_stderr(), (part))

/* A JSON file of the scratch folder ("stdout" is what was printed); the test fails where it is not JSON. */
cJSON *cli_json(const char *file);

double cli_number(const cJSON *object, const char *name); /* fails the test where it is no number */

/* Fails the test unless every tag of an HTML page that is opened is closed, in order; those that end in "/>" are whole. */
void cli_check_page(const char *page);

/* The same of a file of the scratch folder, which must have these ids, no script, and nothing to fetch; every link
 * leads to a place of the page, and where there are links, one leads to each heading. */
void cli_expect_page(const char *file, const char *const *ids, size_t n);

/* Opens it in Chromium, light and dark: no message on the console, and the page is drawn. */
void cli_expect_quiet_browser(const char *file);

#endif
