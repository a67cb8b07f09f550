;; attack: grows its table until that is refused
;; expect: served: answers the data with the number of entries it got in the end, 4 bytes little-endian; that is the limit
;;   table or below
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (table $t 1 funcref)
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 0) (i32.const 1024)))
  (func (export "data_received") (param $conn i32) (param i32)
    (loop $again
      (br_if $again
        (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))
    (i32.store (i32.const 2048) (table.size $t))
    (drop (call $write (local.get $conn) (i32.const 2048) (i32.const 4)))))
