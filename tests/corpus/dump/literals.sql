CREATE TABLE t (a int, b varchar(9) CHARACTER SET latin1, PRIMARY KEY (a)); INSERT LOW_PRIORITY INTO d.t (b,a) VALUES (_utf8mb4'x\%',0x31),(x'fc',b'1'),(_latin1 0xfc,-1.5e3),("q""", NULL),( DEFAULT , 5 ) ; DELIMITER ;;
select 1;;
REPLACE d.t VALUE (1,'''');;
