/* The program's name, and text that is safe to print on a terminal. */
#include "common/program.h"

const char *program_name = "musigan";

void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f) *text = '?';
}
