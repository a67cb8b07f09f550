;; attack: a manifest that is not JSON
;; expect: refused: manifest
;; custom: wasmnet.manifest "\x00\xff{"
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 0) (i32.const 1024)))
  (func (export "data_received") (param $conn i32) (param $len i32)
    (drop (call $write (local.get $conn) (i32.const 0) (local.get $len)))))
