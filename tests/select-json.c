/* SPDX-License-Identifier: ISC */
/* For scripts/bench: what a plain loop takes to print a SELECT's rows as JSON. usage: select-json PORT USER PASSWORD SQL
 * Text results, strings escaped, numbers as they come; nothing is checked, converted or remembered. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include <mysql.h>

static void
put_string(const char *s, unsigned long n)
{
	putc_unlocked('"', stdout);
	for (; n > 0; n--, s++) {
		unsigned char c = (unsigned char)*s;

		if (c < ' ')
			printf("\\u%04x", c);
		else {
			if (c == '"' || c == '\\')
				putc_unlocked('\\', stdout);
			putc_unlocked(c, stdout);
		}
	}
	putc_unlocked('"', stdout);
}

static void
put_row(MYSQL_ROW row, const unsigned long *lengths, const MYSQL_FIELD *fields, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		putc_unlocked(i == 0 ? '{' : ',', stdout);
		put_string(fields[i].name, fields[i].name_length);
		putc_unlocked(':', stdout);
		if (row[i] == NULL)
			fputs("null", stdout);
		else if (IS_NUM(fields[i].type))
			fwrite(row[i], 1, lengths[i], stdout);
		else
			put_string(row[i], lengths[i]);
	}
	fputs("}\n", stdout);
}

int
main(int argc, char *argv[])
{
	static char out[1 << 20];
	MYSQL *my = mysql_init(NULL);
	MYSQL_RES *res;
	MYSQL_ROW row;

	if (argc != 5 || my == NULL)
		errx(2, "usage: select-json PORT USER PASSWORD SQL");
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	mysql_optionsv(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (mysql_real_connect(my, "127.0.0.1", argv[2], argv[3], NULL, (unsigned int)atoi(argv[1]), NULL, 0) == NULL ||
	    mysql_query(my, argv[4]) != 0 || (res = mysql_use_result(my)) == NULL)
		errx(1, "%s", mysql_error(my));
	while ((row = mysql_fetch_row(res)) != NULL)
		put_row(row, mysql_fetch_lengths(res), mysql_fetch_fields(res), mysql_num_fields(res));
	if (mysql_errno(my) != 0 || fflush(stdout) == EOF)
		errx(1, "%s", mysql_error(my));
	mysql_free_result(res);
	mysql_close(my);
	return 0;
}
