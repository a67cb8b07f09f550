;; attack: exports an event with another signature than the ABI has
;; expect: refused: export "data_received"
(module
  (func (export "data_received") (param i64) (result i64) (local.get 0))
  (memory (export "memory") 1)
)
