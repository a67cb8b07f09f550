;; attack: exports no memory
;; expect: refused: memory
(module
  (func (export "connection_made") (param i32))
)
