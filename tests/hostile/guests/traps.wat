;; attack: every way of WebAssembly to trap, chosen by the first byte of the data: 0 unreachable, 1 division by zero,
;;   2 overflow of a division, 3 conversion of NaN, 4 indirect call of a null entry, 5 of an entry of another type,
;;   6 beyond the table, 7 load beyond the memory, 8 store at an address that wraps past 4 GiB, 9 fill, 10 copy, 11 init
;;   beyond the memory, 12 table.get beyond the table
;; expect: trap: each with the reason that its name says
(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (table $t 3 funcref)
  (elem (i32.const 0) $nothing $other)
  (data $bytes "bytes")
  (type $void (func))
  (func (export "wasmnet_start") (result i32)
    (call $set_receive_buffer (i32.const 0) (i32.const 1024)))
  (func $nothing)
  (func $other (param i64))
  (func (export "data_received") (param i32 i32)
    (block $12 (block $11 (block $10 (block $9 (block $8 (block $7 (block $6
    (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
      (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $9 $10 $11 $12 (i32.load8_u (i32.const 0))))
      unreachable)
      (drop (i32.div_u (i32.const 1) (i32.const 0))) return)
      (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))) return)
      (drop (i32.trunc_f64_s (f64.const nan))) return)
      (call_indirect (type $void) (i32.const 2)) return)
      (call_indirect (type $void) (i32.const 1)) return)
      (call_indirect (type $void) (i32.const 3)) return)
      (drop (i32.load (i32.const 65533))) return)
      (i64.store offset=0xffffffff (i32.const 0xffffffff) (i64.const 0)) return)
      (memory.fill (i32.const 65535) (i32.const 0) (i32.const 2)) return)
      (memory.copy (i32.const 0) (i32.const 1) (i32.const 65536)) return)
      (memory.init $bytes (i32.const 65533) (i32.const 0) (i32.const 5)) return)
      (drop (table.get $t (i32.const 3)))))
