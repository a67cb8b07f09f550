;; attack: imports write with 64-bit pointers
;; expect: refused: import wasmnet_v1.write
(module
  (import "wasmnet_v1" "write" (func (param i32 i64 i64) (result i32)))
  (memory (export "memory") 1)
)
