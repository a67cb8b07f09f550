;; attack: wasmnet_start recurs without end
;; expect: not started: stack
(module
  (memory (export "memory") 1)
  (func $f (export "wasmnet_start") (result i32)
    (i32.add (call $f) (i32.const 1))))
