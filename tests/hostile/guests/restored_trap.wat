;; attack: every fresh instance traps before its first event
;; expect: trap: unreachable
(module
  (memory (export "memory") 1)
  (func (export "restored") unreachable)
  (func (export "connection_made") (param i32)))
