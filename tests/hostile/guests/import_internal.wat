;; attack: imports what the host's own instrumentation imports, to refuel itself
;; expect: refused: import wasmnet_internal.refuel
(module
  (import "wasmnet_internal" "refuel" (func (param i64) (result i64)))
  (memory (export "memory") 1)
)
