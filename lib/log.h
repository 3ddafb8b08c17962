/* SPDX-License-Identifier: ISC */
/* Lines for people on standard error: `LEVEL program: message key=value`. */
#ifndef LIB_LOG_H
#define LIB_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* program: borrowed for the process's life. The level starts at INFO. */
void	 log_init(const char *program);
void	 log_louder(void);	/* -v */
void	 log_quieter(void);	/* -q */
/* One write(2) a line, so that lines of several programs do not mix; control bytes become spaces. */
void	 log_line(enum log_level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
