/* SPDX-License-Identifier: ISC */
/* Certificates by fingerprint. */
#include <sha256.h>

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "es-bulk/ca.h"

#define MAX_DER (1 << 16)	/* bytes of a certificate */

static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";

/* In lower case, without colons. false: it is no SHA-256. */
static bool
normalize(const char *from, char to[SHA256_DIGEST_STRING_LENGTH])
{
	size_t n = 0;

	for (; *from != '\0'; from++) {
		if (*from == ':')
			continue;
		if (!isxdigit((unsigned char)*from) || n == SHA256_DIGEST_STRING_LENGTH - 1)
			return false;
		to[n++] = (char)tolower((unsigned char)*from);
	}
	to[n] = '\0';
	return n == SHA256_DIGEST_STRING_LENGTH - 1;
}

int
ca_check_fingerprint(const char *text, struct error *e)
{
	char hex[SHA256_DIGEST_STRING_LENGTH];

	return normalize(text, hex) ? 0 : error_set(e, RC_USAGE, "elastic.ca_fingerprint: not a SHA-256 in hex: %s", text);
}

static int
digit_of(char c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(alphabet, c);

	return at == NULL ? -1 : (int)(at - alphabet);
}

/* The bytes that a PEM text is of; 0: it is none. */
static size_t
read_pem(const char *text, uint8_t der[MAX_DER])
{
	const char *p = strstr(text, begin), *last = p == NULL ? NULL : strstr(p, end);
	uint32_t bits = 0;
	size_t n = 0;
	int held = 0;

	if (last == NULL)
		return 0;
	for (p += sizeof(begin) - 1; p < last; p++) {
		if (digit_of(*p) == -1)
			continue;	/* line ends, and = at the end */
		bits = bits << 6 | (uint32_t)digit_of(*p);
		if ((held += 6) < 8)
			continue;
		held -= 8;
		if (n == MAX_DER)
			return 0;
		der[n++] = (uint8_t)(bits >> held);
	}
	return n;
}

static bool
has_fingerprint(const char *pem, const char *want)
{
	char hex[SHA256_DIGEST_STRING_LENGTH];
	uint8_t der[MAX_DER];
	size_t n = read_pem(pem, der);

	if (n == 0)
		return false;
	SHA256Data(der, n, hex);
	return strcmp(hex, want) == 0;
}

/* libcurl gives lines "Name:text" of each certificate, one of them "Cert:" and its PEM. */
static bool
find(const struct curl_certinfo *info, const char *want, struct buf *pem)
{
	const struct curl_slist *line;
	int i;

	for (i = 0; i < info->num_of_certs; i++)
		for (line = info->certinfo[i]; line != NULL; line = line->next)
			if (strncmp(line->data, "Cert:", 5) == 0 && has_fingerprint(line->data, want))
				return buf_puts(pem, strstr(line->data, begin)) == 0 && buf_putc(pem, '\n') == 0;
	return false;
}

CURLcode
ca_fetch(CURL *easy, const char *url, const char *fingerprint, struct buf *pem, char *why)
{
	char want[SHA256_DIGEST_STRING_LENGTH];
	struct curl_certinfo *info = NULL;
	CURLcode code;

	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	if ((code = curl_easy_perform(easy)) != CURLE_OK)
		return code;
	if (normalize(fingerprint, want) && curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) == CURLE_OK && info != NULL &&
	    find(info, want, pem))
		return CURLE_OK;
	snprintf(why, CURL_ERROR_SIZE, "no certificate that the engine shows has the fingerprint %s", want);
	return CURLE_PEER_FAILED_VERIFICATION;
}
