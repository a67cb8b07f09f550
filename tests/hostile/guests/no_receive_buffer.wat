;; attack: wants data and says nowhere to put it
;; expect: not started: receive buffer
(module
  (memory (export "memory") 1)
  (func (export "data_received") (param i32 i32)))
