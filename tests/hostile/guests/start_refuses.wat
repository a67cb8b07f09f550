;; attack: none: wasmnet_start refuses to start the service
;; expect: not started: wasmnet_start returned 7
(module
  (memory (export "memory") 1)
  (func (export "wasmnet_start") (result i32) (i32.const 7)))
