;; attack: a loop that does nothing but call the cheapest import
;; expect: limit: fuel
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (import "wasmnet_v1" "now" (func $now (param i32) (result i64)))
  (memory (export "memory") 1)
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 0) (i32.const 1024)))
  (func (export "data_received") (param i32 i32)
    (loop $again
      (drop (call $now (i32.const 0)))
      (br $again))))
