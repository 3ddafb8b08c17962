/* SPDX-License-Identifier: ISC */
/* Trust in one certificate by its fingerprint, as Elasticsearch prints that of its CA when it is installed. */
#ifndef ES_BULK_CA_H
#define ES_BULK_CA_H

#include <curl/curl.h>

#include "lib/buf.h"
#include "lib/error.h"

/* Fingerprint: a SHA-256 in hex, colons or not. -1: RC_USAGE, it is none. */
int	 ca_check_fingerprint(const char *, struct error *);
/* Connects with easy, which has all options but those on whom to trust, sends nothing, and appends to pem the one of the
 * certificates shown there that has this fingerprint: whoever is signed by it can then be trusted. Returns
 * CURLE_PEER_FAILED_VERIFICATION where none has, else why there is no connection; why: CURL_ERROR_SIZE bytes. */
CURLcode ca_fetch(CURL *easy, const char *url, const char *fingerprint, struct buf *pem, char *why);

#endif
