-- Text in the servers' character sets; what one has not becomes a question mark.
SET sql_mode = '', time_zone = '+00:00';
CREATE TABLE charsets (id int PRIMARY KEY, c_latin1 varchar(60) CHARACTER SET latin1, c_latin2 varchar(60) CHARACTER SET latin2, c_latin5 varchar(60) CHARACTER
	SET latin5, c_latin7 varchar(60) CHARACTER SET latin7, c_greek varchar(60) CHARACTER SET greek, c_hebrew varchar(60)
	CHARACTER SET hebrew, c_cp850 varchar(60) CHARACTER SET cp850, c_cp852 varchar(60) CHARACTER SET cp852, c_cp866
	varchar(60) CHARACTER SET cp866, c_cp1250 varchar(60) CHARACTER SET cp1250, c_cp1251 varchar(60) CHARACTER SET cp1251,
	c_cp1256 varchar(60) CHARACTER SET cp1256, c_cp1257 varchar(60) CHARACTER SET cp1257, c_keybcs2 varchar(60) CHARACTER
	SET keybcs2, c_koi8r varchar(60) CHARACTER SET koi8r, c_koi8u varchar(60) CHARACTER SET koi8u, c_dec8 varchar(60)
	CHARACTER SET dec8, c_hp8 varchar(60) CHARACTER SET hp8, c_swe7 varchar(60) CHARACTER SET swe7, c_macroman varchar(60)
	CHARACTER SET macroman, c_macce varchar(60) CHARACTER SET macce, c_armscii8 varchar(60) CHARACTER SET armscii8,
	c_geostd8 varchar(60) CHARACTER SET geostd8, c_tis620 varchar(60) CHARACTER SET tis620, c_big5 varchar(60) CHARACTER
	SET big5, c_gb2312 varchar(60) CHARACTER SET gb2312, c_gbk varchar(60) CHARACTER SET gbk, c_euckr varchar(60)
	CHARACTER SET euckr, c_sjis varchar(60) CHARACTER SET sjis, c_cp932 varchar(60) CHARACTER SET cp932, c_ujis
	varchar(60) CHARACTER SET ujis, c_eucjpms varchar(60) CHARACTER SET eucjpms, c_ucs2 varchar(60) CHARACTER SET ucs2,
	c_utf16 varchar(60) CHARACTER SET utf16, c_utf16le varchar(60) CHARACTER SET utf16le, c_utf32 varchar(60) CHARACTER
	SET utf32, c_utf8 varchar(60) CHARACTER SET utf8, c_ascii varchar(60) CHARACTER SET ascii) DEFAULT CHARSET = utf8mb4;
SET @a = 'Abc Äöü ßñé žščř ĺľ őű łą', @b = 'кот Ґґ Ωμέγα שלום عربي ไทย', @c = '漢字 かな ｶﾅ 한글 ～＼￥', @d = '€ “x” – … № ° ½ \\ ~ [] {} | $', @e = '😀 a  ';
INSERT INTO charsets VALUES (1, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a, @a);
INSERT INTO charsets VALUES (2, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b, @b);
INSERT INTO charsets VALUES (3, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c, @c);
INSERT INTO charsets VALUES (4, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d, @d);
INSERT INTO charsets VALUES (5, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e, @e);
CREATE TABLE widths (id int PRIMARY KEY, f_ucs2 char(7) CHARACTER SET ucs2, f_utf16 char(7) CHARACTER SET utf16, f_utf16le char(7) CHARACTER SET utf16le,
	f_utf32 char(7) CHARACTER SET utf32, f_gbk char(7) CHARACTER SET gbk, f_swe7 char(7) CHARACTER SET swe7, f_utf8mb4
	char(7) CHARACTER SET utf8mb4, e_utf16 enum('a','é','漢') CHARACTER SET utf16, e_utf32 enum('a','é','漢') CHARACTER SET utf32, e_utf8 enum('a','é','漢')
	CHARACTER SET utf8) DEFAULT CHARSET = utf8mb4;
INSERT INTO widths VALUES (1, 'é a', 'é a', 'é a', 'é a', 'é a', 'é a', 'é a', 'a', 'é', '漢'), (2, '漢字漢字漢字漢', '漢字漢字漢字漢', '漢字漢字漢字漢', '漢字漢字漢字漢', '漢字漢字漢字漢', '漢字漢字漢字漢', '漢字漢字漢字漢', 'é', '漢', 'a'), (3, '', '', '', '', '', '', '', '漢', 'a', 'é'), (4, ' x ', ' x ', ' x ', ' x ', ' x ', ' x ', ' x ', NULL, NULL, NULL);
CREATE TABLE k_wide (k varchar(20) CHARACTER SET utf16, l char(5) CHARACTER SET utf32, v int, PRIMARY KEY (k, l));
INSERT INTO k_wide VALUES ('abc', 'é', 1), ('漢字', '😀', 2), ('', 'x', 3);
