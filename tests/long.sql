-- A row of more than a megabyte.
SET sql_mode = '';
CREATE TABLE big (id int PRIMARY KEY, b longblob, t longtext);
INSERT INTO big VALUES (1, REPEAT(x'00275c0aff', 200000), REPEAT('a\\''"\nü😀', 90000));
