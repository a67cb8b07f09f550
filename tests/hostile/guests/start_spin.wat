;; attack: the start section never ends
;; expect: not started: fuel
(module
  (memory (export "memory") 1)
  (func $main (loop $again (br $again)))
  (start $main))
