;; attack: recursion without end, with locals to make frames large
;; expect: limit: stack
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 0) (i32.const 1024)))
  (func $deeper (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
    (i64.add
      (call $deeper
        (i64.add (local.get 0) (i64.const 1)) (local.get 0) (local.get 1) (local.get 2)
        (local.get 3) (local.get 4) (local.get 5) (local.get 6))
      (local.get 7)))
  (func (export "data_received") (param i32 i32)
    (drop (call $deeper
      (i64.const 0) (i64.const 1) (i64.const 2) (i64.const 3)
      (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)))))
