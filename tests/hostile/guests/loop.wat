;; attack: a loop without end and without a call
;; expect: limit: fuel
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 0) (i32.const 1024)))
  (func (export "data_received") (param i32 i32)
    (loop $again (br $again))))
