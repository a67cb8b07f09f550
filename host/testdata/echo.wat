;; Sends back what it gets.
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 65536) (i32.const 65536)))
  (func (export "data_received") (param $conn i32) (param $len i32)
    (drop (call $write (local.get $conn) (i32.const 65536) (local.get $len)))))
