SET sql_mode='NO_BACKSLASH_ESCAPES';
CREATE TABLE t (k int PRIMARY KEY, v varchar(9), d decimal(5,2));
INSERT INTO t VALUES (1,'a\''b\',.5);
USE d
;
source nosuch;
