;; attack: takes all the memory it is given, page by page, and writes to each page
;; expect: served: answers the data with the number of pages it got in the end, 4 bytes little-endian; what many of them
;;   got together is within memory-total
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 0) (i32.const 1024)))
  (func (export "data_received") (param $conn i32) (param i32) (local $page i32)
    (block $refused
      (loop $again
        (local.set $page (memory.grow (i32.const 1)))
        (br_if $refused (i32.eq (local.get $page) (i32.const -1)))
        (i32.store (i32.shl (local.get $page) (i32.const 16)) (i32.const 0x5ec2e7))
        (br $again)))
    (i32.store (i32.const 2048) (memory.size))
    (drop (call $write (local.get $conn) (i32.const 2048) (i32.const 4)))))
