-- Types of MariaDB from 11.7 on.
CREATE TABLE vectors (id int PRIMARY KEY, v vector(3) NOT NULL, w vector(1));
INSERT INTO vectors VALUES (1, VEC_FromText('[1, -2.5, 3e10]'), NULL), (2, VEC_FromText('[1.2e-38, 16777217, -0.1]'), VEC_FromText('[0.1]'));
