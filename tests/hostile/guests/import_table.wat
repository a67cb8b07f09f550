;; attack: imports a table
;; expect: refused: import env.table
(module
  (import "env" "table" (table 1 funcref))
  (memory (export "memory") 1)
)
