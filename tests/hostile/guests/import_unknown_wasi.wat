;; attack: imports a function that WASI does not have
;; expect: refused: import wasi_snapshot_preview1.fd_explode
(module
  (import "wasi_snapshot_preview1" "fd_explode" (func (param i32) (result i32)))
  (memory (export "memory") 1)
)
