;; attack: a name section that names functions that are not there, twice, with lengths beyond its end
;; expect: served: echoes: a name section is advice
;; custom: name "\x01\x0a\x03\xff\xff\xff\xff\x0f\x05hello\x00\x7fx"
;; custom: name "\x00\xff\xff\xff\xff\x0f"
;; custom: name "\x01\x05\x01\x00\x03\xff\xfe\xfd"
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 0) (i32.const 1024)))
  (func (export "data_received") (param $conn i32) (param $len i32)
    (drop (call $write (local.get $conn) (i32.const 0) (local.get $len)))))
