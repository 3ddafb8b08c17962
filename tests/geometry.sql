-- Geometries of every kind; both servers take them.
SET sql_mode = '', time_zone = '+00:00';
CREATE TABLE geometries (id int PRIMARY KEY, g geometry, p point, l linestring, a polygon, mp multipoint, ml multilinestring, ma multipolygon,
	c geometrycollection);
INSERT INTO geometries VALUES (1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(2, ST_GeomFromText('POINT(0 0)'), ST_GeomFromText('POINT(-1.5 1e100)'), ST_GeomFromText('LINESTRING(0 0,1 1,2.25 -0.1)'),
	ST_GeomFromText('POLYGON((0 0,4 0,4 4,0 0))'), ST_GeomFromText('MULTIPOINT(1 2,3 4)'),
	ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3,4 4))'), ST_GeomFromText('MULTIPOLYGON(((0 0,9 0,9 9,0 0),(1 1,2 1,2 2,1 1)),((20 20,21 20,21 21,20 20)))'),
	ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))')),
	(3, ST_GeomFromText('POLYGON((0 0,9 0,9 9,0 0),(5 4,5.5 4,5.5 4.5,5 4))'), ST_GeomFromText('POINT(10 20)', 4326), ST_GeomFromText('LINESTRING(0.1 0.2,0.30000000000000004 1e-7)'),
	NULL, ST_GeomFromText('MULTIPOINT(5e-324 -0)'), ST_GeomFromText('MULTILINESTRING((0 0,1 1))'), NULL,
	ST_GeomFromText('GEOMETRYCOLLECTION(MULTIPOINT(1 1),MULTILINESTRING((0 0,1 1)),MULTIPOLYGON(((0 0,1 0,1 1,0 0))),POLYGON((0 0,1 0,1 1,0 0)))')),
	(4, ST_GeomFromText('GEOMETRYCOLLECTION EMPTY'), ST_GeomFromWKB(x'00000000013ff00000000000004000000000000000'), NULL, NULL, NULL, NULL, NULL,
	GeometryCollection(GeometryCollection(GeometryCollection(Point(1, 2))), Point(3, 4)));
