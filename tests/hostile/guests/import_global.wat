;; attack: imports a mutable global
;; expect: refused: import env.global
(module
  (import "env" "global" (global (mut i32)))
  (memory (export "memory") 1)
)
