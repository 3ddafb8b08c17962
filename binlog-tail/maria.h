/* SPDX-License-Identifier: ISC */
/* Cells that only MariaDB writes. */
#ifndef MARIA_H
#define MARIA_H

#include "cell.h"

/* UUID, INET4, INET6. */
cell_decode decode_octets;
/* COMPRESSED columns. */
cell_decode decode_compressed;
/* A TIME, DATETIME or TIMESTAMP of the old types that has a fraction nevertheless (mysql56_temporal_format=OFF): sets the
 * cell's size and decoder. Other cells stay as they are. */
void	 hires_bind(struct cell *);

#endif
