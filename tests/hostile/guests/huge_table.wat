;; attack: a table of 2^27 entries from the start, a gigabyte of the host's heap for each instance
;; expect: refused: table entries: 134217728
(module
  (memory (export "memory") 1)
  (table 134217728 funcref))
