;; attack: a memory of 4 GiB from the start
;; expect: refused: memory
(module
  (memory (export "memory") 65536))
