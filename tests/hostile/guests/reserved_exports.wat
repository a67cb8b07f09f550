;; attack: exports functions and globals by the names of the host's own instrumentation, to be called or refuelled
;;   instead of it
;; expect: limit: fuel
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $fuel (export "wasmnet_fuel") (mut i64) (i64.const 0x7fffffffffffffff))
  (global $depth (export "wasmnet_depth") (mut i32) (i32.const 0x7fffffff))
  (func (export "wasmnet_dispatch") (param i32 i32 i32 i32) (result i32)
    unreachable)
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 0) (i32.const 1024)))
  (func (export "data_received") (param i32 i32)
    (loop $again
      (global.set $fuel (i64.const 0x7fffffffffffffff))
      (global.set $depth (i32.const 0x7fffffff))
      (br $again))))
