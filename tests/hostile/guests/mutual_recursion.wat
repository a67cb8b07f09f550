;; attack: two functions that call each other through the table without end
;; expect: limit: stack
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (table 2 funcref)
  (elem (i32.const 0) $even $odd)
  (type $step (func (param i32) (result i32)))
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 0) (i32.const 1024)))
  (func $even (type $step)
    (i32.add (call_indirect (type $step) (local.get 0) (i32.const 1)) (i32.const 1)))
  (func $odd (type $step)
    (i32.add (call_indirect (type $step) (local.get 0) (i32.const 0)) (i32.const 1)))
  (func (export "data_received") (param i32 i32)
    (drop (call $even (i32.const 0)))))
