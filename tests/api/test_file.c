/* Writing whole files: by several writers at once, over what a killed one left, and where it fails. */
#include "file.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WRITERS = 4, TURNS = 20, SIZE = 300000 };

/* Of which letter the file is full. */
static char letter_of(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    support_ok(fovea__file_read(&text, &size, path, SIZE + 1));
    ck_assert_uint_eq(size, SIZE);
    const char letter = text[0];
    size_t same = 0;
    while (same < size && text[same] == letter)
        same++;
    ck_assert_msg(same == size, "place %zu is of another writer", same);
    free(text);
    return letter;
}

static fovea_status write_letter(const char *path, char letter)
{
    static char text[SIZE];
    memset(text, letter, SIZE);
    return fovea__file_write(path, text, SIZE);
}

START_TEST(file__of_writers_at_once_one_is_published_whole)
{
    const char *path = support_scratch_file("raced");
    pid_t children[WRITERS];
    support_ok(write_letter(path, '0'));
    for (int w = 0; w < WRITERS; w++) {
        children[w] = fork();
        ck_assert_int_ge(children[w], 0);
        if (children[w] > 0)
            continue;
        for (int turn = 0; turn < TURNS; turn++)
            if (write_letter(path, (char)('a' + w)))
                _exit(1);
        _exit(0);
    }
    for (int turn = 0; turn < TURNS; turn++)
        letter_of(path);
    for (int w = 0; w < WRITERS; w++) {
        int status = 0;
        ck_assert_int_eq(waitpid(children[w], &status, 0), children[w]);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_ne(letter_of(path), '0');
    support_alone(path);
}
END_TEST

START_TEST(file__writers_of_one_process_stay_apart)
{
    const char *path = support_scratch_file("twice");
    fovea__file_writer first, second;
    support_ok(fovea__file_begin(&first, path));
    support_ok(fovea__file_begin(&second, path));
    support_ok(fovea__file_put(&first, "one", 3));
    support_ok(fovea__file_put(&second, "second", 6));
    support_ok(fovea__file_commit(&second));
    char *text = NULL;
    size_t size = 0;
    support_ok(fovea__file_read(&text, &size, path, 100));
    ck_assert_str_eq(text, "second");
    free(text);
    support_ok(fovea__file_commit(&first));
    support_ok(fovea__file_read(&text, &size, path, 100));
    ck_assert_str_eq(text, "one");
    free(text);
    support_alone(path);
}
END_TEST

START_TEST(file__what_a_killed_writer_left_is_taken_over)
{
    const char *path = support_scratch_file("killed");
    for (int i = 0; i < 3; i++) {
        const pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            static char much[SIZE + 5000];
            fovea__file_writer writer;
            _exit(fovea__file_begin(&writer, path) || fovea__file_put(&writer, much, sizeof much) ||
                  fflush(writer.stream));
        }
        int status = 1;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        ck_assert(fovea__file_is_missing(path));
    }
    support_ok(write_letter(path, 'k'));
    ck_assert_int_eq(letter_of(path), 'k');
    support_alone(path);
}
END_TEST

START_TEST(file__the_mode_is_as_umask_says)
{
    static const mode_t masks[] = {022, 027, 077, 0};
    const char *path = support_scratch_file("mode");
    for (size_t i = 0; i < COUNT(masks); i++) {
        const mode_t before = umask(masks[i]);
        const fovea_status status = fovea__file_write(path, "x", 1);
        umask(before);
        struct stat facts;
        support_ok(status);
        ck_assert_int_eq(stat(path, &facts), 0);
        ck_assert_uint_eq(facts.st_mode & 0777, 0666 & ~masks[i]);
    }
}
END_TEST

START_TEST(file__that_cannot_be_put_in_place_leaves_nothing)
{
    const char *path = support_scratch_file("folder"), *inside = support_scratch_file("folder/inside");
    support_ok(fovea__folder_make(path));
    support_write(inside, "full");
    support_fails(fovea__file_write(path, "x", 1), FOVEA_ERROR_IO, "folder: cannot be written: ");
    support_alone(path);
    support_fails(fovea__file_write(support_scratch_file("no/such"), "x", 1), FOVEA_ERROR_IO, "No such file");
    support_fails(fovea__file_write(support_scratch_file("folder/inside/x"), "x", 1), FOVEA_ERROR_IO, "Not a directory");
    fovea__file_writer writer;
    support_ok(fovea__file_begin(&writer, inside));
    support_ok(fovea__file_put(&writer, "x", 1));
    fovea__file_abandon(&writer);
    fovea__file_abandon(&writer);
    support_alone(inside);
}
END_TEST

/* A link that someone laid where the temporary file would be is not followed. */
START_TEST(file__writes_through_no_link)
{
    const char *path = support_scratch_file("plain"), *target = support_scratch_file("target");
    support_write(target, "mine");
    ck_assert_int_eq(symlink(target, support_scratch_file("plain.part1")), 0);
    support_ok(fovea__file_write(path, "new", 3));
    char *text = NULL;
    size_t size = 0;
    support_ok(fovea__file_read(&text, &size, target, 100));
    ck_assert_str_eq(text, "mine");
    free(text);
    ck_assert_int_eq(unlink(support_scratch_file("plain.part1")), 0);
    support_alone(path);
}
END_TEST

START_TEST(folder__a_lock_is_waited_for)
{
    const char *path = support_scratch();
    const int lock = fovea__folder_lock(path);
    ck_assert_int_ge(lock, 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(lock); /* the parent's, which is open here too */
        const int own = fovea__folder_lock(path);
        _exit(own < 0 || access(support_scratch_file("unlocked"), F_OK) != 0);
    }
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL); /* for the child to come to the lock */
    support_write(support_scratch_file("unlocked"), "");
    fovea__folder_unlock(lock);
    int status = 1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    fovea__folder_unlock(fovea__folder_lock("/no/such/folder"));
}
END_TEST

int main(void)
{
    const support_case cases[] = {
        {.test = file__of_writers_at_once_one_is_published_whole},
        {.test = file__writers_of_one_process_stay_apart},
        {.test = file__what_a_killed_writer_left_is_taken_over},
        {.test = file__the_mode_is_as_umask_says},
        {.test = file__that_cannot_be_put_in_place_leaves_nothing},
        {.test = file__writes_through_no_link},
        {.test = folder__a_lock_is_waited_for},
    };
    return support_run("file", cases, COUNT(cases));
}
