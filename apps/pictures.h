/* Which pictures a command works on, of the words that name them. Failures are told on stderr. */
#ifndef FOVEA_APPS_PICTURES_H
#define FOVEA_APPS_PICTURES_H

#include "folder.h"
#include "fovea.h"

/* Adds what a word names: a file; the pictures of a folder, with those of the folders in it where `recursive`; or,
 * where nothing bears that name, what it matches as a pattern of glob(3). False where that is nothing. */
bool pictures_add(folder_list *pictures, const char *word, bool recursive);

/* Adds what the lines of a file name ("-": standard input), a word each; empty lines are passed over. */
bool pictures_add_list(folder_list *pictures, const char *file, bool recursive);

/* A list that is read as it comes, as from a pipe whose writer is still at work. Zeroed to begin with. */
typedef struct pictures_stream {
    char *text; /* of a line whose end has not come yet */
    size_t used, room;
    bool ended;
} pictures_stream;

/* Waits for lines from standard input and adds what those that are there name; none at its end or where a signal came.
 * False where a line names nothing, or reading fails, which is an end too. */
bool pictures_add_coming(folder_list *pictures, pictures_stream *stream, bool recursive);
void pictures_stream_free(pictures_stream *stream);

/* Reads the pictures of a list from its place `first` on, decoded ahead: by a thread a core, as large ones take longer to
 * decode than a fast device to look at. NULL after a sentence. The list must stay as it is until the reader is closed. */
fovea_reader *pictures_read(const folder_list *pictures, size_t first);

/* Gives each picture a name of its own for a file made from it: its path from the folder that all pictures share,
 * ending in ".jpg"; a name that comes twice gets a number. */
bool pictures_name(folder_list *names, const folder_list *pictures);

#endif
