;; attack: imports from a version of the ABI that is not offered
;; expect: refused: import wasmnet_v2.write
(module
  (import "wasmnet_v2" "write" (func (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
)
