/* Words of a command line as a shell reads them. */
#ifndef FOVEA_APPS_SHELL_WORD_H
#define FOVEA_APPS_SHELL_WORD_H

#include <stdio.h>

/* Writes a blank and the word, quoted where it has to be. */
void shell_word(FILE *to, const char *word);

#endif
