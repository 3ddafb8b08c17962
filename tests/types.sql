-- Every type that the programs read, with its extremes; both servers take it.
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';
CREATE TABLE types (
	id int NOT NULL PRIMARY KEY,
	ti tinyint, tiu tinyint unsigned, si smallint, siu smallint unsigned, mi mediumint, miu mediumint unsigned,
	i int, iu int unsigned, bi bigint, biu bigint unsigned, z int(8) unsigned zerofill,
	d1 decimal(10,2), d2 decimal(65,30), d3 decimal(20,0), d4 decimal(5,5) unsigned,
	f float, df double, b1 bit(1), b5 bit(5), b64 bit(64), y year,
	dt date, dtm datetime, dtm3 datetime(3), dtm6 datetime(6), t time, t2 time(2), t6 time(6),
	ts timestamp NULL, ts4 timestamp(4) NULL,
	c char(10), c255 char(255), vc varchar(20), vc300 varchar(300), cl varchar(20) CHARACTER SET latin1,
	cu varchar(20) CHARACTER SET ucs2, cg varchar(20) CHARACTER SET gbk, ck varchar(20) CHARACTER SET koi8r,
	bn binary(6), vb varchar(1) CHARACTER SET latin1, vbn varbinary(300),
	tt tinytext, tx text, mt mediumtext, lt longtext, tb tinyblob, bl blob, mb mediumblob, lb longblob,
	e enum('a','b''c','ü','x,y'), el enum('é','z') CHARACTER SET latin1, s set('one','two','drei ß','four'), s2 set('q')
) DEFAULT CHARSET = utf8mb4;
INSERT INTO types (id) VALUES (1);
INSERT INTO types VALUES (2,
	-128, 255, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295, -9223372036854775808, 18446744073709551615, 42,
	-99999999.99, -99999999999999999999999999999999999.999999999999999999999999999999, 99999999999999999999, 0.99999,
	-3.40282e38, -1.7976931348623157e308, b'1', b'10101', b'1111111111111111111111111111111111111111111111111111111111111111', 1901,
	'0001-01-01', '0001-01-01 00:00:00', '9999-12-31 23:59:59.999', '9999-12-31 23:59:59.999999', '-838:59:59', '-838:59:58.99', '838:59:58.999999',
	'1970-01-01 00:00:01', '2038-01-19 03:14:07.9999',
	'trail', REPEAT('ü', 255), 'ünï 😀', REPEAT('x', 300), 'Zürich', 'Ωmega', '漢字', 'привет',
	'ab', '|', x'00ff7f80', 'tiny\\', 'line\nbreak\ttab "quoted" \\ \0 nul', 'medium', REPEAT('long ', 1000), x'00', x'', x'deadbeef', REPEAT('b', 70000),
	'b''c', 'é', 'one,drei ß', 'q');
INSERT INTO types VALUES (3,
	127, 0, 32767, 0, 8388607, 0, 2147483647, 0, 9223372036854775807, 0, 0,
	0.00, 0.000000000000000000000000000001, 0, 0.00001,
	1.17549e-38, 2.2250738585072014e-308, b'0', b'0', b'0', 2155,
	'0000-00-00', '0000-00-00 00:00:00', '2024-02-29 12:34:56.789', '2024-00-10 00:00:00', '00:00:00', '-00:00:00.01', '-00:00:01.500000',
	NULL, '2001-02-03 04:05:06.7',
	'', '', '', '', '', '', '', '',
	x'', '', x'', '', '', '', '', x'01', x'0a', x'', x'',
	'ü', 'z', '', '');
INSERT INTO types VALUES (4,
	-1, 1, -1, 1, -1, 1, -1, 1, -1, 1, 1,
	0.50, -0.5, -1, 0.5,
	0.1, 0.1, 1, 1, 1, 2000,
	'2026-11-22', '2026-11-22 01:02:03', '2026-11-22 01:02:03.004', '2026-11-22 01:02:03.000005', '-00:00:01', '-12:00:00.50', '-100:00:00.000001',
	'2026-11-22 01:02:03', '2026-11-22 01:02:03.0001',
	'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h',
	x'010203040506', 'v', REPEAT(x'fe', 300), 't', 'u', 'v', 'w', 'x', 'y', 'z', REPEAT(x'00ff', 40000),
	'x,y', 'z', 'one,two,drei ß,four', 'q');
INSERT INTO types (id, f, df, d1, t6, bi) VALUES (5, 16777216, 123456789.123456789, -0.01, '-00:00:00.000001', 9007199254740993);
INSERT INTO types (id, f, df, d1, t6, bi) VALUES (6, 3.14159274, 1e-5, 12345678.90, '23:59:59.999999', -9007199254740993);
INSERT INTO types (id, e, s) VALUES (7, 1, 15);
