-- Types that only MySQL has.
SET sql_mode = '', time_zone = '+00:00';
CREATE TABLE vectors (id int PRIMARY KEY, v vector(3), w vector);
INSERT INTO vectors VALUES (1, NULL, NULL), (2, STRING_TO_VECTOR('[1, -2.5, 3e10]'), STRING_TO_VECTOR('[0.1]')),
	(3, STRING_TO_VECTOR('[1.2e-38, 16777217, -0]'), STRING_TO_VECTOR(CONCAT('[', REPEAT('3.14159,', 299), '-1e-5]')));
