;; attack: exports a global by the name of an event
;; expect: refused: export "connection_made"
(module
  (global (export "connection_made") i32 (i32.const 0))
  (memory (export "memory") 1)
)
