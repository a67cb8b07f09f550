;; attack: imports a function that the ABI does not have
;; expect: refused: import wasmnet_v1.eval
(module
  (import "wasmnet_v1" "eval" (func (param i32 i32)))
  (memory (export "memory") 1)
)
