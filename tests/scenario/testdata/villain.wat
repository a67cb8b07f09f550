;; A guest that misbehaves on demand: what it hears decides how. L: a loop without end; T: a trap; anything else is echoed.
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 0) (i32.const 1024)))
  (func (export "data_received") (param $conn i32) (param $n i32)
    (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 76)) (then (loop $again (br $again))))
    (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 84)) (then unreachable))
    (drop (call $write (local.get $conn) (i32.const 0) (local.get $n)))))
