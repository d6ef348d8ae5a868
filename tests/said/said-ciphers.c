/* SPDX-License-Identifier: GPL-2.0-or-later */
/* said-ciphers.c - prints the names of all cipher suites that have one, each in a line with its number. */
#include <stdio.h>

#include "answer.h"

int main(void)
{
    for (unsigned cipher = 0; cipher <= UINT16_MAX; cipher++)
        if (fp_said_cipher_name((uint16_t)cipher) != NULL)
            printf("%u %s\n", cipher, fp_said_cipher_name((uint16_t)cipher));
    return 0;
}
