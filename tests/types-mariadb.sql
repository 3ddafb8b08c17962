-- Types that only MariaDB has.
SET sql_mode = '', time_zone = '+00:00';
CREATE TABLE octets (id int PRIMARY KEY, u uuid, i4 inet4, i6 inet6);
INSERT INTO octets VALUES (1, NULL, NULL, NULL), (2, '123e4567-e89b-12d3-a456-426655440000', '192.0.2.1', '2001:db8::1'),
	(3, '00000000-0000-0000-0000-000000000000', '0.0.0.0', '::'), (4, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '255.255.255.255', '::ffff:1.2.3.4'),
	(5, '017f22e2-79b0-7cc3-98c4-dc0c0c07398f', '10.0.0.0', '1:0:2:3:4:5:6:7'), (6, '00000000-0000-4000-8000-000000000000', '0.0.0.1', '::1.2.3.4'),
	(7, '123e4567-e89b-62d3-8456-426655440000', '1.0.0.0', '1::'), (8, '00112233-4455-1677-8899-aabbccddee00', '1.2.0.0', '1:0:0:2:0:0:0:3'),
	(9, '00112233-4455-8677-8899-aabbccddee00', '1.2.3.0', '0:1:0:0:1:0:0:0'), (10, '00112233-4455-4677-0899-aabbccddeeff', '9.8.7.6', '::2:0:0:ffff:1:2'),
	(11, UUID(), '9.8.7.6', '::ffff:0:102:304'), (12, '00112233-4455-5677-c899-aabbccddeeff', '9.8.7.6', '::ffff');
CREATE TABLE k_octets (u uuid, i4 inet4, i6 inet6, v int, PRIMARY KEY (u, i4, i6));
INSERT INTO k_octets SELECT u, i4, i6, id FROM octets WHERE u IS NOT NULL;
CREATE TABLE compressed (id int PRIMARY KEY, v varchar(200) COMPRESSED, c blob COMPRESSED, l longtext COMPRESSED CHARACTER SET latin1,
	b varbinary(300) COMPRESSED, w varchar(10000) COMPRESSED, t tinytext COMPRESSED);
SET @insert = 'INSERT INTO compressed VALUES (?, REPEAT("ü", 150), REPEAT(UNHEX("00ff"), 500), REPEAT("é", 70000), REPEAT("x", 200), REPEAT("abc ", 2500), REPEAT("t", 254))';
PREPARE long_ones FROM @insert;
INSERT INTO compressed VALUES (1, NULL, NULL, NULL, NULL, NULL, NULL), (2, '', '', '', '', '', ''), (3, 'a', x'00', 'é', ' ', 'a  ', 't');
SET @id = 4; EXECUTE long_ones USING @id;
SET column_compression_zlib_wrap = 1;
SET @id = 5; EXECUTE long_ones USING @id;
SET column_compression_zlib_level = 0;
SET @id = 6; EXECUTE long_ones USING @id;
CREATE TABLE years (id int PRIMARY KEY, y year(2), k year(2));
INSERT INTO years VALUES (1, 70, 0), (2, 69, 99), (3, 0, 1), (4, '2000', 2);
CREATE TABLE inv (id int PRIMARY KEY, a int DEFAULT 7 INVISIBLE, z int);
INSERT INTO inv (id, z) VALUES (1, 2);
CREATE TABLE j (id int PRIMARY KEY, j json);
INSERT INTO j VALUES (1, '{"b": [1, 2.50, -3e2, "\\u00fc\\n\\"", null, true], "a": {}}'), (2, '[]'), (3, '"x"'), (4, NULL), (5, '17');
