/* Which pictures a command works on, of the words that name them. Failures are told on stderr. */
#ifndef FOVEA_APPS_PICTURES_H
#define FOVEA_APPS_PICTURES_H

#include "folder.h"

/* Adds what a word names: a file; the pictures of a folder, with those of the folders in it where `recursive`; or,
 * where nothing bears that name, what it matches as a pattern of glob(3). False where that is nothing. */
bool pictures_add(folder_list *pictures, const char *word, bool recursive);

/* Adds what the lines of a file name ("-": standard input), a word each; empty lines are passed over. */
bool pictures_add_list(folder_list *pictures, const char *file, bool recursive);

/* Gives each picture a name of its own for a file made from it: its path from the folder that all pictures share, ending
 * in ".jpg"; a name that comes twice gets a number. */
bool pictures_name(folder_list *names, const folder_list *pictures);

#endif
