;; attack: every fresh instance spins before its first event
;; expect: limit: fuel
(module
  (memory (export "memory") 1)
  (func (export "restored") (loop $again (br $again)))
  (func (export "connection_made") (param i32)))
