;; attack: asks for all of 4 GiB in one go, again and again
;; expect: served: each is refused, and the data is answered with -1, 4 bytes little-endian
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 0) (i32.const 1024)))
  (func (export "data_received") (param $conn i32) (param i32) (local $i i32)
    (loop $again
      (i32.store (i32.const 2048) (memory.grow (i32.const 65535)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))
    (drop (call $write (local.get $conn) (i32.const 2048) (i32.const 4)))))
